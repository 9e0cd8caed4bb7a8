"""Fixtures of the tests of the emulator of WeCom's smart bots."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from wecom_bot_address import Address, serving
from wecom_bot_raw import RawClient

from imbridge.emulators.wecom.bot import Bot, BotEmulatorSettings, BotUser, WeComBotEmulator


@pytest.fixture
def bot_settings() -> BotEmulatorSettings:
    return BotEmulatorSettings()


@pytest.fixture
async def platform(bot_settings: BotEmulatorSettings) -> AsyncIterator[WeComBotEmulator]:
    async with WeComBotEmulator(settings=bot_settings) as emulator:
        yield emulator


@pytest.fixture
def smart(platform: WeComBotEmulator) -> Bot:
    return platform.add_bot("Bot")


@pytest.fixture
def alice(platform: WeComBotEmulator) -> BotUser:
    return platform.add_user("Alice")


@pytest.fixture
async def raw(platform: WeComBotEmulator, smart: Bot, session: aiohttp.ClientSession) -> RawClient:
    return await RawClient.open(session, platform.ws_url, smart)


@pytest.fixture
async def address(smart: Bot) -> AsyncIterator[Address]:
    async with serving(smart) as made:
        yield made


@pytest.fixture
async def called(platform: WeComBotEmulator, smart: Bot, address: Address) -> Address:
    await platform.set_callback(smart, address.url)
    return address
