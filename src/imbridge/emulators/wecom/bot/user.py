"""A person who talks with smart bots."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot import bodies, clicking
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.inbox import Expected, Inbox
from imbridge.emulators.wecom.bot.message import BotMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

Quoted = SentMessage | BotMessage | None
IN_GROUPS = frozenset({"text", "mixed"})


class BotUser:
    """A person. Made by `WeComBotEmulator.add_user`.

    `bot` and `chat` say where: the single chat with a bot, or a group. With neither it is the single chat with the only
    bot there is.
    """

    def __init__(self, world: "World", userid: str, name: str) -> None:
        self.userid = userid
        self.name = name
        self.inbox = Inbox(name, world.settings.history)
        self._world = world
        self._opened: set[Bot] = set()

    def __repr__(self) -> str:
        return f"<BotUser {self.name!r} {self.userid}>"

    # --- messages -----------------------------------------------------------------------------------------------------

    async def says(
        self,
        text: str,
        *,
        bot: Bot | None = None,
        chat: BotChat | None = None,
        mentions: "Sequence[Bot | BotUser]" = (),
        quoting: Quoted = None,
    ) -> SentMessage:
        """Sends a text.

        Args:
            text: What is said. `@name` of a mention that is not in it is put in front, as a client writes it.
            bot: The bot of the single chat.
            chat: The group. Its bots are told only when they are mentioned.
            mentions: Who is mentioned.
            quoting: The message that this one quotes.
        """
        return self._post("text", [("text", _mentioning(text, mentions))], bot, chat, mentions, quoting)

    async def sends_image(self, data: bytes, *, bot: Bot | None = None, chat: BotChat | None = None) -> SentMessage:
        """Sends an image. In a group no bot is told of it."""
        return self._post("image", [("image", data)], bot, chat)

    async def sends_file(
        self, name: str, data: bytes, *, bot: Bot | None = None, chat: BotChat | None = None
    ) -> SentMessage:
        """Sends a file. In a group no bot is told of it."""
        return self._post("file", [("file", (name, data))], bot, chat)

    async def sends_voice(self, text: str, *, bot: Bot | None = None, chat: BotChat | None = None) -> SentMessage:
        """Speaks; the bot gets the text that the platform recognises. In a group no bot is told of it."""
        return self._post("voice", [("voice", text)], bot, chat)

    async def sends_video(self, data: bytes, *, bot: Bot | None = None, chat: BotChat | None = None) -> SentMessage:
        """Sends a video. In a group no bot is told of it."""
        return self._post("video", [("video", data)], bot, chat)

    async def sends_mixed(
        self,
        items: Sequence[str | bytes],
        *,
        bot: Bot | None = None,
        chat: BotChat | None = None,
        mentions: "Sequence[Bot | BotUser]" = (),
        quoting: Quoted = None,
    ) -> SentMessage:
        """Sends texts and images in one message; mentions go in front of the first text.

        Args:
            items: Texts (str) and images (bytes) in their order.
            bot: The bot of the single chat.
            chat: The group.
            mentions: Who is mentioned.
            quoting: The message that this one quotes.
        """
        parts: list[tuple[str, Any]] = [("text" if isinstance(item, str) else "image", item) for item in items]
        if mentions:
            first = next((index for index, (kind, _) in enumerate(parts) if kind == "text"), None)
            if first is None:
                parts.insert(0, ("text", ""))
                first = 0
            parts[first] = ("text", _mentioning(parts[first][1], mentions))
        return self._post("mixed", parts, bot, chat, mentions, quoting)

    async def sends(
        self,
        msgtype: str,
        fields: dict[str, Any],
        *,
        bot: Bot | None = None,
        chat: BotChat | None = None,
        mentions: "Sequence[Bot | BotUser]" = (),
    ) -> SentMessage:
        """Sends a message of any type with any fields, for what the platform may come to send; nothing is checked."""
        return self._post(msgtype, [(msgtype, fields)], bot, chat, mentions, anything=True)

    # --- events -------------------------------------------------------------------------------------------------------

    async def opens(self, bot: Bot | None = None, *, next_day: bool = False) -> SentMessage:
        """Opens the single chat: `enter_chat`, the first time each day.

        Args:
            bot: Whose chat.
            next_day: Whether a day has passed since the last time.
        """
        bot = self._bot(bot)
        chat = self._world.single_chat(self, bot)
        if bot in self._opened and not next_day:
            return SentMessage(chat=chat, sender=self, kind="event", text="[enter_chat]")
        self._opened.add(bot)
        return clicking.tell(self._world, self, chat, bot, "enter_chat", None)

    async def clicks(
        self,
        message: BotMessage,
        key: str | None = None,
        *,
        selected: str | Sequence[str] | Mapping[str, str | Sequence[str]] | None = None,
    ) -> SentMessage:
        """Clicks a button, the submit button or a menu entry of a card: `template_card_event`.

        Args:
            message: The message with the card.
            key: The key of what is clicked, or what stands on it; not needed when there is one thing only.
            selected: The ids or texts of the chosen options: by question key, or of the only question there is. What
                is not named stays as the card presets it.

        Raises:
            NothingToDoError: The card has no such thing, or this person does not see it.
        """
        return clicking.click(self._world, self, message, key, selected)

    async def rates(
        self, message: BotMessage, *, good: bool | None = True, text: str = "", reasons: Sequence[int] = ()
    ) -> SentMessage:
        """Rates a message: `feedback_event`.

        Args:
            message: What is rated.
            good: True: accurate (type 1); False: not (2); None: takes the rating back (3).
            text: What the person adds.
            reasons: Why it is not accurate, by the platform's numbers.

        Raises:
            NothingToDoError: The message was sent without a feedback id, so it cannot be rated.
        """
        return clicking.rate(self._world, self, message, good, text, reasons)

    # --- what is seen -------------------------------------------------------------------------------------------------

    async def receives(
        self,
        expected: Expected = None,
        *,
        bot: Bot | None = None,
        chat: BotChat | None = None,
        timeout: float = 5.0,
    ) -> BotMessage:
        """The next message of a bot that the person has not looked at yet.

        A stream is there from its first state that shows something; the message returned goes on changing.

        Args:
            expected: Its text as it is at that moment, a pattern in it, or a predicate; None: any.
            bot: Only in the single chat with this bot.
            chat: Only in this group.
            timeout: Seconds to wait.

        Raises:
            AssertionError: None came; says what came instead.
        """
        return await self.inbox.receive(expected, timeout, self._where(bot, chat))

    async def receives_nothing(
        self, *, bot: Bot | None = None, chat: BotChat | None = None, within: float = 0.3
    ) -> None:
        """Waits and sees that no message comes.

        Raises:
            AssertionError: One is there.
        """
        await self.inbox.receive_nothing(within, self._where(bot, chat))

    def _where(self, bot: Bot | None, chat: BotChat | None) -> BotChat | None:
        return self._world.single_chat(self, bot) if chat is None and bot is not None else chat

    def _bot(self, bot: Bot | None) -> Bot:
        if bot is not None:
            return bot
        if len(self._world.bots) != 1:
            raise ValueError(f"which bot does {self.name} talk to? There are {len(self._world.bots)}: say bot=...")
        return next(iter(self._world.bots.values()))

    def _post(
        self,
        kind: str,
        parts: list[tuple[str, Any]],
        bot: Bot | None,
        chat: BotChat | None,
        mentions: "Sequence[Bot | BotUser]" = (),
        quoting: Quoted = None,
        *,
        anything: bool = False,
    ) -> SentMessage:
        world = self._world
        if chat is None:
            bot = self._bot(bot)
            chat = world.single_chat(self, bot)
        if self not in chat.members:
            raise ValueError(f"{self.name} is not in {chat!r}")
        sent = SentMessage(chat=chat, sender=self, kind=kind, text=_readable(parts), parts=parts)
        for told in self._told(chat, anything or kind in IN_GROUPS, mentions):
            chat.open_to.add(told)
            interaction = world.begin(told, chat, self, "message")
            clicking.note(world, sent, interaction)
            world.give_out(interaction, bodies.message_body(world, interaction, sent, quoting))
        return sent

    def _told(self, chat: BotChat, heard: bool, mentions: "Sequence[Bot | BotUser]") -> list[Bot]:
        if chat.kind == "single":
            return list(chat.bots)
        return [bot for bot in chat.bots if bot in mentions and heard]


def _mentioning(text: str, mentions: "Sequence[Bot | BotUser]") -> str:
    missing = [f"@{who.name}" for who in mentions if f"@{who.name}" not in text]
    return " ".join([*missing, text]) if missing else text


def _readable(parts: list[tuple[str, Any]]) -> str:
    lines = []
    for kind, part in parts:
        if kind in {"text", "voice"} and isinstance(part, str):
            lines.append(part)
        else:
            lines.append(f"[file: {part[0]}]" if kind == "file" and isinstance(part, tuple) else f"[{kind}]")
    return "\n".join(lines)
