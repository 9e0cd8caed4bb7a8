"""A person in a chat with a bot that runs the skills under test."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from pydantic import SecretStr

from imbridge.adapters.feishu import FeishuConfig
from imbridge.config import BridgeOptions
from imbridge.emulators.feishu import BotMessage, EmulatorSettings, FeishuEmulator, Message, SentMessage
from imbridge.runtime import Bridge
from imbridge.runtime.scheduling import Clock
from imbridge.skills import BaseSkill
from imbridge.storage import BaseStorage, MemoryStorage

_APP_ID, _APP_SECRET = "cli_emulated", "emulated-secret"  # known to the emulator only


class Person:
    """Somebody in a chat: says things and waits for answers.

    `says` and its neighbours but `clicks` may be awaited or not: what is said leaves in order, and `receives` waits for
    it first.
    """

    def __init__(self, feishu: FeishuEmulator, user: Any, room: Any, bot: Any) -> None:
        """`user`, `room` and `bot` are the emulator's."""
        self._feishu = feishu
        self._user = user
        self._room = room
        self._bot = bot
        self._saying: list[asyncio.Task[Any]] = []

    def says(self, text: str, *, mentions_bot: bool = False) -> "asyncio.Task[SentMessage]":
        """Say something; `mentions_bot` puts `@bot` before it, as a group needs."""
        if mentions_bot:
            return self._next(lambda: self._user.says(f"@bot {text}", chat=self._room, mentions=[self._bot]))
        return self._next(lambda: self._user.says(text, chat=self._room))

    def replies(self, to: Message, text: str, *, mentions_bot: bool = False) -> "asyncio.Task[SentMessage]":
        """Answer a message, quoting it: what `receives` or an awaited `says` has given."""
        mentions = [self._bot] if mentions_bot else []
        said = f"@bot {text}" if mentions_bot else text
        return self._next(lambda: self._user.replies(to, said, mentions=mentions))

    def reacts(self, to: Message, emoji: str) -> "asyncio.Task[None]":
        """Put a reaction on a message; `emoji` is the platform's word: `THUMBSUP`."""

        async def react() -> None:
            self._user.reacts(to, emoji)

        return self._next(react)

    async def clicks(
        self,
        card: BotMessage,
        button: str | None = None,
        *,
        form: Mapping[str, Any] | None = None,
        selected: str | Sequence[str] | None = None,
        date: str | None = None,
        text: str | None = None,
        timeout: float = 5.0,
    ) -> str:
        """Use a card that the bot has sent; a card in the answer takes its place (`card.text`).

        Args:
            card: What `receives` has given.
            button: The button's text, or the name of a select, an input or a date picker; may be left out where there
                is one only.
            form: What is filled into the button's form, by name.
            selected: What is chosen of a select: an option, or several.
            date: What is picked: `2026-11-01`.
            text: What is typed into an input that is in no form.
            timeout: Seconds to wait.

        Returns:
            The toast that the person sees; empty when there is none.

        Raises:
            NothingToDoError: the card has no such button.
            CallbackError: the bot did not answer in time.
        """
        await self._settled()
        answer = await self._feishu.clicks(
            self._user, card, button=button, form=form, selected=selected, date=date, text=text, timeout=timeout
        )
        return str(((answer or {}).get("toast") or {}).get("content", ""))

    def sends(self, kind: str, content: dict[str, Any]) -> "asyncio.Task[SentMessage]":
        """Send a message of any of the platform's types, with its content as the platform has it."""
        return self._next(lambda: self._user.sends(kind, content, chat=self._room))

    def sends_image(self, data: bytes) -> "asyncio.Task[SentMessage]":
        """Send a picture."""
        return self._next(lambda: self._user.sends_image(data, chat=self._room))

    def sends_file(self, data: bytes, *, name: str = "file.txt") -> "asyncio.Task[SentMessage]":
        """Send a file."""
        return self._next(lambda: self._user.sends_file(data, name=name, chat=self._room))

    async def receives(self, expected: Any = None, *, timeout: float = 5.0) -> BotMessage:
        """Wait for the bot's next message.

        Args:
            expected: Its text, a compiled pattern, or a function of the message; None takes any.
            timeout: Seconds to wait.

        Raises:
            AssertionError: no message came, or another one; it says which.
        """
        await self._settled()
        return cast("BotMessage", await self._user.receives(expected, chat=self._room, timeout=timeout))

    async def receives_nothing(self, *, within: float = 0.2) -> None:
        """Make sure that the bot stays silent for so many seconds."""
        await self._settled()
        await self._user.receives_nothing(chat=self._room, within=within)

    def _next(self, act: Callable[[], Any]) -> "asyncio.Task[Any]":
        before = self._saying[-1] if self._saying else None

        async def in_turn() -> Any:
            if before is not None:
                await asyncio.wait((before,))
            return await act()

        self._saying.append(asyncio.get_running_loop().create_task(in_turn()))
        return self._saying[-1]

    async def _settled(self) -> None:
        """Wait for what is being said; what could not be said fails here, where somebody waits for its answer."""
        saying, self._saying = self._saying, []
        for said in saying:
            await said

    async def leave(self) -> None:
        """End what is being said; failures are those of a test that is over."""
        saying, self._saying = self._saying, []
        for said in saying:
            said.cancel()
        await asyncio.gather(*saying, return_exceptions=True)


class Chat:
    """A bridge with an emulated platform, and people to talk to it.

    Attributes:
        bridge: The bridge under test.
        feishu: The emulator, with its faults (`chat.feishu.faults`), its statistics and its `violations`.
        user: A person in a private chat with the bot.
    """

    def __init__(self, bridge: Bridge, feishu: FeishuEmulator, app: Any) -> None:
        """Use `chat(...)` instead."""
        self.bridge = bridge
        self.feishu = feishu
        self._app = app
        self._people: list[Person] = []
        self.user = self.person("Alice")

    def person(self, name: str) -> Person:
        """Somebody else in a private chat with the bot."""
        user = self.feishu.add_user(name)
        return self._joined(Person(self.feishu, user, self.feishu.private_chat(user, self._app), self._app))

    def group(self, *names: str) -> tuple[Person, ...]:
        """People in one group with the bot."""
        users = [self.feishu.add_user(name) for name in names]
        room = self.feishu.add_group("group", members=users, apps=[self._app])
        return tuple(self._joined(Person(self.feishu, user, room, self._app)) for user in users)

    async def end(self) -> None:
        """Nobody says anything more."""
        for person in self._people:
            await person.leave()

    def _joined(self, person: Person) -> Person:
        self._people.append(person)
        return person


@asynccontextmanager
async def chat(
    *skills: BaseSkill,
    options: BridgeOptions | None = None,
    permissions: dict[str, Any] | None = None,
    settings: EmulatorSettings | None = None,
    storage: BaseStorage | None = None,
    clock: Clock | None = None,
    **account: Any,
) -> AsyncIterator[Chat]:
    """Start an emulated Feishu and a bridge with these skills.

    Args:
        *skills: Under test.
        options: The bridge's options.
        permissions: Who may use which skill.
        settings: The emulator's settings; when left out it redelivers and lets reconnect at once, where Feishu waits.
        storage: Where messages are kept; in memory when left out.
        clock: What schedules go by; `HandClock` is one that a test sets.
        **account: Further settings of the account (`FeishuConfig`).
    """
    settings = settings or EmulatorSettings(reconnect_nonce=0, redelivery=(0.2, 0.5, 1.0, 2.0))
    async with FeishuEmulator(settings=settings) as feishu:
        app = feishu.add_app(app_id=_APP_ID, app_secret=_APP_SECRET, name="Bot")
        config = FeishuConfig(
            name="test", app_id=_APP_ID, app_secret=SecretStr(_APP_SECRET), base_url=feishu.base_url, **account
        )
        kept = MemoryStorage() if storage is None else storage
        tested = Bridge([config], skills=skills, options=options, permissions=permissions, storage=kept, clock=clock)
        async with tested as bridge:
            running = Chat(bridge, feishu, app)
            try:
                yield running
            finally:
                await running.end()
