"""JSON from outside, read strictly: no key twice, not too deep, no `NaN`. It knows no schema.

`json.loads` takes the last of two equal keys without a word; another reader on the way may have taken the first.
What two programs read differently is refused.
"""

import json
import re
from typing import Any, NoReturn

#: Deepest nesting that is read.
DEPTH_MAX = 64

# A text, up to its end or that of the document; or a bracket outside of texts. Possessive, so that it takes time
# in proportion to the length, whatever stands there.
_TOKENS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)


def parse(text: str) -> Any:
    """Parses one JSON document; a ValueError says what is wrong."""
    depth = 0
    for token in _TOKENS.finditer(text):
        bracket = text[token.start()]
        if bracket in "[{":
            depth += 1
            # Before the parser, which recurses.
            if depth > DEPTH_MAX:
                raise ValueError(f"nested deeper than {DEPTH_MAX} levels")
        elif bracket in "]}":
            depth -= 1
    return json.loads(text, object_pairs_hook=_once, parse_constant=_none)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"key {key!r} is there twice")
            seen.add(key)
    return members


def _none(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
