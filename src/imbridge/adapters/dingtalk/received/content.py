"""What a robot message holds. Source: open.dingtalk.com, "receive messages of a robot"."""

from collections.abc import Callable, Mapping

from imbridge.adapters.dingtalk.received.facts import Facts
from imbridge.protocol import Element, Text


def read_text(told: Facts) -> tuple[Element, ...]:
    """A text. In a group it begins with the space that was left of the mention."""
    text = told.data["text"]["content"]
    if not isinstance(text, str):
        raise TypeError("content is no text")
    return (Text(text.lstrip() if told.in_group else text),)


READERS: Mapping[str, Callable[[Facts], tuple[Element, ...]]] = {"text": read_text}
"""By `msgtype`."""
