"""An emulated DingTalk, and adapters talking to it over real sockets."""

from collections.abc import AsyncIterator

import pytest
from dingtalk_rig import FAST, Rig, rigged

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.emulators.dingtalk import EmulatorSettings, Group


@pytest.fixture
def settings() -> EmulatorSettings:
    return FAST


@pytest.fixture
async def rig(settings: EmulatorSettings) -> AsyncIterator[Rig]:
    async with rigged(settings) as made:
        yield made


@pytest.fixture
async def adapter(rig: Rig) -> DingTalkAdapter:
    """Started and connected."""
    return await rig.start()


@pytest.fixture
def team(rig: Rig) -> Group:
    """A group with Alice and the app's robot."""
    return rig.ding.add_group("Team", members=[rig.alice], apps=[rig.app])
