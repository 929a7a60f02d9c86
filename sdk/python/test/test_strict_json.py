import json
import time
import unittest

from yiwang_sdk.strict_json import parse


class StrictJson(unittest.TestCase):
    def test_plain_documents_are_read(self):
        for text in ('{"a": [1, -2, 3.5, true, null, "中", {"a": 1}], "b": {"a": "a"}, "c\\"": "\\\\"}', '"}{["', "1"):
            self.assertEqual(parse(text), json.loads(text))

    def test_what_two_readers_would_read_differently_is_refused(self):
        for text in ('{"a": 1, "a": 2}', '{"x": {"a": 1, "b": [], "\\u0061": 2}}', '{"a": 1} x', "", '"', "NaN", "[Infinity]"):
            with self.assertRaises(ValueError, msg=text):
                parse(text)

    def test_depth_is_bounded(self):
        parse("[" * 64 + "]" * 64)
        for text in ("[" * 65 + "]" * 65, "[" * 1_000_000):
            with self.assertRaisesRegex(ValueError, "deeper than 64"):
                parse(text)

    def test_odd_texts_take_no_longer_than_others(self):
        began = time.perf_counter()
        for text in ('"' + '\\"' * 500_000, '"' + "\\" * 1_000_001, '"' * 500_001):
            with self.assertRaises(ValueError):
                parse(text)
        self.assertLess(time.perf_counter() - began, 5)
