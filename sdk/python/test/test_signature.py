import hmac
import unittest

from yiwang_sdk import Failure, Header, fake, signature, standard_webhooks

ID = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"
AT = 1_649_367_553
BODY = '{"email":"test@example.com","username":"test_user"}'
GOOD = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def verified(id=ID, at=str(AT), given=GOOD, now=AT, secrets=("key",), more=()):
    lines = {"webhook-id": id, "webhook-timestamp": at, "webhook-signature": given}
    headers = {name: value for name, value in lines.items() if value is not None}
    request = fake.post("/", "application/json", BODY, headers)
    request.headers += more
    try:
        return standard_webhooks.verify(fake.Host(secrets={"key": KEY}), secrets, request, now * 1000)
    except Failure as failure:
        return failure.code


class StandardWebhooks(unittest.TestCase):
    def test_both_published_vectors(self):
        self.assertEqual(standard_webhooks.sign(fake.Host(secrets={"key": KEY}), "key", ID, AT, BODY.encode()), GOOD)
        second = fake.Host(secrets={"key": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
        signed = standard_webhooks.sign(
            second, "key", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}'
        )
        self.assertEqual(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        self.assertEqual(verified(), ID)

    def test_any_of_several_signatures_and_keys_passes_and_nothing_else(self):
        self.assertEqual(verified(given=f"v1,AAAA v1a,AAAA v2,x {GOOD} v1,"), ID)
        self.assertEqual(verified(secrets=("not-set", "key")), ID)
        for given in ("v1,", "", GOOD[3:], GOOD.replace("v1", "v1a"), "v1,中"):
            self.assertEqual(verified(given=given), "channel.bad-signature", given)
        self.assertEqual(verified(secrets=("not-set",)), "channel.secret-not-set")

    def test_headers_must_be_there_once_and_whole_and_not_be_old(self):
        self.assertEqual(verified(given=None), "channel.missing-signature")
        self.assertEqual(verified(more=[Header("webhook-id", ID)]), "channel.bad-signature")
        self.assertEqual(verified(at="soon"), "channel.bad-signature")
        self.assertEqual(verified(at="１６４９３６７５５３"), "channel.bad-signature")
        self.assertEqual(verified(id="a b"), "channel.bad-signature")
        self.assertEqual(verified(now=AT + 300), ID)
        self.assertEqual(verified(now=AT + 301), "channel.stale-timestamp")
        self.assertEqual(verified(now=AT - 301), "channel.stale-timestamp")


class Plain(unittest.TestCase):
    def code(self, headers, secrets=("key",), **key):
        request = fake.post("/", "application/json", BODY, headers)
        try:
            signature.check(fake.Host(secrets={"key": "k"}), request, secrets, "x-signature", prefix="sha256=", **key)
        except Failure as failure:
            return failure.code
        return None

    def test_an_hmac_in_a_header(self):
        mac = hmac.digest(b"k", BODY.encode(), "sha256").hex()
        self.assertIsNone(self.code({"x-signature": f"sha256={mac}"}))
        self.assertIsNone(self.code({"x-signature": f"sha256={mac.upper()}"}))
        for wrong in (mac, f"sha256={mac[:-1]}", f"sha256={mac[:-2]} 0", "sha256=", "sha256=中文"):
            self.assertEqual(self.code({"x-signature": wrong}), "channel.bad-signature", wrong)
        self.assertEqual(self.code({}), "channel.missing-signature")
        self.assertEqual(self.code({"x-signature": f"sha256={mac}"}, ("other",)), "channel.secret-not-set")
        self.assertEqual(self.code({"x-signature": f"sha256={mac}"}, encoding="hex"), "channel.secret-unusable")
