"""Fixtures of the WeCom emulator's tests."""

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from wecom_app_side import Client
from wecom_raw_api import Api

from imbridge.emulators.wecom import App, EmulatorSettings, User, WeComEmulator


@pytest.fixture
def settings() -> EmulatorSettings:
    """Waits short enough for tests; everything else as on the platform."""
    return EmulatorSettings(redelivery=(0.02, 0.02, 0.02), verify_timeout=30.0)


@pytest.fixture
async def wecom(settings: EmulatorSettings) -> AsyncIterator[WeComEmulator]:
    async with WeComEmulator(settings=settings) as emulator:
        yield emulator


@pytest.fixture
def app(wecom: WeComEmulator) -> App:
    return wecom.add_app("Demo", agent_id=1000002)


@pytest.fixture
def alice(wecom: WeComEmulator, app: App) -> User:
    return wecom.add_user("Alice", department=1, mobile="13800000001", email="alice@example.com")


@pytest.fixture
def bob(wecom: WeComEmulator, app: App) -> User:
    return wecom.add_user("Bob")


@pytest.fixture
def client(wecom: WeComEmulator, app: App) -> Iterator[Client]:
    opened = Client(wecom.base_url, app)
    yield opened
    opened.close()


@pytest.fixture
async def api(wecom: WeComEmulator, app: App) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(session, wecom.base_url, app)
