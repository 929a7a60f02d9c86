"""The smallest useful channel: takes `POST /` with `{"text": "…"}` and hands it over."""

import hashlib

from yiwang_sdk import CallContext, Failure, Host, HttpRequest, HttpResponse, Outcome, intake


def webhook(host: Host, ctx: CallContext, request: HttpRequest) -> Outcome:
    given = request.object("my-python-channel.malformed-body").get("text")
    text = intake.clean(given) if isinstance(given, str) else ""
    if not text:
        raise Failure.refused(422, "my-python-channel.no-text", "`text` is missing or empty")
    # What does not fit the event's schema would be the plugin's mistake, not the sender's.
    if len(text) > intake.CONTENT_CHARS_MAX:
        raise Failure.refused(422, "my-python-channel.too-long", "`text` has more than 20000 characters")
    # The same words are the same event: the host drops a second event with the same id.
    external_id = hashlib.sha256(text.encode()).hexdigest()
    event = intake.received(external_id=external_id, kind="consult", content=text)
    return Outcome(HttpResponse.plain(202, host.config()["greeting"]), [event])
