"""Messages as people see them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.card_text import card_text
from imbridge.emulators.wecom.bot.chat import BotChat

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.uploads import Upload
    from imbridge.emulators.wecom.bot.user import BotUser

Kind = Literal["stream", "markdown", "text", "template_card", "media"]
How = Literal["respond", "push", "passive", "response_url", "welcome"]
BLANK = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


def blank(content: str) -> bool:
    """Whether a stream with this content goes on showing what it showed: nothing, or only invisible characters.

    Seen on the platform for zero-width characters; an empty `<think></think>` is what the official plugin sends as its
    placeholder.
    """
    return not content.replace("<think></think>", "").translate(BLANK).strip()


@dataclass(slots=True, eq=False, kw_only=True)
class SentMessage:
    """What a person did: a message or an event, and what the bot was told of it.

    Attributes:
        msgid: The callback's id; that for the first bot it went to, or empty when it went to none.
        req_id: By which it is answered on the long connection; as `msgid`.
        response_url: By which it can be answered once; empty when it has none, as `msgid`.
        chat: Where.
        sender: Who.
        kind: The `msgtype`: text, image, mixed, voice, file, video or event.
        text: What a person reads.
        parts: The message's own fields, as a later message quotes them, with the bytes of its media.
        msgids: The ids by bot.
        req_ids: The ids by bot.
    """

    chat: BotChat
    sender: "BotUser"
    kind: str
    text: str
    parts: list[tuple[str, Any]] = field(default_factory=list)
    msgid: str = ""
    req_id: str = ""
    response_url: str = ""
    msgids: dict[Bot, str] = field(default_factory=dict)
    req_ids: dict[Bot, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<SentMessage {self.msgid} in {self.chat!r}: {self.text!r}>"


@dataclass(slots=True, eq=False, kw_only=True)
class BotMessage:
    """A bot's message. A stream is one message from its first to its last frame.

    Attributes:
        msgid: The platform's id, which clients do not get to know.
        bot: Whose.
        chat: Where.
        kind: stream, markdown, text, template_card or media.
        how: `respond` (`aibot_respond_msg`), `push` (`aibot_send_msg`), `passive` (the answer to a callback),
            `response_url` or `welcome`.
        body: The JSON it was made of; of a stream, the last frame taken.
        req_id: What it answers, or empty for a push.
        stream_id: The client's id of a stream.
        states: The texts that a stream showed one after the other; of other messages the one text.
        finished: Whether a stream is finished; other messages are from the start.
        visible: Whether people have seen it.
        dropped: Whether nobody ever will: it was over its conversation's rate.
        rewritten: Stream frames whose text did not begin with the text before.
        images: Images at the end of a stream.
        media: The uploaded medium that it is, for kind media.
        feedback_id: With it, people can rate the message.
        card: The JSON of its card as it is now.
        cards: The cards it showed before, oldest first.
        created: `time.monotonic()` of its first frame.
        changed: `time.monotonic()` of its last frame.
    """

    msgid: str
    bot: Bot
    chat: BotChat
    kind: Kind
    how: How
    body: dict[str, Any]
    created: float
    changed: float
    req_id: str = ""
    stream_id: str = ""
    states: list[str] = field(default_factory=list)
    finished: bool = True
    visible: bool = False
    dropped: bool = False
    rewritten: int = 0
    images: list[bytes] = field(default_factory=list)
    media: "Upload | None" = None
    feedback_id: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    cards: list[dict[str, Any]] = field(default_factory=list)
    _changes: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def text(self) -> str:
        """What a person reads now; of a card its texts line by line, of a medium `[type]`, with a file's name."""
        if self.kind == "template_card":
            return card_text(self.card)
        if self.media is not None:
            return f"[file: {self.media.name}]" if self.media.kind == "file" else f"[{self.media.kind}]"
        return self.states[-1] if self.states else ""

    def touch(self) -> None:
        """Something of it changed: whoever waits looks again."""
        self._changes.set()

    async def becomes(self, wanted: "Callable[[BotMessage], bool]", *, timeout: float = 5.0) -> "BotMessage":
        """Waits until the message is as wanted; returns it.

        Raises:
            AssertionError: It was not in `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                while not wanted(self):
                    self._changes.clear()
                    await self._changes.wait()
        except TimeoutError:
            raise AssertionError(f"{self!r} did not become what was wanted in {timeout} s: {self.states!r}") from None
        return self

    async def finishes(self, *, timeout: float = 5.0) -> "BotMessage":
        """Waits until a stream is finished; returns it.

        Raises:
            AssertionError: It was not in `timeout` seconds.
        """
        return await self.becomes(lambda message: message.finished, timeout=timeout)

    def __repr__(self) -> str:
        return f"<BotMessage {self.kind} {self.msgid} ({self.how}) in {self.chat!r}: {self.text!r}>"
