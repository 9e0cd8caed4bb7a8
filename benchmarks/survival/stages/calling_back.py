"""Platforms that call the bot's address: the child has an HTTP server."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from benchmarks.survival.stages.base import FAST, HISTORY, SECRET, Said, Stage, TellingStage, free_port, names
from imbridge.emulators import qq, wechat, wecom
from imbridge.emulators.qq.pushed import Pushed
from imbridge.emulators.wechat.message import SentMessage as WeChatSent
from imbridge.emulators.wecom.message import SentMessage as WeComSent


class _CallingStage(TellingStage):
    ordered = False

    def __init__(self) -> None:
        self.listen = f"127.0.0.1:{free_port()}"

    async def reachable(self) -> Stage:
        """Tell the platform the bot's address; returns this stage."""
        await self._set_callback(f"http://{self.listen}/{self.account['platform']}/default")
        return self

    @abstractmethod
    async def _set_callback(self, url: str) -> None: ...


class _WeCom(_CallingStage):
    title = "WeCom, callbacks"
    passive = 0.0

    def __init__(self, emulator: wecom.WeComEmulator, people: int) -> None:
        super().__init__()
        self.emulator = emulator
        self._app = emulator.add_app()
        self._people = [emulator.add_user(name) for name in names(people)]
        self._said: Said[WeComSent] = Said(_wecom_taken)
        self.account = {
            "platform": "wecom", "corp_id": self._app.corp_id, "secret": self._app.secret,
            "agent_id": self._app.agent_id, "token": self._app.token, "aes_key": self._app.aes_key,
            "base_url": emulator.base_url, "passive_reply": self.passive,
            "member_rate": FAST, "member_hour_rate": FAST, "api_rate": FAST,
        }  # fmt: skip

    async def _set_callback(self, url: str) -> None:
        await self.emulator.set_callback(self._app, url, verify=False)

    async def say(self, person: int, text: str) -> None:
        self._said.add(text, await self._people[person].says(text, app=self._app))


class _WeComPassive(_WeCom):
    title = "WeCom, passive replies"
    passive = 4.0


class _WeChat(_CallingStage):
    title = "WeChat, callbacks"

    def __init__(self, emulator: wechat.WeChatEmulator, people: int) -> None:
        super().__init__()
        self.emulator = emulator
        self._account = emulator.add_account()
        self._people = [emulator.add_follower(name) for name in names(people)]
        self._said: Said[WeChatSent] = Said(_wechat_taken)
        self.account = {
            "platform": "wechat", "app_id": self._account.app_id, "app_secret": self._account.secret,
            "token": self._account.token, "aes_key": self._account.aes_key, "base_url": emulator.base_url,
            "customer_service": True,
        }  # fmt: skip

    async def _set_callback(self, url: str) -> None:
        await self.emulator.set_callback(self._account, url, verify=False)

    async def say(self, person: int, text: str) -> None:
        self._said.add(text, await self._people[person].says(text))


class _QQWebhook(_CallingStage):
    title = "QQ, callbacks"
    keyed = True

    def __init__(self, emulator: qq.QQEmulator, people: int) -> None:
        super().__init__()
        self.emulator = emulator
        self._bot = emulator.add_bot(secret=SECRET)
        self._people = [emulator.add_user(name) for name in names(people)]
        self._said: Said[Pushed] = Said(lambda sent: sent.outcome.result() if sent.outcome.done() else None)
        self.account = {
            "platform": "qq", "mode": "webhook", "app_id": self._bot.app_id, "secret": SECRET,
            "api_base_url": emulator.base_url, "token_url": emulator.token_url, "api_rate": FAST,
        }  # fmt: skip

    async def _set_callback(self, url: str) -> None:
        await self.emulator.set_webhook(self._bot, url, verify=False)

    async def say(self, person: int, text: str) -> None:
        sent = await self._people[person].says(text, bot=self._bot)
        assert sent.pushed is not None
        self._said.add(text, sent.pushed)


def _wecom_taken(sent: WeComSent) -> bool | None:
    return (not sent.outcome.cancelled() and sent.outcome.exception() is None) if sent.outcome.done() else None


def _wechat_taken(sent: WeChatSent) -> bool | None:
    return None if sent.outcome == "waiting" else sent.outcome in {"taken", "answered"}


@asynccontextmanager
async def _wecom(made: type[_WeCom], people: int) -> AsyncIterator[Stage]:
    settings = wecom.EmulatorSettings(rate_limits=False, history=HISTORY)
    async with wecom.WeComEmulator(settings=settings) as emulator:
        yield await made(emulator, people).reachable()


WECOM = partial(_wecom, _WeCom)
WECOM_PASSIVE = partial(_wecom, _WeComPassive)


@asynccontextmanager
async def WECHAT(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = wechat.EmulatorSettings(history=HISTORY, message_quota=1000, callback_pause=0.5)
    async with wechat.WeChatEmulator(settings=settings) as emulator:
        yield await _WeChat(emulator, people).reachable()


@asynccontextmanager
async def QQ_WEBHOOK(people: int) -> AsyncIterator[Stage]:  # noqa: N802 - a constant of the table
    settings = qq.EmulatorSettings(rate_limits=False, history=HISTORY, redelivery=(0.3, 0.5, 1.0, 2.0))
    async with qq.QQEmulator(settings=settings) as emulator:
        yield await _QQWebhook(emulator, people).reachable()
