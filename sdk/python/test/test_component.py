"""The bridge, against stand-ins of what `componentize-py` makes of the contract."""

import enum
import random
import sys
import time
import types
import unittest
from dataclasses import dataclass, make_dataclass

from yiwang_sdk import Failure, HttpResponse, OutgoingRequest, Outcome, Page, Problem, Receipt, component
from yiwang_sdk.convert import case


@dataclass(frozen=True)
class Err(Exception):
    value: object


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    return made


def record(name, fields):
    return make_dataclass(name, fields.split())


class FailureKind(enum.Enum):
    RETRYABLE = 0
    PERMANENT = 1
    UNKNOWN_OUTCOME = 2
    MISCONFIGURED = 3


WIT = module(
    "types",
    Payload_Empty=record("Payload_Empty", ""),
    Payload_Text=record("Payload_Text", "value"),
    Payload_Bytes=record("Payload_Bytes", "value"),
    Payload_Blob=record("Payload_Blob", "value"),
    Header=record("Header", "name value"),
    HttpRequest=record("HttpRequest", "method path query headers client_addr body form"),
    HttpResponse=record("HttpResponse", "status headers body"),
    Event=record("Event", "id event_type subject time data_schema data attachments attributes"),
    Failure=record("Failure", "kind code message retry_after_ms attributes"),
    FailureKind=FailureKind,
    DeliveryUpdate=record("DeliveryUpdate", "provider_id state time failure attributes"),
    DeliveryState=enum.Enum("DeliveryState", "ACCEPTED SENT DELIVERED READ FAILED"),
)
CTX = record(
    "CallContext", "channel_id tenant call_id attempt now_ms deadline_ms traceparent locale attributes"
)("test", "default", "c", 1, 5, 3005, None, "zh-CN", [])
REQUEST = WIT.HttpRequest("POST", "/", [], [], None, WIT.Payload_Text("{}"), [])


class HttpError_Timeout:
    def __init__(self, value):
        self.value = value


class SecretError_NotSet:
    pass


class Component(unittest.TestCase):
    def setUp(self):
        self.lines = []
        write = lambda level, message, fields: self.lines.append((level.name, message))
        self.imports = {
            "log": module("log", Level=enum.Enum("Level", "TRACE DEBUG INFO WARN ERROR"), write=write),
            "config": module("config", get=lambda: '{"greeting": "您好"}'),
            "system": module("system", now_ms=lambda: 1_717_482_600_000, random_bytes=lambda length: b"\xff" * length),
        }
        exports = {
            "lifecycle": module(
                "lifecycle",
                Problem=record("Problem", "pointer message"),
                Health=record("Health", "status message details"),
                HealthStatus=enum.Enum("HealthStatus", "UP DEGRADED DOWN"),
            ),
            "webhook": module("webhook", Outcome=record("Outcome", "response events updates")),
            "poller": module("poller", Page=record("Page", "events updates cursor more next_after_ms")),
            "sender": module("sender", Receipt=record("Receipt", "provider_id state attributes")),
        }
        stands_in = {f"wit_world.exports.{name}": made for name, made in exports.items()}
        stands_in["componentize_py_types"] = module("componentize_py_types", Err=Err)
        stands_in["wit_world"] = module("wit_world")
        stands_in["wit_world.exports"] = module("wit_world.exports")
        kept = [(sys.modules, name) for name in stands_in]
        kept += [(vars(time), name) for name in ("time", "time_ns")]
        kept += [(vars(random), name) for name in list(vars(random))]
        kept += [(vars(sys), name) for name in ("stdout", "stderr")]
        import os

        kept += [(vars(os), "urandom")]
        for where, name in kept:
            before = where.get(name)
            undo = (lambda w=where, n=name: w.pop(n, None)) if before is None else (
                lambda w=where, n=name, b=before: w.__setitem__(n, b)
            )
            self.addCleanup(undo)
        sys.modules.update(stands_in)

    def parts(self, provides=("webhook",), imports=None, **functions):
        channel = module("channel", **functions)
        return component.exported(channel, list(provides), WIT, {**self.imports, **(imports or {})})

    def failed(self, webhook, imports=None):
        with self.assertRaises(Err) as raised:
            self.parts(webhook=webhook, imports=imports)["webhook"]().handle(CTX, REQUEST)
        return raised.exception.value

    def test_what_the_manifest_provides_must_be_there(self):
        with self.assertRaisesRegex(TypeError, "no function `webhook`"):
            self.parts()
        with self.assertRaisesRegex(TypeError, "no function `poll`"):
            self.parts(["poller"], poll=1)

    def test_a_failure_becomes_the_contracts_and_anything_else_is_logged(self):
        def refuse(host, ctx, request):
            raise Failure.refused(422, "x.y", "no").after(7)

        expected = WIT.Failure(FailureKind.PERMANENT, "x.y", "no", 7, [("http-status", "422")])
        self.assertEqual(self.failed(refuse), expected)
        self.assertEqual(self.lines, [])
        with self.assertRaises(ZeroDivisionError):
            self.parts(webhook=lambda host, ctx, request: 1 / 0)["webhook"]().handle(CTX, REQUEST)
        self.assertEqual(self.lines, [("ERROR", "ZeroDivisionError: division by zero")])

    def test_what_the_host_refuses_says_what_it_means(self):
        def refusing(error):
            def refuse(*_):
                raise Err(error)

            return refuse

        http = module("http", Request=lambda *fields: fields, send=refusing(HttpError_Timeout(True)))
        secrets = module("secrets", get=refusing(SecretError_NotSet()))
        ask = lambda host, ctx, request: host.http(OutgoingRequest("GET", "https://x.example/"))
        for imports, webhook, kind, code in (
            ({"http": http}, ask, FailureKind.UNKNOWN_OUTCOME, "channel.timeout"),
            ({}, ask, FailureKind.MISCONFIGURED, "channel.denied"),
            (
                {"secrets": secrets},
                lambda host, ctx, request: host.secret("key"),
                FailureKind.MISCONFIGURED,
                "channel.secret-unusable",
            ),
        ):
            failure = self.failed(webhook, imports)
            self.assertEqual((failure.kind, failure.code), (kind, code))

    def test_what_is_given_is_handed_over(self):
        parts = self.parts(
            ["webhook", "poller", "sender"],
            webhook=lambda host, ctx, request: Outcome(HttpResponse.plain(200, host.config()["greeting"])),
            poll=lambda host, ctx, cursor, events_max: Page(cursor=cursor or "1"),
            send=lambda host, ctx, notification: Receipt(notification.params["state"]),
            validate_config=lambda config: [] if config else [Problem("/greeting", "is missing")],
        )
        outcome = parts["webhook"]().handle(CTX, REQUEST)
        self.assertEqual((outcome.response.body, outcome.events), (WIT.Payload_Text("您好"), []))
        self.assertEqual(parts["poller"]().poll(CTX, None, 10).cursor, "1")
        fields = "idempotency_key recipient template params subject body body_type attachments attributes"
        recipient = record("Recipient", "kind address display_name")("mobile", "1", None)
        notification = record("Notification", fields)("k", recipient, None, '{"state": "sent"}', None, "x", "text/plain", [], [])
        self.assertEqual(parts["sender"]().send(CTX, notification).state, WIT.DeliveryState.SENT)
        self.assertEqual(parts["lifecycle"]().validate_config("{}")[0].pointer, "/greeting")
        self.assertEqual(parts["lifecycle"]().check_health(CTX).status.name, "UP")

    def test_clock_chance_and_output_are_the_hosts(self):
        self.parts(webhook=lambda *_: None)
        self.assertEqual(time.time(), 1_717_482_600)
        self.assertGreater(random.random(), 0.999)
        print("a\nb", end="")
        print("c")
        sys.stdout = sys.__stdout__
        self.assertEqual(self.lines, [("INFO", "a"), ("INFO", "bc")])

    def test_cases_have_the_names_of_the_contract(self):
        self.assertEqual(case(HttpError_Timeout(True)), ("timeout", True))
        self.assertEqual(case(SecretError_NotSet()), ("not-set", None))
        self.assertEqual(case(FailureKind.UNKNOWN_OUTCOME), ("unknown-outcome", None))


if __name__ == "__main__":
    unittest.main()
