"""Emulated WeCom platforms, and the adapters talking to them over real sockets."""

from collections.abc import AsyncIterator

import pytest
from wecom_bot_rig import BotRig
from wecom_corp_rig import CorpRig, corp_rig
from wecom_rig import Rig, rigged

from imbridge.adapters.wecom import WeComAdapter
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.robot.group_robot import GroupRobotAdapter
from imbridge.emulators.wecom import EmulatorSettings
from imbridge.emulators.wecom.bot import BotChat, BotEmulatorSettings, WeComBotEmulator
from imbridge.transport import HttpPool


@pytest.fixture
def settings() -> EmulatorSettings:
    """Short waits; everything else as on the platform."""
    return EmulatorSettings(redelivery=(0.05, 0.1, 0.2), verify_timeout=30.0)


@pytest.fixture
async def rig(settings: EmulatorSettings) -> AsyncIterator[Rig]:
    async with rigged(settings) as made:
        yield made


@pytest.fixture
async def adapter(rig: Rig) -> WeComAdapter:
    """Started, and known to the platform."""
    return await rig.start()


@pytest.fixture
def bot_settings() -> BotEmulatorSettings:
    """Short waits, and no rates; everything else as on the platform."""
    return BotEmulatorSettings(
        rate_limits=False, poll_seconds=0.02, callback_retries=(0.02, 0.02, 0.02), verify_seconds=30.0
    )


@pytest.fixture
async def bots(bot_settings: BotEmulatorSettings) -> AsyncIterator[BotRig]:
    async with WeComBotEmulator(settings=bot_settings) as platform, HttpPool(trust_env=False) as pool:
        made = BotRig(platform, pool)
        yield made
        await made.close()


@pytest.fixture
async def bot(bots: BotRig) -> BotAdapter:
    """Started and connected."""
    return await bots.start()


@pytest.fixture
def team(bots: BotRig) -> BotChat:
    return bots.platform.add_group("Team", members=[bots.alice], bots=[bots.bot])


@pytest.fixture
async def corp() -> AsyncIterator[CorpRig]:
    async with corp_rig() as rig:
        yield rig


@pytest.fixture
def robot(corp: CorpRig) -> GroupRobotAdapter:
    return corp.make_robot()
