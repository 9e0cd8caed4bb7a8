"""An emulated WeCom, and the adapter talking to it over real sockets."""

from collections.abc import AsyncIterator, Iterator
from functools import cache

import pytest
from wecom_rig import Rig, rigged

from imbridge.adapters.wecom import WeComAdapter
from imbridge.emulators.wecom import EmulatorSettings
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
    """Short waits; everything else as on the platform."""
    return EmulatorSettings(redelivery=(0.05, 0.1, 0.2))


@pytest.fixture
async def rig(settings: EmulatorSettings) -> AsyncIterator[Rig]:
    async with rigged(settings) as made:
        yield made


@pytest.fixture
async def adapter(rig: Rig) -> WeComAdapter:
    """Started, and known to the platform."""
    return await rig.start()
