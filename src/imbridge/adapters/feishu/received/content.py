"""The `content` of a received message → elements. Pure.

Shapes: open.feishu.cn, im-v1 "content of received messages".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any

from pydantic_core import from_json

from imbridge.adapters.feishu.received.mentions import MentionTable
from imbridge.adapters.feishu.received.notices import calendar, folder, hongbao, system, todo, video_chat, vote
from imbridge.adapters.feishu.received.posts import in_locale, post_elements
from imbridge.adapters.feishu.received.received_cards import received_card
from imbridge.protocol import (
    Audio,
    Contact,
    Element,
    File,
    Forward,
    Image,
    Location,
    Mention,
    Notice,
    Sticker,
    Text,
    Unknown,
    Video,
)

_Body = dict[str, Any]


@dataclass(slots=True)
class Content:
    """What a message says.

    Attributes:
        kind: Its `content_type` in the shared words.
        elements: In order.
        text: As a person reads it.
    """

    kind: str
    elements: tuple[Element, ...]
    text: str

    @property
    def text_after_own_mention(self) -> str:
        """The text without our own mention at its beginning (one or several, with the blanks around them)."""
        elements = self.elements
        if len(elements) < 2 and not (elements and isinstance(elements[0], Mention)):
            return self.text  # nearly all messages: one text
        if not any(isinstance(element, Mention) and element.is_self for element in elements[:2]):
            return self.text
        kept = list(elements)
        while kept and (
            (isinstance(kept[0], Mention) and kept[0].is_self)
            or (isinstance(kept[0], Text) and not kept[0].text.strip() and _own_mention_follows(kept))
        ):
            kept.pop(0)
        if len(kept) == len(elements):
            return self.text
        return "".join(element.as_text() for element in kept).lstrip()


def _own_mention_follows(elements: list[Element]) -> bool:
    following = elements[1] if len(elements) > 1 else None
    return isinstance(following, Mention) and following.is_self


def read_content(kind: Any, content: Any, mentions: MentionTable, locale: str = "zh_cn") -> Content:
    """Read a message's content.

    Args:
        kind: The platform's `message_type`.
        content: Its JSON text, as it came.
        mentions: The message's mentions.
        locale: The language wanted of what is there in several.

    Returns:
        The elements; one `Unknown` with everything in it when the type or its content is new to us.
    """
    if kind == "merge_forward":  # its content is a fixed sentence, and no JSON: what was forwarded has to be asked for
        return joined("forward", [Forward()])
    try:
        body = from_json(content) if isinstance(content, str | bytes) else content
    except (ValueError, TypeError):  # TypeError: what it says of a lone surrogate
        body = None
    if isinstance(body, dict):
        reader = READERS.get(kind) if isinstance(kind, str) else None
        try:
            if kind == "post":
                body = in_locale(body, locale)
            if reader is not None:
                return reader(body, mentions)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            pass  # not the shape this type has had so far: kept whole below
    unknown = Unknown(kind=str(kind), payload=content if body is None else body)
    return Content("unknown", (unknown,), unknown.as_text())


def joined(kind: str, elements: Iterable[Element]) -> Content:
    """Elements, with the text they make together."""
    kept = tuple(elements)
    return Content(kind, kept, "".join(element.as_text() for element in kept))


def _text(body: _Body, mentions: MentionTable) -> Content:
    text = body["text"]
    if not isinstance(text, str):
        raise TypeError("text is not a string")
    if "@_" not in text:
        return Content("text", (Text(text),) if text else (), text)
    return joined("text", mentions.split(text))


def _post(body: _Body, mentions: MentionTable) -> Content:
    return joined("text", post_elements(body, mentions))


def _image(body: _Body, mentions: MentionTable) -> Content:
    return joined("image", [Image(key=body["image_key"])])


def _file(body: _Body, mentions: MentionTable) -> Content:
    return joined("file", [File(key=body["file_key"], name=str(body.get("file_name") or ""))])


def _seconds(body: _Body) -> float | None:
    """A duration; the platform gives milliseconds, as a number or as text."""
    value = body.get("duration")
    return float(value) / 1000 if value not in (None, "") else None


def _audio(body: _Body, mentions: MentionTable) -> Content:
    return joined("audio", [Audio(key=body["file_key"], duration=_seconds(body))])


def _video(body: _Body, mentions: MentionTable) -> Content:
    video = Video(
        key=body["file_key"],
        name=str(body.get("file_name") or ""),
        duration=_seconds(body),
        cover=str(body.get("image_key") or ""),
    )
    return joined("video", [video])


def _sticker(body: _Body, mentions: MentionTable) -> Content:
    return joined("sticker", [Sticker(key=body["file_key"])])


def _card(body: _Body, mentions: MentionTable) -> Content:
    """Whom it mentions follows: in the card they are text."""
    card = received_card(body, mentions)
    return Content("card", (card, *mentions.people), card.as_text())


def _shared_chat(body: _Body, mentions: MentionTable) -> Content:
    return joined("contact", [Contact(kind="chat", id=body["chat_id"], name=str(body.get("chat_name") or ""))])


def _shared_user(body: _Body, mentions: MentionTable) -> Content:
    return joined("contact", [Contact(kind="user", id=body["user_id"], name=str(body.get("user_name") or ""))])


def _location(body: _Body, mentions: MentionTable) -> Content:
    latitude, longitude = float(body["latitude"]), float(body["longitude"])
    if not isfinite(latitude) or not isfinite(longitude):
        raise ValueError("no place on earth")
    return joined("location", [Location(latitude=latitude, longitude=longitude, name=str(body.get("name") or ""))])


def _noticed(read: Callable[[_Body, MentionTable], Notice]) -> Callable[[_Body, MentionTable], Content]:
    return lambda body, mentions: joined("notice", [read(body, mentions)])


READERS: dict[str, Callable[[_Body, MentionTable], Content]] = {
    "text": _text,
    "post": _post,
    "image": _image,
    "file": _file,
    "folder": _noticed(folder),
    "audio": _audio,
    "media": _video,
    "sticker": _sticker,
    "interactive": _card,
    "share_chat": _shared_chat,
    "share_user": _shared_user,
    "location": _location,
    "todo": _noticed(todo),
    "vote": _noticed(vote),
    "share_calendar_event": _noticed(lambda body, _: calendar("shared appointment", body)),
    "calendar": _noticed(lambda body, _: calendar("invitation", body)),
    "general_calendar": _noticed(lambda body, _: calendar("appointment", body)),
    "video_chat": _noticed(video_chat),
    "hongbao": _noticed(hongbao),
    "system": _noticed(system),
}

TYPES = (*READERS, "merge_forward")
"""Every message type that is understood."""
