"""The first setup: the console takes trusted addresses only once the callback URL is verified."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from contract import RecordingIntake, until
from pydantic import SecretStr
from served import served

from imbridge.adapters.base import AdapterContext, Health
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.emulators.wecom import EmulatorSettings, WeComEmulator
from imbridge.protocol import NotPermittedError
from imbridge.transport import HttpPool, WebhookApp


@pytest.fixture
async def wecom() -> AsyncIterator[WeComEmulator]:
    async with WeComEmulator(settings=EmulatorSettings(verify_timeout=30.0)) as emulator:
        yield emulator


@pytest.fixture
async def adapter(wecom: WeComEmulator) -> AsyncIterator[WeComAdapter]:
    app = wecom.add_app("Demo")
    config = WeComConfig(
        name="work", corp_id=app.corp_id, secret=SecretStr(app.secret), agent_id=app.agent_id,
        token=SecretStr(app.token), aes_key=SecretStr(app.aes_key), base_url=wecom.base_url,
    )  # fmt: skip
    async with HttpPool(trust_env=False) as pool:
        made = WeComAdapter(config, AdapterContext(RecordingIntake(), pool))
        yield made
        await made.close()


async def test_the_callback_url_is_verified_before_our_address_is_trusted(wecom, adapter) -> None:
    (app,) = wecom.world.apps.values()
    distrusted = wecom.faults.distrust(times=None)
    starting = asyncio.create_task(adapter.start())
    await until(lambda: adapter.health is Health.DOWN, "the refusal")
    async with served(WebhookApp(adapter.routes())) as url:
        await wecom.set_callback(app, f"{url}/wecom/work")  # raises when the address does not answer
    assert not starting.done()
    distrusted.clear()
    await starting
    assert adapter.health is Health.UP


async def test_an_app_without_callbacks_is_needed_by_nobody_for_that(wecom, adapter) -> None:
    sends_only = adapter.settings.model_copy(update={"token": None, "aes_key": None})
    other = WeComAdapter(sends_only, adapter.context)
    with wecom.faults.distrust(times=None), pytest.raises(NotPermittedError, match="Trusted IP"):
        await other.start()
    assert other.health is Health.FAILED
    await other.close()
