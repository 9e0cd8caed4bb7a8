"""Fixtures of the DingTalk emulator's tests."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from dingtalk_raw_api import Api
from dingtalk_raw_stream import RawStream, until

from imbridge.emulators.dingtalk import App, DingTalkEmulator, EmulatorSettings, Group, User


@pytest.fixture
def settings() -> EmulatorSettings:
    """An event comes a second time soon, a third time never; everything else as on the platform."""
    return EmulatorSettings(redelivery=(0.1, 600.0), disconnect_linger=0.05)


@pytest.fixture
async def ding(settings: EmulatorSettings) -> AsyncIterator[DingTalkEmulator]:
    async with DingTalkEmulator(seed=1, settings=settings) as emulator:
        yield emulator


@pytest.fixture
def app(ding: DingTalkEmulator) -> App:
    return ding.add_app("Demo Bot", client_id="dingdemo", client_secret="invented-secret")


@pytest.fixture
def alice(ding: DingTalkEmulator, app: App) -> User:
    return ding.add_user("Alice", mobile="13800000001")


@pytest.fixture
def bob(ding: DingTalkEmulator, app: App) -> User:
    return ding.add_user("Bob", mobile="13800000002")


@pytest.fixture
def group(ding: DingTalkEmulator, app: App, alice: User, bob: User) -> Group:
    return ding.add_group("Team", members=[alice, bob], apps=[app])


@pytest.fixture
async def api(ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession) -> Api:
    return Api(session, ding.base_url, app)


@pytest.fixture
async def link(ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession) -> AsyncIterator[RawStream]:
    opened = await RawStream.open(session, ding.base_url, app)
    await until(lambda: ding.connections(app) == 1)
    yield opened
    await opened.close()
