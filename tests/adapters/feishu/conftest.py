"""An emulated Feishu, and the adapter talking to it over real sockets."""

from collections.abc import AsyncIterator

import pytest
from feishu_rig import Rig

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import Chat, EmulatorSettings, FeishuEmulator, User
from imbridge.transport import HttpPool


@pytest.fixture
def settings() -> EmulatorSettings:
    """Short waits, and more than five messages a second into one chat; everything else as on the platform."""
    return EmulatorSettings(redelivery=(0.05, 0.1, 0.2), reconnect_nonce=0, reconnect_interval=0, chat_rate=1000)


@pytest.fixture
async def rig(settings: EmulatorSettings) -> AsyncIterator[Rig]:
    async with FeishuEmulator(settings=settings) as feishu, HttpPool(trust_env=False) as pool:
        made = Rig(feishu, pool)
        yield made
        await made.close()


@pytest.fixture
async def adapter(rig: Rig) -> FeishuAdapter:
    """Started and connected."""
    return await rig.start()


@pytest.fixture
def bob(rig: Rig) -> User:
    return rig.feishu.add_user("Bob")


@pytest.fixture
def group(rig: Rig, bob: User) -> Chat:
    return rig.feishu.add_group("Team", members=[rig.alice, bob], apps=[rig.app])
