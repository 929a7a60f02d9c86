import json
import unittest

import public_opinion
from yiwang_sdk import Failure, fake, standard_webhooks

KEY = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
CONFIG = {
    "channel": "public-opinion",
    "sentimentMax": 0,
    "heatMin": 10,
    "urgentHeat": 1000,
    "emergencyHeat": 50000,
    "places": ["谯城"],
    "topics": {"扬尘": "生态环境"},
}
POST = {"id": "p-1", "platform": "微博", "title": "谯城扬尘", "text": "工地扬尘没人管", "sentiment": -0.8, "heat": 1200}


def call(posts, config=CONFIG):
    host = fake.Host(config=config, secrets={"signing_key": KEY})
    body = json.dumps({"posts": posts}, ensure_ascii=False)
    at = fake.NOW_MS // 1000
    signed = standard_webhooks.sign(host, "signing_key", "b-1", at, body.encode())
    headers = {"webhook-id": "b-1", "webhook-timestamp": str(at), "webhook-signature": signed}
    return host, public_opinion.webhook(host, host.context(), fake.post("/", "application/json", body, headers))


class PublicOpinion(unittest.TestCase):
    def test_a_post_about_the_district_becomes_a_report(self):
        _, outcome = call([POST])
        (event,) = outcome.events
        self.assertEqual(event.id, "p-1")
        self.assertEqual((event.data["kind"], event.data["urgency"]), ("complaint", "urgent"))
        self.assertEqual(event.data["category"], ["生态环境"])
        self.assertEqual(event.data["petitioner"], {"anonymous": True})

    def test_what_is_friendly_far_or_little_read_is_counted_only(self):
        others = [{"sentiment": 0.5}, {"title": "合肥扬尘"}, {"heat": 3}, {"heat": None}]
        _, outcome = call([POST, *({**POST, "id": f"o-{at}", **other} for at, other in enumerate(others))])
        self.assertEqual(json.loads(outcome.response.text()), {"accepted": 1, "ignored": 4, "unread": 0})

    def test_odd_posts_cost_no_batch(self):
        host, outcome = call([POST, None, {}, {**POST, "id": "a b"}, {**POST, "id": "p-2", "publishedAt": "2024-02-30T00:00:00Z", "url": 1}])
        self.assertEqual(json.loads(outcome.response.text()), {"accepted": 2, "ignored": 0, "unread": 3})
        self.assertNotIn("occurredAt", outcome.events[1].data)
        self.assertEqual(host.lines, ["warn posts without id or text were left out"])

    def test_the_same_post_twice_in_a_batch_is_one(self):
        self.assertEqual(len(call([POST, POST])[1].events), 1)

    def test_batches_that_cannot_be_taken_are_refused(self):
        for posts, code in (("x", "no-posts"), ([POST] * 201, "too-many")):
            with self.assertRaises(Failure) as refused:
                call(posts)
            self.assertEqual(refused.exception.code, f"public-opinion.{code}")

    def test_thresholds_must_be_in_order(self):
        self.assertEqual(public_opinion.validate_config(CONFIG), [])
        self.assertEqual(public_opinion.validate_config({**CONFIG, "emergencyHeat": 1})[0].pointer, "/emergencyHeat")
