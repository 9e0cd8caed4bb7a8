"""Platforms that call the bot's address: the child has an HTTP server."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from benchmarks.survival.stages.base import FAST, HISTORY, SECRET, Said, Stage, free_port, names
from imbridge.emulators import qq, wechat, wecom
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.wechat.message import SentMessage as WeChatSent
from imbridge.emulators.wecom.message import SentMessage as WeComSent


class _WeCom(Stage):
    title = "WeCom, callbacks"
    ordered = False

    def __init__(self, emulator: wecom.WeComEmulator, people: int, passive: float) -> None:
        self.emulator = emulator
        self._app = emulator.add_app()
        self._people = [emulator.add_user(name) for name in names(people)]
        self._said: Said[WeComSent] = Said(_wecom_taken)
        self.listen = f"127.0.0.1:{free_port()}"
        self.account = {
            "platform": "wecom", "corp_id": self._app.corp_id, "secret": self._app.secret,
            "agent_id": self._app.agent_id, "token": self._app.token, "aes_key": self._app.aes_key,
            "base_url": emulator.base_url, "passive_reply": passive,
            "member_rate": FAST, "member_hour_rate": FAST, "api_rate": FAST,
        }  # fmt: skip

    async def listens(self) -> None:
        """Tell the platform the bot's address."""
        await self.emulator.set_callback(self._app, f"http://{self.listen}/wecom/default", verify=False)

    async def say(self, person: int, text: str) -> None:
        self._said.add(text, await self._people[person].says(text, app=self._app))

    def under_way(self) -> int:
        return self._said.under_way()

    def not_taken(self) -> Collection[str]:
        return self._said.refused


class _WeComPassive(_WeCom):
    title = "WeCom, passive replies"


class _WeChat(Stage):
    title = "WeChat, callbacks"
    ordered = False

    def __init__(self, emulator: wechat.WeChatEmulator, people: int) -> None:
        self.emulator = emulator
        self._account = emulator.add_account()
        self._people = [emulator.add_follower(name) for name in names(people)]
        self._said: Said[WeChatSent] = Said(_wechat_taken)
        self.listen = f"127.0.0.1:{free_port()}"
        self.account = {
            "platform": "wechat", "app_id": self._account.app_id, "app_secret": self._account.secret,
            "token": self._account.token, "aes_key": self._account.aes_key, "base_url": emulator.base_url,
            "customer_service": True,
        }  # fmt: skip

    async def listens(self) -> None:
        """Tell the platform the bot's address."""
        await self.emulator.set_callback(self._account, f"http://{self.listen}/wechat/default", verify=False)

    async def say(self, person: int, text: str) -> None:
        self._said.add(text, await self._people[person].says(text))

    def under_way(self) -> int:
        return self._said.under_way()

    def not_taken(self) -> Collection[str]:
        return self._said.refused


class _QQWebhook(Stage):
    title = "QQ, callbacks"
    keyed = True
    ordered = False

    def __init__(self, emulator: qq.QQEmulator, people: int) -> None:
        self.emulator = emulator
        self._bot = emulator.add_bot(secret=SECRET)
        self._people = [emulator.add_user(name) for name in names(people)]
        self._said: Said[Pushed] = Said(lambda sent: sent.outcome.result() if sent.outcome.done() else None)
        self.listen = f"127.0.0.1:{free_port()}"
        self.account = {
            "platform": "qq", "mode": "webhook", "app_id": self._bot.app_id, "secret": SECRET,
            "api_base_url": emulator.base_url, "token_url": emulator.token_url, "api_rate": FAST,
        }  # fmt: skip

    async def listens(self) -> None:
        """Tell the platform the bot's address."""
        await self.emulator.set_webhook(self._bot, f"http://{self.listen}/qq/default", verify=False)

    async def say(self, person: int, text: str) -> None:
        sent = await self._people[person].says(text, bot=self._bot)
        assert sent.pushed is not None
        self._said.add(text, sent.pushed)

    def under_way(self) -> int:
        return self._said.under_way()

    def not_taken(self) -> Collection[str]:
        return self._said.refused


def _wecom_taken(sent: WeComSent) -> bool | None:
    return (not sent.outcome.cancelled() and sent.outcome.exception() is None) if sent.outcome.done() else None


def _wechat_taken(sent: WeChatSent) -> bool | None:
    return None if sent.outcome == "waiting" else sent.outcome in {"taken", "answered"}


@asynccontextmanager
async def WECOM(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = wecom.EmulatorSettings(rate_limits=False, history=HISTORY)
    async with wecom.WeComEmulator(settings=settings) as emulator:
        stage = _WeCom(emulator, people, 0.0)
        await stage.listens()
        yield stage


@asynccontextmanager
async def WECOM_PASSIVE(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = wecom.EmulatorSettings(rate_limits=False, history=HISTORY)
    async with wecom.WeComEmulator(settings=settings) as emulator:
        stage = _WeComPassive(emulator, people, 4.0)
        await stage.listens()
        yield stage


@asynccontextmanager
async def WECHAT(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = wechat.EmulatorSettings(history=HISTORY, message_quota=1000, callback_pause=0.5)
    async with wechat.WeChatEmulator(settings=settings) as emulator:
        stage = _WeChat(emulator, people)
        await stage.listens()
        yield stage


@asynccontextmanager
async def QQ_WEBHOOK(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = qq.EmulatorSettings(rate_limits=False, history=HISTORY, redelivery=(0.3, 0.5, 1.0, 2.0))
    async with qq.QQEmulator(settings=settings) as emulator:
        stage = _QQWebhook(emulator, people)
        await stage.listens()
        yield stage
