"""Fixtures of the QQ emulator's tests."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from qq_raw_api import Api, RawGateway

from imbridge.emulators.qq import Bot, Channel, EmulatorSettings, Group, Guild, QQEmulator, User


@pytest.fixture
def settings() -> EmulatorSettings:
    """Waits short enough for tests; everything else as on the platform."""
    return EmulatorSettings(rate_limits=False, redelivery=(0.05, 0.05))


@pytest.fixture
async def qq(settings: EmulatorSettings) -> AsyncIterator[QQEmulator]:
    async with QQEmulator(seed=1, settings=settings) as emulator:
        yield emulator


@pytest.fixture
def bot(qq: QQEmulator) -> Bot:
    return qq.add_bot("Demo Bot", app_id="102000001", secret="invented-secret")


@pytest.fixture
def alice(qq: QQEmulator, bot: Bot) -> User:
    return qq.add_user("Alice")


@pytest.fixture
def bob(qq: QQEmulator, bot: Bot) -> User:
    return qq.add_user("Bob")


@pytest.fixture
def group(qq: QQEmulator, bot: Bot, alice: User, bob: User) -> Group:
    return qq.add_group("Team", members=[alice, bob], bots=[bot])


@pytest.fixture
def guild(qq: QQEmulator, bot: Bot, alice: User, bob: User) -> Guild:
    return qq.add_guild("Guild", members=[alice, bob], bots=[bot])


@pytest.fixture
def channel(guild: Guild) -> Channel:
    return guild.add_channel("talk")


@pytest.fixture
async def api(qq: QQEmulator, bot: Bot, session: aiohttp.ClientSession) -> Api:
    return Api(session, qq, bot)


@pytest.fixture
async def link(qq: QQEmulator, bot: Bot, session: aiohttp.ClientSession) -> AsyncIterator[RawGateway]:
    """A connection that has identified."""
    opened = RawGateway(session, qq, bot)
    await opened.identify()
    yield opened
    await opened.close()
