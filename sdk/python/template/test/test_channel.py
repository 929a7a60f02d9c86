import unittest

import my_python_channel as channel
from yiwang_sdk import Failure, fake


class Channel(unittest.TestCase):
    def call(self, body: str):
        host = fake.Host(config={"greeting": "收到"})
        return channel.webhook(host, host.context(), fake.post("/", "application/json", body))

    def test_a_text_becomes_an_event(self):
        outcome = self.call('{"text": "请问几点上班"}')
        self.assertEqual(outcome.response.status, 202)
        self.assertEqual(len(outcome.events), 1)

    def test_no_text_is_refused(self):
        for body, code in (("{}", "no-text"), ('{"text": 1}', "no-text"), ("[]", "malformed-body"), ("{", "malformed-body")):
            with self.assertRaises(Failure) as refused:
                self.call(body)
            self.assertEqual(refused.exception.code, f"my-python-channel.{code}")
