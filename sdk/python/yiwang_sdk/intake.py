"""What intake channels hand over: `cn.yiwang.intake.received.v1` and `cn.yiwang.intake.feedback.v1`.

The JSON Schemas in `sdk/schema` are the contract. Nothing here knows where the words came from.
"""

from __future__ import annotations

import re
from typing import Any, Literal, Optional, Sequence, TypedDict

from .types import BlobRef, Event

#: Type of an intake event.
RECEIVED = "cn.yiwang.intake.received.v1"
#: Type of a citizen's verdict on an answer.
FEEDBACK = "cn.yiwang.intake.feedback.v1"
#: Longest title, in characters.
TITLE_CHARS_MAX = 200
#: Longest content, in characters.
CONTENT_CHARS_MAX = 20_000

Kind = Literal["consult", "help", "complaint", "report", "suggestion", "praise"]
Urgency = Literal["general", "urgent", "emergency"]


class Petitioner(TypedDict, total=False):
    """Who speaks."""

    name: Optional[str]
    phone: Optional[str]
    openid: Optional[str]
    anonymous: Optional[bool]
    confidential: Optional[bool]


class Location(TypedDict):
    """A point, with the datum of its numbers."""

    lat: float
    lon: float
    crs: Literal["WGS84", "GCJ-02", "CGCS2000", "BD-09"]


def received(
    *,
    external_id: str,
    kind: Kind,
    content: str,
    title: Optional[str] = None,
    channel: Optional[str] = None,
    category: Optional[list[str]] = None,
    occurred_at: Optional[str] = None,
    address: Optional[str] = None,
    region: Optional[str] = None,
    location: Optional[Location] = None,
    petitioner: Optional[Petitioner] = None,
    urgency: Optional[Urgency] = None,
    attachments: Sequence[dict[str, Any]] = (),
    extra: Optional[dict[str, Any]] = None,
    blobs: Sequence[BlobRef] = (),
    id: Optional[str] = None,
) -> Event:
    """The event of one thing that somebody said.

    What is none or empty is left out; the title is made from the content where there is none. `blobs` are files
    that the host keeps, `attachments` such that are still at the provider; `id` is the event's, if it is another
    than `external_id`.
    """
    kept = [
        {"digest": blob.digest, "size": blob.size, "mediaType": blob.media_type, "fileName": blob.file_name}
        for blob in blobs
    ]
    data = {
        "externalId": external_id,
        "channel": channel,
        "kind": kind,
        "title": title or title_of(content),
        "content": content,
        "category": category,
        "occurredAt": occurred_at,
        "address": address,
        "region": region,
        "location": location,
        "petitioner": petitioner,
        "urgency": urgency,
        "attachments": [*kept, *attachments],
        "extra": extra,
    }
    return Event(RECEIVED, id or external_id, _filled(data), attachments=list(blobs))


def feedback(
    id: str,
    *,
    case_no: str,
    satisfied: bool,
    score: Optional[int] = None,
    reason: Optional[str] = None,
    openid: Optional[str] = None,
) -> Event:
    """The event of a verdict on the answer to a case; its subject is the case number."""
    data = {"caseNo": case_no, "satisfied": satisfied, "score": score, "reason": reason, "openid": openid}
    return Event(FEEDBACK, id, _filled(data), subject=case_no)


def kind_of(text: Optional[str]) -> Optional[Kind]:
    """What the person wants, by the identifier or the Chinese word."""
    return _KINDS.get((text or "").strip())


def urgency_of(text: Optional[str]) -> Optional[Urgency]:
    """How urgent it is, by the identifier or the Chinese word."""
    return _URGENCIES.get((text or "").strip())


def title_of(content: str) -> str:
    """A title made of the first sentence that has words, at most 40 characters."""
    lines = (line.strip() for line in re.split(r"[\n。！？；]", content))
    line = next((line for line in lines if line), content.strip())
    return line if len(line) <= 40 else line[:39] + "…"


def clean(text: str) -> str:
    """The words of a person as they may be stored: without control characters and without the marks that turn the
    direction of text (they make a line read as something else than it says). Line ends become `\\n`."""
    return _UNWANTED.sub("", re.sub(r"\r\n?", "\n", text)).strip()


def is_case_no(text: str) -> bool:
    """Does it look like a case number, e.g. `QC-20240604-000123`?"""
    return re.fullmatch(r"[A-Z]{2,8}-[0-9]{8}-[0-9]{1,12}", text) is not None


def _filled(value: Any) -> Any:
    """Without what is none or empty."""
    if isinstance(value, dict):
        members = {name: _filled(it) for name, it in value.items()}
        return {name: it for name, it in members.items() if it is not None and it != "" and it != [] and it != {}}
    if isinstance(value, list):
        return [_filled(it) for it in value]
    return value


def _table(rows: dict[Any, list[str]]) -> dict[str, Any]:
    return {word: id for id, words in rows.items() for word in (id, *words)}


_KINDS: dict[str, Kind] = _table({
    "consult": ["咨询"],
    "help": ["求助", "求决"],
    "complaint": ["投诉"],
    "report": ["举报", "检举"],
    "suggestion": ["建议"],
    "praise": ["表扬", "感谢"],
})

_URGENCIES: dict[str, Urgency] = _table({
    "general": ["一般", "普通"],
    "urgent": ["紧急", "较急", "较大"],
    "emergency": ["特急", "特别紧急", "重大"],
})

# Halves of a pair, too: JSON may hold them, and no text in UTF-8 can.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
