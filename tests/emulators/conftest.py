"""Fixtures for the emulators' tests."""

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import aiohttp
import pytest
from feishu_raw_client import Bot

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User


@pytest.fixture
def settings() -> EmulatorSettings:
    """Waits short enough for tests; who stands still for a moment has time enough to acknowledge."""
    return EmulatorSettings(ack_timeout=20.0, redelivery=(0.05, 0.1), reconnect_nonce=0, reconnect_interval=1)


@pytest.fixture
async def feishu(settings: EmulatorSettings) -> AsyncIterator[FeishuEmulator]:
    async with FeishuEmulator(settings=settings) as emulator:
        yield emulator


@pytest.fixture
def app(feishu: FeishuEmulator) -> App:
    return feishu.add_app("cli_demo", "s3cret", name="Demo Bot", verification_token="vt")


@pytest.fixture
def alice(feishu: FeishuEmulator, app: App) -> User:
    return feishu.add_user("Alice")


@pytest.fixture
def chat(feishu: FeishuEmulator, alice: User, app: App) -> Chat:
    return feishu.private_chat(alice, app)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def bot(feishu: FeishuEmulator, app: App, session: aiohttp.ClientSession) -> AsyncIterator[Bot]:
    raw = Bot(session, feishu.base_url, app.app_id, app.app_secret)
    yield raw
    await raw.close()


@pytest.fixture
def halted(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The clock by which rates are counted stands still, and goes on by so many seconds when it is called."""
    now = [1000.0]
    monkeypatch.setattr("imbridge.emulators.common.rates.time", SimpleNamespace(monotonic=lambda: now[0]))

    def go_on(seconds: float) -> None:
        now[0] += seconds

    return go_on
