"""An emulated QQ, and adapters talking to it over real sockets."""

from collections.abc import AsyncIterator, Iterator
from functools import cache

import pytest
from qq_rig import FAST, Rig, rigged

from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import EmulatorSettings, Group
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
