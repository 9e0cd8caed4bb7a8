"""What a message is made of: an ordered list of elements, one union with the discriminator `type`."""

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from imbridge.protocol.card import Card
from imbridge.protocol.element import Element
from imbridge.protocol.media import Audio, File, Image, Sticker, Video
from imbridge.protocol.model import ProtocolModel
from imbridge.protocol.texts import Markdown, Text


class Mention(Element):
    """Somebody is called by @.

    With a name and no id, the account looks for a member of the chat who is called exactly so. When there is none, or
    more than one, nobody is called and `@name` is sent as text.

    Attributes:
        id: The platform's id of who is mentioned.
        name: The name shown, without `@`.
        is_self: We are mentioned.
        is_bot: A bot is mentioned, as far as the platform tells.
    """

    type: Literal["mention"] = "mention"
    id: str = ""
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


class Location(Element):
    """A place. Degrees in WGS 84 or the platform's own datum; the platform does not say which."""

    type: Literal["location"] = "location"
    latitude: float
    longitude: float
    name: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[location: {self.name}]" if self.name else f"[location: {self.latitude}, {self.longitude}]"


class Quote(Element):
    """The message that is answered to, as the platform quoted it."""

    type: Literal["quote"] = "quote"
    message_id: str
    sender_name: str | None = None
    text: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "\n".join(f"> {line}" for line in self.text.split("\n")) if self.text else ""


class Forwarded(ProtocolModel):
    """One message inside a forwarded bundle.

    Attributes:
        id: The platform's id of the message.
        sender_id: Who wrote it, as far as the platform says.
        sender_name: Their name, when known.
        timestamp: When it was said (aware, UTC), when known.
        content_type: What it mainly is, in the words of `Message.content_type`.
        text: As a person reads it.
        messages: What is in it, when it is a bundle itself.
    """

    id: str = ""
    sender_id: str = ""
    sender_name: str | None = None
    timestamp: AwareDatetime | None = None
    content_type: str = "text"
    text: str = ""
    messages: tuple["Forwarded", ...] = ()


class Forward(Element):
    """Messages forwarded together.

    Attributes:
        ids: The forwarded messages as far as known.
        title: What the bundle is called.
        text: A readable digest; empty until the messages were read.
        messages: The messages, in order, as far as they were read.
        complete: False when there are more than were read (a bound on their depth or number).
    """

    type: Literal["forward"] = "forward"
    ids: tuple[str, ...] = ()
    title: str = ""
    text: str = ""
    messages: tuple[Forwarded, ...] = ()
    complete: bool = True

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text or (f"[forwarded: {self.title}]" if self.title else "[forwarded messages]")


class Contact(Element):
    """A person or a group, shared as a card to click on.

    Attributes:
        kind: `user` or `chat`.
        id: The platform's id (Feishu: `ou_...` or `oc_...`).
        name: What it is called, when known.
    """

    type: Literal["contact"] = "contact"
    kind: Literal["user", "chat"] = "user"
    id: str
    name: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[{self.kind}: {self.name or self.id}]"


class Notice(Element):
    """Something that the platform's clients show as a block of their own: a vote, a task, a call, a system line.

    Attributes:
        kind: `vote`, `todo`, `calendar`, `video_chat`, `hongbao`, `folder`, `system`, or a platform's own word.
        title: Its headline, when it has one.
        text: All of it as a person would read it.
        details: The facts, as JSON values, by the platform's names.
    """

    type: Literal["notice"] = "notice"
    kind: str
    title: str = ""
    text: str = ""
    details: dict[str, Any] = Field(default_factory=dict)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text or (f"[{self.kind}: {self.title}]" if self.title else f"[{self.kind}]")


class Toast(Element):
    """What somebody who clicked sees for a moment: an answer to `ButtonClicked`, not a message.

    Attributes:
        text: What it says.
        kind: How it looks.
    """

    type: Literal["toast"] = "toast"
    text: str
    kind: Literal["info", "success", "warning", "error"] = "info"

    def __init__(self, text: str | None = None, /, **data: Any) -> None:
        if text is not None:
            data["text"] = text
        super().__init__(**data)

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.text


class Unknown(Element):
    """Something this version has no class for: kept whole, shown by its kind.

    Attributes:
        kind: The platform's own name of it.
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
        Forward, Contact, Notice, Toast, Unknown,
    )
}  # fmt: skip
"""Every element by its discriminator."""


def _keep_new_kinds(value: Any) -> Any:
    """An element that a newer version wrote is read as `Unknown`, whole; a new part in a known card is an error."""
    if isinstance(value, dict) and isinstance(kind := value.get("type"), str) and kind not in ELEMENT_TYPES:
        return Unknown(kind=kind, payload=value)
    return value


AnyElement = Annotated[
    Text | Markdown | Mention | MentionAll | Emoji | Link | Image | File | Audio | Video | Sticker | Location | Card
    | Quote | Forward | Contact | Notice | Toast | Unknown,
    Field(discriminator="type"),
    BeforeValidator(_keep_new_kinds),
]  # fmt: skip
"""Any element, told apart by `type`."""
