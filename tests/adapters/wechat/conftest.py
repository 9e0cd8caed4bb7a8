"""An emulated Official Account platform, and the adapter talking to it over real sockets."""

from collections.abc import AsyncIterator, Iterator
from functools import cache

import pytest
from wechat_rig import Rig

from imbridge.emulators.wechat import EmulatorSettings, WeChatEmulator
from imbridge.transport import HttpPool
from imbridge.transport import http as pool_module


@pytest.fixture(autouse=True, scope="session")
def one_tls_context() -> Iterator[None]:
    """Loading the certificate authorities takes longer than most of these tests; nothing here is encrypted."""
    patch = pytest.MonkeyPatch()
    patch.setattr(pool_module, "verified_context", cache(pool_module.verified_context))
    yield
    patch.undo()


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
