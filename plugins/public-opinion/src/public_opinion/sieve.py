"""Which posts become reports."""

from typing import Any

from .post import Post


class Sieve:
    """By tone, by how many look at it, and by the places that it names."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._sentiment_max = config["sentimentMax"]
        self._heat_min = config["heatMin"]
        self._places = config["places"]

    def keeps(self, post: Post) -> bool:
        # Where the service does not judge the tone, a person does.
        friendly = post.sentiment is not None and post.sentiment > self._sentiment_max
        whole = f"{post.title or ''}\n{post.text}"
        near = not self._places or any(place in whole for place in self._places)
        return not friendly and post.heat >= self._heat_min and near
