"""One post as the monitoring service writes it, read leniently: an odd field costs no post."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from yiwang_sdk import Event, intake

ID = re.compile(r"[\x21-\x7e]{1,200}")
URL = re.compile(r"https?://[^\s]{1,2000}")


@dataclass(frozen=True)
class Post:
    """What is looked at and handed over."""

    id: str
    title: Optional[str]
    text: str
    platform: Optional[str]
    author: Optional[str]
    url: Optional[str]
    published_at: Optional[str]
    #: From -1, hostile, to 1, praise; none: the service does not say.
    sentiment: Optional[float]
    #: Views, shares and comments, as the service adds them up.
    heat: float

    @staticmethod
    def read(given: Any) -> Optional[Post]:
        """None if it has no id or no words."""
        if not isinstance(given, dict):
            return None
        id, title = given.get("id"), words(given.get("title"), intake.TITLE_CHARS_MAX)
        text = words(given.get("text"), intake.CONTENT_CHARS_MAX) or title
        if not isinstance(id, str) or not ID.fullmatch(id) or text is None:
            return None
        url = given.get("url")
        return Post(
            id=id,
            title=title,
            text=text,
            platform=words(given.get("platform"), 64),
            author=words(given.get("author"), 100),
            url=url if isinstance(url, str) and URL.fullmatch(url) else None,
            published_at=time(given.get("publishedAt")),
            sentiment=number(given.get("sentiment"), -1, 1),
            heat=number(given.get("heat"), 0, 1e12) or 0,
        )

    def event(self, config: dict[str, Any]) -> Event:
        """The report; the post's id is the event's, so that a post that is pushed again is the same."""
        return intake.received(
            external_id=self.id,
            channel=config["channel"],
            kind="complaint" if (self.sentiment or 0) < 0 else "suggestion",
            title=self.title,
            content=self.text,
            category=topic(config["topics"], self),
            occurred_at=self.published_at,
            # The author has not turned to the district: a name on a platform is not a petitioner's.
            petitioner={"anonymous": True},
            urgency=urgency(config, self.heat),
            extra={
                "platform": self.platform,
                "author": self.author,
                "url": self.url,
                "sentiment": self.sentiment,
                "heat": self.heat,
            },
        )


def urgency(config: dict[str, Any], heat: float) -> intake.Urgency:
    if heat >= config["emergencyHeat"]:
        return "emergency"
    return "urgent" if heat >= config["urgentHeat"] else "general"


def topic(topics: dict[str, str], post: Post) -> Optional[list[str]]:
    found = next((topic for word, topic in topics.items() if word in post.text or word in (post.title or "")), None)
    return None if found is None else [found]


def words(value: Any, chars_max: int) -> Optional[str]:
    """Words as they may be stored; what is too long is cut, and shows it."""
    text = intake.clean(value) if isinstance(value, str) else ""
    return (text if len(text) <= chars_max else text[: chars_max - 1] + "…") or None


def number(value: Any, least: float, most: float) -> Optional[float]:
    # A bool is an int, and JSON's 1e999 is infinite.
    right = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
    return value if right else None


def time(value: Any) -> Optional[str]:
    """RFC 3339 with its offset."""
    if not isinstance(value, str) or not re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})", value
    ):
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return None
    return value
