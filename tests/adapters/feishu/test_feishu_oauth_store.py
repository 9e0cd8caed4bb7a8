"""People's tokens in a store that is slow: each is written once, and the newest is what stays."""

import asyncio

import pytest
from contract import until
from feishu_people import authorise, make_old
from feishu_rig import Rig

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.authorisation import oauth
from imbridge.adapters.feishu.authorisation.user_token import MemoryUserTokens, UserToken
from imbridge.emulators.feishu import EmulatorSettings


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(rate_limits=False)


@pytest.fixture
async def adapter(rig: Rig) -> FeishuAdapter:
    """Not started: people's tokens need no connection."""
    return rig.make()


class Gated(MemoryUserTokens):
    """Writes wait while it is closed, and go on when whoever waits for them gives up, as in a thread."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[asyncio.Event] = []
        self.closed = False
        self.written: list[UserToken] = []

    async def put(self, account: str, token: UserToken) -> None:
        if self.closed:
            gate = asyncio.Event()
            self.waiting.append(gate)
            await asyncio.shield(asyncio.create_task(self._write(gate, account, token)))
        else:
            await self._now(account, token)

    async def _write(self, gate: asyncio.Event, account: str, token: UserToken) -> None:
        await gate.wait()
        await self._now(account, token)

    async def _now(self, account: str, token: UserToken) -> None:
        self.written.append(token)
        await super().put(account, token)


async def test_one_write_for_all_who_wait(rig: Rig, adapter: FeishuAdapter) -> None:
    store = adapter.oauth.store = Gated()
    old = await authorise(rig, adapter)
    await make_old(adapter, old, expires_in=-1)
    store.written.clear()
    store.closed = True
    first = asyncio.create_task(adapter.oauth.token(old.open_id))
    await until(lambda: store.waiting)
    others = [asyncio.create_task(adapter.oauth.token(old.open_id)) for _ in range(10)]
    await until(lambda: len(adapter.oauth._work) > len(others))
    store.closed = False
    for gate in store.waiting:
        gate.set()
    values = {await one for one in (first, *others)}
    assert len(values) == 1
    assert len(store.written) == 1


async def test_a_new_authorisation_is_not_overwritten_by_a_refresh_of_the_old_one(
    rig: Rig, adapter: FeishuAdapter
) -> None:
    old = await authorise(rig, adapter)
    await make_old(adapter, old, expires_in=-1)
    rig.feishu.faults.http_delay("*/oauth/token", 0.3)
    refreshing = asyncio.create_task(adapter.oauth.token(old.open_id))
    await until(lambda: adapter.oauth._renewing)
    new = await authorise(rig, adapter, "calendar:calendar:readonly")
    await refreshing
    kept = await adapter.oauth.store.get(adapter.key, old.open_id)
    assert kept is not None
    assert kept.refresh_token == new.refresh_token
    assert "calendar:calendar:readonly" in kept.scopes


async def test_a_store_that_hangs_does_not_keep_the_account_from_closing(
    rig: Rig, adapter: FeishuAdapter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(oauth, "_CLOSING", 0.05)
    store = adapter.oauth.store = Gated()
    store.closed = True
    finishing = asyncio.create_task(authorise(rig, adapter))
    await until(lambda: store.waiting)
    async with asyncio.timeout(10):
        await adapter.oauth.close()
    assert "1 token" in caplog.text
    with pytest.raises(asyncio.CancelledError):
        await finishing
    store.waiting[0].set()
    await until(lambda: store.written)
