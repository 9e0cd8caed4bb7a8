"""An emulated Official Account platform, and the adapter talking to it over real sockets."""

from collections.abc import AsyncIterator

import pytest
from wechat_rig import Rig

from imbridge.emulators.wechat import EmulatorSettings, WeChatEmulator
from imbridge.transport import HttpPool


@pytest.fixture
def settings() -> EmulatorSettings:
    """More customer-service messages than the platform allows; everything else as there."""
    return EmulatorSettings(message_quota=1000)


@pytest.fixture
def mode() -> str:
    """How the account's callbacks come."""
    return "encrypted"


@pytest.fixture
async def rig(settings: EmulatorSettings, mode: str) -> AsyncIterator[Rig]:
    async with WeChatEmulator(settings=settings) as wechat, HttpPool(trust_env=False) as pool:
        made = Rig(wechat, pool, mode)
        yield made
        await made.close()
