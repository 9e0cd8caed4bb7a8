"""What a message holds. Source: developer.work.weixin.qq.com, "message format" (path/90239)."""

from collections.abc import Callable, Mapping
from typing import Any

from imbridge.adapters.wecom.received.facts import Facts
from imbridge.protocol import Element, Text

Reader = Callable[[Facts], tuple[Element, ...]]


def _text(told: Facts) -> tuple[Element, ...]:
    return (Text(told.text("Content")),)


READERS: Mapping[str, Reader] = {"text": _text}
"""By `MsgType`: the elements. They raise `ValueError` for a message that lacks what its kind should have."""


def content_type(kind: str, elements: tuple[Any, ...]) -> str:
    """The word for what it mainly is."""
    return str(elements[0].type) if elements else kind
