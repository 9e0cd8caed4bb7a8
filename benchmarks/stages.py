"""The platforms on which an echo is measured: an emulator, people who talk, and the clients that answer."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from imbridge.emulators import dingtalk, feishu, qq

APP_ID, APP_SECRET = "cli_bench", "bench-secret"
QQ_APP_ID = "102000001"
PATIENCE = 60.0
"""Seconds for an answer; what takes longer is lost."""


class Stage(ABC):
    """An emulator that runs, with people on it.

    Attributes:
        environ: What the client has to know.
    """

    environ: Mapping[str, str]

    @abstractmethod
    def connected(self) -> bool:
        """Whether the client is there."""

    @abstractmethod
    async def exchange(self, number: int, text: str) -> None:
        """Person `number` says something and waits until it comes back."""

    @abstractmethod
    def violations(self) -> Sequence[Any]:
        """The platform's rules that were broken."""


@dataclass(frozen=True)
class Platform:
    """What is compared on a platform.

    Attributes:
        title: Its name, for people.
        clients: Modules, by what they are called; `minimal`, `imbridge`, and the official SDK's.
        sdk: Which of them is the official SDK's.
        stage: Starts the emulator with so many people.
    """

    title: str
    clients: Mapping[str, str]
    sdk: str
    stage: Callable[[int], AbstractAsyncContextManager[Stage]]


class _Feishu(Stage):
    def __init__(self, emulator: feishu.FeishuEmulator, conversations: int) -> None:
        self._emulator = emulator
        self._app = emulator.add_app(name="Bench", app_id=APP_ID, app_secret=APP_SECRET)
        self._people = [emulator.add_user(f"user{n}") for n in range(conversations)]
        self._chats = [emulator.private_chat(person, self._app) for person in self._people]
        self.environ = {
            "FEISHU_BASE_URL": emulator.base_url, "FEISHU_APP_ID": APP_ID, "FEISHU_APP_SECRET": APP_SECRET,
        }  # fmt: skip

    def connected(self) -> bool:
        return bool(self._emulator.connections(self._app))

    async def exchange(self, number: int, text: str) -> None:
        person, chat = self._people[number], self._chats[number]
        await person.says(text, chat=chat)
        await person.receives(text, chat=chat, timeout=PATIENCE)

    def violations(self) -> Sequence[Any]:
        return self._emulator.violations


class _DingTalk(Stage):
    def __init__(self, emulator: dingtalk.DingTalkEmulator, conversations: int) -> None:
        self._emulator = emulator
        self._app = emulator.add_app("Bench", client_id=APP_ID, client_secret=APP_SECRET)
        self._people = [emulator.add_user(f"user{n}") for n in range(conversations)]
        self.environ = {
            "DINGTALK_BASE_URL": emulator.base_url, "DINGTALK_CLIENT_ID": APP_ID, "DINGTALK_CLIENT_SECRET": APP_SECRET,
        }  # fmt: skip

    def connected(self) -> bool:
        return bool(self._emulator.connections(self._app))

    async def exchange(self, number: int, text: str) -> None:
        person = self._people[number]
        await person.says(text, app=self._app)
        await person.receives(text, app=self._app, timeout=PATIENCE)

    def violations(self) -> Sequence[Any]:
        return self._emulator.violations


class _QQ(Stage):
    def __init__(self, emulator: qq.QQEmulator, conversations: int) -> None:
        self._emulator = emulator
        self._bot = emulator.add_bot("Bench", app_id=QQ_APP_ID, secret=APP_SECRET)
        self._people = [emulator.add_user(f"user{n}") for n in range(conversations)]
        self.environ = {
            "QQ_API_BASE_URL": emulator.base_url, "QQ_TOKEN_URL": emulator.token_url, "QQ_APP_ID": QQ_APP_ID,
            "QQ_SECRET": APP_SECRET,
        }  # fmt: skip

    def connected(self) -> bool:
        return bool(self._emulator.connections(self._bot))

    async def exchange(self, number: int, text: str) -> None:
        person = self._people[number]
        await person.says(text, bot=self._bot)
        await person.receives(text, bot=self._bot, timeout=PATIENCE)

    def violations(self) -> Sequence[Any]:
        return self._emulator.violations


@asynccontextmanager
async def _feishu(conversations: int) -> AsyncIterator[Stage]:
    settings = feishu.EmulatorSettings(rate_limits=False, reconnect_nonce=0, history=2000)
    async with feishu.FeishuEmulator(settings=settings) as emulator:
        yield _Feishu(emulator, conversations)


@asynccontextmanager
async def _dingtalk(conversations: int) -> AsyncIterator[Stage]:
    settings = dingtalk.EmulatorSettings(rate_limits=False, history=2000)
    async with dingtalk.DingTalkEmulator(settings=settings) as emulator:
        yield _DingTalk(emulator, conversations)


@asynccontextmanager
async def _qq(conversations: int) -> AsyncIterator[Stage]:
    settings = qq.EmulatorSettings(rate_limits=False, history=2000)
    async with qq.QQEmulator(settings=settings) as emulator:
        yield _QQ(emulator, conversations)


FEISHU = Platform(
    "Feishu",
    {
        "minimal": "benchmarks.clients.minimal",
        "imbridge": "benchmarks.clients.bridge",
        "lark_oapi": "benchmarks.clients.lark",
    },
    "lark_oapi",
    _feishu,
)
DINGTALK = Platform(
    "DingTalk",
    {
        "minimal": "benchmarks.dingtalk.by_hand",
        "imbridge": "benchmarks.dingtalk.bridge",
        "dingtalk_stream": "benchmarks.dingtalk.official",
    },
    "dingtalk_stream",
    _dingtalk,
)
QQ = Platform(
    "QQ",
    {
        "minimal": "benchmarks.qq.by_hand",
        "imbridge": "benchmarks.qq.bridge",
        "botpy": "benchmarks.qq.official",
    },
    "botpy",
    _qq,
)
