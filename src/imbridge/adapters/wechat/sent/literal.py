"""Text in which nobody's words become a link or an item of a menu. Pure.

In texts the platform reads `<a href="...">`, also with `weixin://bizmsgmenu`, which says something in the follower's
name ("send customer-service messages"), and there is no escape: after an invisible character the tag is text.
"""

import re
from collections.abc import Iterable

from imbridge.protocol import Element
from imbridge.rendering import Part

_TAG = re.compile(r"<(?=\s*a\s)", re.IGNORECASE)


def literal(text: str) -> str:
    """The text with the tag made inert."""
    return _TAG.sub("<\u200b", text) if "<" in text else text


def said_bytes(elements: Iterable[Element]) -> int:
    """Bytes of a text that says these."""
    return sum(len(literal(element.as_text()).encode("utf-8", "replace")) for element in elements)


def measure(part: Part) -> int:
    """Bytes of a part as sent."""
    return said_bytes(part.elements)
