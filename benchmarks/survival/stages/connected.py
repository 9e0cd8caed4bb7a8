"""Platforms to which the bot connects."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

from benchmarks.survival.stages.base import FAST, HISTORY, Said, Stage, TellingStage, names
from imbridge.emulators import dingtalk, feishu, qq
from imbridge.emulators.dingtalk.message import SentMessage as DingTalkSent
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.wecom import bot as wecom

REDELIVERY = (0.2, 0.5, 1.0, 2.0, *(5.0,) * 100)
"""Feishu's own are seconds, minutes and hours; these are short, so that a run ends soon after its last fault."""


class _Feishu(Stage):
    title = "Feishu, long connection"
    keyed = True

    def __init__(self, emulator: feishu.FeishuEmulator, people: int) -> None:
        self.emulator = emulator
        self._app = emulator.add_app()
        self._people = [emulator.add_user(name) for name in names(people)]
        self._chats = [emulator.private_chat(person, self._app) for person in self._people]
        self._texts: dict[str, str] = {}
        self.account = {
            "platform": "feishu", "app_id": self._app.app_id, "app_secret": self._app.app_secret,
            "base_url": emulator.base_url, "chat_rate": FAST, "api_rate": FAST, "api_minute_rate": FAST,
        }  # fmt: skip

    async def say(self, person: int, text: str) -> None:
        sent = await self._people[person].says(text, chat=self._chats[person])
        self._texts[sent.event_id] = text

    def under_way(self) -> int:
        emulator: feishu.FeishuEmulator = self.emulator
        return emulator.waiting_events(self._app) + emulator.unacknowledged_events(self._app)

    def not_taken(self) -> Collection[str]:
        given_up = self.emulator.stats.events_given_up + self.emulator.stats.events_dropped
        if given_up:
            raise RuntimeError(f"the emulator gave up {given_up} events, which this harness does not know by name")
        return ()

    def taken(self) -> Mapping[str, int]:
        emulator: feishu.FeishuEmulator = self.emulator
        known = emulator.acknowledged_events(self._app)
        return {self._texts[event]: refusals for event, refusals in known.items() if event in self._texts}

    def answers(self) -> Sequence[str]:
        return [message.text for message in self.emulator.messages]


class _DingTalk(TellingStage):
    title = "DingTalk, stream"
    patient = False

    def __init__(self, emulator: dingtalk.DingTalkEmulator, people: int) -> None:
        self.emulator = emulator
        self._app = emulator.add_app()
        self._people = [emulator.add_user(name) for name in names(people)]
        self._said: Said[DingTalkSent] = Said(lambda sent: sent.outcome.result() if sent.outcome.done() else None)
        self.account = {
            "platform": "dingtalk", "client_id": self._app.client_id, "client_secret": self._app.client_secret,
            "base_url": emulator.base_url, "oapi_url": emulator.base_url, "api_rate": FAST,
        }  # fmt: skip

    async def say(self, person: int, text: str) -> None:
        self._said.add(text, await self._people[person].says(text, app=self._app))


class _WeComBot(Stage):
    """A smart bot: the platform is told nothing of what was taken, and sends nothing again."""

    title = "WeCom, smart bot"
    patient = False
    acknowledges = False

    def __init__(self, emulator: wecom.WeComBotEmulator, people: int) -> None:
        self.emulator = emulator
        self._bot = emulator.add_bot("Bot")
        self._people = [emulator.add_user(name) for name in names(people)]
        self.account = {
            "platform": "wecom", "mode": "bot", "bot_id": self._bot.bot_id, "bot_secret": self._bot.secret,
            "bot_url": emulator.ws_url, "base_url": emulator.base_url, "member_rate": FAST, "member_hour_rate": FAST,
        }  # fmt: skip

    async def say(self, person: int, text: str) -> None:
        await self._people[person].says(text, bot=self._bot)

    def under_way(self) -> int:
        return 0

    def not_taken(self) -> Collection[str]:
        return ()

    def answers(self) -> Sequence[str]:
        return [message.text for message in self.emulator.messages if message.finished]


class _QQ(Stage):
    """The gateway is told up to which number its client has everything; what is newer may go with its session."""

    title = "QQ, gateway"
    keyed = True
    acknowledges = False

    def __init__(self, emulator: qq.QQEmulator, people: int) -> None:
        self.emulator = emulator
        self._bot = emulator.add_bot()
        self._people = [emulator.add_user(name) for name in names(people)]
        self.account = {
            "platform": "qq", "app_id": self._bot.app_id, "secret": self._bot.secret,
            "api_base_url": emulator.base_url, "token_url": emulator.token_url, "api_rate": FAST,
        }  # fmt: skip
        self._said: dict[str, Pushed] = {}

    async def say(self, person: int, text: str) -> None:
        sent = await self._people[person].says(text, bot=self._bot)
        assert sent.pushed is not None
        self._said[text] = sent.pushed

    def under_way(self) -> int:
        return 0

    def not_taken(self) -> Collection[str]:
        return ()

    def acknowledged(self) -> Collection[str]:
        return {text for text, pushed in self._said.items() if pushed.confirmed}


@asynccontextmanager
async def FEISHU(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = feishu.EmulatorSettings(rate_limits=False, reconnect_nonce=0, history=HISTORY, redelivery=REDELIVERY)
    settings.queue_limit = HISTORY
    settings.ack_timeout = 60.0  # what is delivered again because it took long comes in no order
    async with feishu.FeishuEmulator(settings=settings) as emulator:
        yield _Feishu(emulator, people)


@asynccontextmanager
async def DINGTALK(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = dingtalk.EmulatorSettings(rate_limits=False, history=HISTORY)
    async with dingtalk.DingTalkEmulator(settings=settings) as emulator:
        yield _DingTalk(emulator, people)


@asynccontextmanager
async def WECOM_BOT(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = wecom.BotEmulatorSettings(rate_limits=False, history=HISTORY)
    async with wecom.WeComBotEmulator(settings=settings) as emulator:
        yield _WeComBot(emulator, people)


@asynccontextmanager
async def QQ(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = qq.EmulatorSettings(rate_limits=False, history=HISTORY, replay_limit=HISTORY)
    async with qq.QQEmulator(settings=settings) as emulator:
        yield _QQ(emulator, people)
