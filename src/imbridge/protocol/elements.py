"""What a message is made of: an ordered list of elements, one union with the discriminator `type`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr

from imbridge.protocol.errors import UnboundError
from imbridge.protocol.model import ProtocolModel

Reader = Callable[["Media"], Awaitable[bytes]]
"""Fetches the bytes of a media element; the account that received it supplies one."""


class Element(ProtocolModel):
    """Base of all elements."""

    def as_text(self) -> str:
        """The element as a person would read it in a plain-text client."""
        return ""


class Text(Element):
    """Plain text; nothing in it is markup."""

    type: Literal["text"] = "text"
    text: str

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text


class Markdown(Element):
    """Text in Markdown; each platform shows as much of it as it can."""

    type: Literal["markdown"] = "markdown"
    text: str

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text


class Mention(Element):
    """Somebody is called by @.

    Attributes:
        id: The platform's id of who is mentioned.
        name: The name shown, without `@`.
        is_self: We are mentioned.
        is_bot: A bot is mentioned, as far as the platform tells.
    """

    type: Literal["mention"] = "mention"
    id: str
    name: str = ""
    is_self: bool = False
    is_bot: bool = False

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"@{self.name or self.id}"


class MentionAll(Element):
    """Everybody in the group is called."""

    type: Literal["mention_all"] = "mention_all"

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "@all"


class Emoji(Element):
    """One emoji or platform emoticon, by its code (Feishu `SMILE`) or as a character."""

    type: Literal["emoji"] = "emoji"
    code: str

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[{self.code}]" if self.code.isascii() else self.code


class Link(Element):
    """A link with a title."""

    type: Literal["link"] = "link"
    url: str
    title: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"{self.title} ({self.url})" if self.title and self.title != self.url else self.url


class Media(Element):
    """Base of what is not text: an image, a file, a recording.

    Outgoing media carry `data`; incoming ones carry the platform's `key` and are fetched by `read()`.

    Attributes:
        key: The platform's key of the resource.
        data: The bytes to send; base64 in JSON, absent from the repr.
        mime: Media type, when known.
        size: Bytes, when known.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    key: str = ""
    data: bytes | None = Field(default=None, repr=False)
    mime: str | None = None
    size: int | None = Field(default=None, ge=0)
    _reader: Reader | None = PrivateAttr(default=None)

    async def read(self) -> bytes:
        """The bytes of this resource, fetched from the platform if needed.

        Raises:
            UnboundError: it neither carries data nor came from a running bridge.
            DeliveryError: the platform refused the download.
        """
        if self.data is not None:
            return self.data
        if self._reader is None:
            raise UnboundError(f"this {type(self).__name__} has no data and did not come from a running bridge")
        return await self._reader(self)

    def bind(self, reader: Reader) -> None:
        """Say how `read()` gets the bytes."""
        self._reader = reader

    def __eq__(self, other: object) -> bool:
        """Equal when what is shown is equal; how it is fetched does not count."""
        if type(other) is not type(self):
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((type(self), *self.__dict__.values()))


class Image(Media):
    """A picture."""

    type: Literal["image"] = "image"
    alt: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[image: {self.alt}]" if self.alt else "[image]"


class File(Media):
    """A file. `name` is what the sender called it: show it, never use it as a path."""

    type: Literal["file"] = "file"
    name: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[file: {self.name}]" if self.name else "[file]"


class Audio(Media):
    """A voice message. `duration` in seconds; `transcript` where the platform recognised it."""

    type: Literal["audio"] = "audio"
    duration: float | None = Field(default=None, ge=0)
    transcript: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.transcript or "[audio]"


class Video(Media):
    """A video. `duration` in seconds; `cover` is the key of its still picture."""

    type: Literal["video"] = "video"
    name: str = ""
    duration: float | None = Field(default=None, ge=0)
    cover: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[video: {self.name}]" if self.name else "[video]"


class Sticker(Media):
    """A sticker: most platforms let a bot send it again by its key, but not download it."""

    type: Literal["sticker"] = "sticker"

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "[sticker]"


class Location(Element):
    """A place. Degrees in WGS 84 or the platform's own datum; the platform does not say which."""

    type: Literal["location"] = "location"
    latitude: float
    longitude: float
    name: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[location: {self.name}]" if self.name else f"[location: {self.latitude}, {self.longitude}]"


class Card(Element):
    """An interactive card in the platform's own JSON; `text` is what it says, for clients that cannot show it."""

    type: Literal["card"] = "card"
    content: dict[str, Any] = Field(default_factory=dict)
    text: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text or "[card]"


class Quote(Element):
    """The message that is answered to, as the platform quoted it."""

    type: Literal["quote"] = "quote"
    message_id: str
    sender_name: str | None = None
    text: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "\n".join(f"> {line}" for line in self.text.split("\n")) if self.text else ""


class Forward(Element):
    """Messages forwarded together. `text` is a readable digest; `ids` the forwarded messages as far as known."""

    type: Literal["forward"] = "forward"
    ids: tuple[str, ...] = ()
    title: str = ""
    text: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text or (f"[forwarded: {self.title}]" if self.title else "[forwarded messages]")


class Unknown(Element):
    """Something this version has no class for: kept whole, shown by its kind.

    Attributes:
        kind: The platform's own name of it (`vote`).
        payload: What the platform sent.
    """

    type: Literal["unknown"] = "unknown"
    kind: str = ""
    payload: Any = Field(default=None, repr=False)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[{self.kind or 'unknown'}]"


ELEMENT_TYPES: dict[str, type[Element]] = {
    cls.model_fields["type"].default: cls
    for cls in (
        Text, Markdown, Mention, MentionAll, Emoji, Link, Image, File, Audio, Video, Sticker, Location, Card, Quote,
        Forward, Unknown,
    )
}  # fmt: skip
"""Every element by its discriminator."""


def _keep_new_kinds(value: Any) -> Any:
    """What a newer version wrote is read as `Unknown`, whole, instead of failing the message around it."""
    if isinstance(value, dict) and isinstance(kind := value.get("type"), str) and kind not in ELEMENT_TYPES:
        return Unknown(kind=kind, payload=value)
    return value


AnyElement = Annotated[
    Text | Markdown | Mention | MentionAll | Emoji | Link | Image | File | Audio | Video | Sticker | Location | Card
    | Quote | Forward | Unknown,
    Field(discriminator="type"),
    BeforeValidator(_keep_new_kinds),
]  # fmt: skip
"""Any element, told apart by `type`."""
