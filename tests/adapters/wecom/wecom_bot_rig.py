"""What the tests of the smart-bot adapters share: a platform with adapters made on demand."""

from typing import Any

from contract import RecordingIntake

from imbridge.adapters.base import Adapter, AdapterContext, Health, Target
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.bot.callback_adapter import BotCallbackAdapter
from imbridge.emulators.wecom.bot import Bot, BotChat, BotUser, WeComBotEmulator
from imbridge.protocol import Card, Channel, ChannelKind, Element, Markdown, Text
from imbridge.rendering import Part, PartKind
from imbridge.transport import Backoff, HttpPool, LinkOptions

SECRET = "canary-bot-secret"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
CARD = {
    "card_type": "button_interaction",
    "main_title": {"title": "Deploy?"},
    "button_list": [{"text": "Yes", "key": "yes"}, {"text": "No", "key": "no"}],
}


class BotRig:
    """An emulated platform with one bot, one person, and adapters made on demand."""

    def __init__(self, platform: WeComBotEmulator, pool: HttpPool) -> None:
        self.platform = platform
        self.pool = pool
        self.bot: Bot = platform.add_bot("Demo", secret=SECRET)
        self.alice: BotUser = platform.add_user("Alice")
        self.chat: BotChat = platform.single_chat(self.alice, self.bot)
        self.intake = RecordingIntake()
        self.health: list[tuple[Health, str]] = []
        self.adapters: list[Adapter] = []
        self.frames: list[dict[str, Any]] = []
        self.kept: dict[str, Any] = {}
        """What outlives an adapter: `notes`."""
        platform.wire.watch(self._watch)

    def _watch(self, direction: str, kind: str, facts: dict[str, Any]) -> None:
        if kind == "ws" and direction == "in":
            self.frames.append(facts)

    def bodies(self, cmd: str) -> list[dict[str, Any]]:
        """What was sent to the platform with this command."""
        return [frame["body"] for frame in self.frames if frame["cmd"] == cmd]

    def config(self, **settings: Any) -> WeComConfig:
        """The settings of the bot's account."""
        platform = self.platform
        own = {
            "name": "bot", "mode": "bot", "bot_id": self.bot.bot_id, "bot_secret": self.bot.secret,
            "bot_url": platform.ws_url, "base_url": platform.base_url, "member_rate": "1000/s",
        }  # fmt: skip
        return WeComConfig(**own | settings)

    def make(self, *, options: LinkOptions | None = None, intake: Any = None, **settings: Any) -> BotAdapter:
        """An adapter that is not started."""
        context = AdapterContext(
            intake or self.intake, self.pool, lambda _, health, why: self.note(health, why), **self.kept
        )
        config = self.config(**settings)
        adapter = BotAdapter(config, context, link_options=options) if options else WeComAdapter.create(config, context)
        assert isinstance(adapter, BotAdapter)
        adapter.caller.backoff = Backoff(0.02, 0.1)
        adapter.driver.kicks.pause = (0.01, 0.02)
        self.adapters.append(adapter)
        return adapter

    def note(self, health: Health, why: str) -> None:
        self.health.append((health, why))

    def make_callback(self, **settings: Any) -> BotCallbackAdapter:
        """An adapter for callbacks that is not started."""
        context = AdapterContext(self.intake, self.pool, lambda _, health, why: self.note(health, why), **self.kept)
        adapter = WeComAdapter.create(self.callback_config(**settings), context)
        assert isinstance(adapter, BotCallbackAdapter)
        self.adapters.append(adapter)
        return adapter

    def callback_config(self, **settings: Any) -> WeComConfig:
        """The settings of the bot's account when it gets callbacks."""
        own = {"mode": "bot_callback", "token": self.bot.token, "aes_key": self.bot.aes_key}
        return self.config(**own | {"bot_id": "", "bot_secret": ""} | settings)

    async def start(self, **settings: Any) -> BotAdapter:
        adapter = self.make(**settings)
        await adapter.start()
        return adapter

    async def close(self) -> None:
        for adapter in self.adapters:
            await adapter.close()

    def target(self, chat: BotChat | None = None, **facts: Any) -> Target:
        """Where `chat` is, the private one when left out."""
        chat = chat or self.chat
        kind = ChannelKind.PRIVATE if chat.kind == "single" else ChannelKind.GROUP
        return Target(Channel(platform="wecom", account="bot", kind=kind, id=chat.chatid), **facts)

    async def asked(self, text: str = "?", chat: BotChat | None = None) -> Target:
        """Alice says something, and it arrives; where its answer goes."""
        if chat is None:
            sent = await self.alice.says(text, bot=self.bot)
        else:
            sent = await self.alice.says(text, chat=chat, mentions=[self.bot])
        await self.intake.has(text)
        return self.target(chat, answers=sent.msgid)

    def shown(self) -> list[str]:
        """What the bot has said."""
        return [message.text for message in self.platform.messages]


def text(said: str) -> Part:
    return Part(PartKind.TEXT, (Text(said),))


def markdown(said: str) -> Part:
    return Part(PartKind.MARKDOWN, (Markdown(said),))


def card(content: dict[str, Any] | None = None, **facts: Any) -> Part:
    return alone(PartKind.CARD, Card(content=content or CARD, **facts))


def alone(kind: PartKind, element: Element) -> Part:
    return Part(kind, (element,))
