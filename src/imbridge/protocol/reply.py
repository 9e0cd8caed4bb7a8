"""What a skill wants said."""

from collections.abc import AsyncIterable, Mapping, Sequence
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from imbridge.protocol.element import Element
from imbridge.protocol.elements import ELEMENT_TYPES, AnyElement
from imbridge.protocol.errors import SkillError
from imbridge.protocol.model import ProtocolModel, assembled
from imbridge.protocol.texts import Text
from imbridge.protocol.thinking import Thinking


class Reply(ProtocolModel):
    """Ordered content plus how to place it.

    Attributes:
        elements: What to say.
        quote: Attach it to the message that is answered. None: as the platform does it usually
            (quoted in a group, plain in a private chat).
        in_thread: Answer inside a thread, opening one if need be. None: in the thread the message is in, if any.
        strict: True: what would be shown otherwise than meant is not sent, and `DegradedError` is raised. None: as the
            bridge's option `strict` says.
        key: Idempotency key. Two sends with one key make one message where the platform supports it.
    """

    elements: tuple[AnyElement, ...] = Field(default=())
    quote: bool | None = None
    in_thread: bool | None = None
    strict: bool | None = None
    key: str | None = Field(default=None, max_length=40)

    def __bool__(self) -> bool:
        """False when there is nothing to say."""
        return bool(self.elements)


Sendable = str | Element | Reply | Mapping[str, Any] | Sequence[Any] | AsyncIterable[str | Thinking]
"""Anything a skill may return or send; `to_reply` turns all but a stream into a `Reply`."""

_ELEMENT: TypeAdapter[Any] = TypeAdapter(AnyElement)
_SENDABLE = tuple(ELEMENT_TYPES.values())


def to_reply(content: Any) -> Reply:
    """Turn anything sendable into a `Reply`.

    Args:
        content: A string, an element, a list of these, a `Reply`, None (nothing to say), or a dict:
            `{"type": "text", "content": "..."}` in the older style, or an element's JSON form.

    Raises:
        SkillError: it is none of these; the message says what it is.
    """
    if isinstance(content, Reply):
        return content
    if type(content) is str and content:  # nearly always
        return assembled(Reply, elements=(Text(content),))
    return Reply(elements=tuple(_elements(content)))


def _elements(content: Any) -> list[Any]:
    if content is None:
        return []
    if isinstance(content, str):
        return [Text(content)] if content else []
    if isinstance(content, _SENDABLE):
        return [content]
    if isinstance(content, Mapping):
        return [_from_mapping(content)]
    if isinstance(content, Sequence) and not isinstance(content, bytes | bytearray):
        return [element for item in content for element in _elements(item)]
    if isinstance(content, Element) and hasattr(content, "type"):  # the bases Element and Media say nothing
        raise SkillError(f"cannot send a {type(content).__name__} by itself: put it into a card, Card(body=[...])")
    raise SkillError(
        f"cannot send a {type(content).__name__}; "
        "return a str, an element, a list of these, a Reply, a dict with 'type', or an async iterator of str"
    )


def _from_mapping(content: Mapping[str, Any]) -> Any:
    kind = content.get("type")
    if not isinstance(kind, str) or kind not in ELEMENT_TYPES:
        known = ", ".join(sorted(ELEMENT_TYPES))
        raise SkillError(f"cannot send a dict of type {kind!r}; its 'type' must be one of {known}")
    data = dict(content)
    if "content" in data and "text" not in data and "content" not in ELEMENT_TYPES[kind].model_fields:
        data["text"] = data.pop("content")  # the older style says `content` where elements say `text`
    try:
        element = _ELEMENT.validate_python(data)
    except ValidationError as error:
        facts = "; ".join(f"{'.'.join(str(p) for p in e['loc'][1:]) or kind}: {e['msg']}" for e in error.errors())
        raise SkillError(f"cannot send this dict of type {kind!r}: {facts}") from None
    return element
