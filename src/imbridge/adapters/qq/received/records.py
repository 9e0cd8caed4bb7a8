"""Messages that came together → `Forward`, as clients have seen them: `msg_elements`, each made as a message is."""

from collections.abc import Iterator, Mapping
from typing import Any

from imbridge.adapters.qq.received.arks import shared
from imbridge.adapters.qq.received.attachments import media
from imbridge.adapters.qq.received.facts import fields, first_id, items, moment_or_none, text_of
from imbridge.adapters.qq.received.mentions import Called
from imbridge.adapters.qq.received.rendered import Rendered, lines
from imbridge.adapters.qq.received.tags import elements
from imbridge.protocol import Element, Forward, Forwarded

_MOST, _DEEPEST = 200, 3


def forward(entries: list[Any]) -> Forward:
    """The messages of a bundle, 200 at most, three bundles deep; some come as one text."""
    if len(entries) == 1 and isinstance(entries[0], Mapping):
        written = Rendered(text_of(entries[0], "content"))
        if written.messages:
            return written.forward()
    reading = _Reading()
    messages = tuple(reading.read(entries, 1))
    return Forward(
        ids=tuple(message.id for message in messages if message.id),
        text="\n".join(lines(messages)),
        messages=messages,
        complete=reading.complete and bool(messages),
    )


class _Reading:
    """One bundle, while it is read; `complete` is false once something in it was left out."""

    def __init__(self) -> None:
        self.complete = True
        self._left = _MOST

    def read(self, entries: list[Any], depth: int) -> Iterator[Forwarded]:
        for entry in entries:
            if self._left <= 0 or not isinstance(entry, Mapping):
                self.complete = False
                continue
            self._left -= 1
            yield self._one(entry, depth)

    def _one(self, entry: Mapping[str, Any], depth: int) -> Forwarded:
        author, nested = fields(entry, "author"), items(entry, "msg_elements")
        inner: tuple[Forwarded, ...] = ()
        if nested:
            if depth < _DEEPEST:
                inner = tuple(self.read(nested, depth + 1))
            self.complete = self.complete and bool(inner)
        others = [*media(entry.get("attachments")), *shared(entry)]
        text = plain(entry, others)
        return Forwarded(
            id=first_id(entry, "msg_idx", "id"),
            sender_id=first_id(author, "member_openid", "user_openid", "id"),
            sender_name=text_of(author, "username") or None,
            timestamp=moment_or_none(entry.get("timestamp")),
            content_type="forward" if inner else "text" if not others else str(getattr(others[0], "type", "unknown")),
            text=text or ("[forwarded messages]" if nested else ""),
            messages=inner,
        )


def plain(entry: Mapping[str, Any], others: list[Element], called: Called | None = None) -> str:
    """As a person reads it: what it says, then what it holds."""
    said = "".join(element.as_text() for element in elements(text_of(entry, "content"), called)).strip()
    return "\n".join(part for part in (said, *(element.as_text() for element in others)) if part)
