"""An emulated QQ, and adapters talking to it over real sockets."""

from collections.abc import AsyncIterator

import pytest
from qq_rig import FAST, Rig, rigged

from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import EmulatorSettings, Group


@pytest.fixture
def settings() -> EmulatorSettings:
    """Short waits, and no rates; everything else as on the platform."""
    return FAST


@pytest.fixture
async def rig(settings: EmulatorSettings) -> AsyncIterator[Rig]:
    async with rigged(settings) as made:
        yield made


@pytest.fixture
async def adapter(rig: Rig) -> QQAdapter:
    """Started and connected."""
    return await rig.start()


@pytest.fixture
def team(rig: Rig) -> Group:
    """A group with Alice and the bot."""
    return rig.qq.add_group("Team", members=[rig.alice], bots=[rig.bot])
