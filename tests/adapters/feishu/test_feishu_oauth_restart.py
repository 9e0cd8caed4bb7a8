"""What people have granted, over a restart: it is where the messages are."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from feishu_people import authorise, make_old
from feishu_rig import Rig

from imbridge import Bridge
from imbridge.adapters.feishu import FeishuAdapter, KeptUserTokens
from imbridge.adapters.kept_tokens import MemoryTokens
from imbridge.protocol import ConfigError, ImbridgeError, NotPermittedError
from imbridge.storage import BaseStorage, MemoryStorage, SqlStorage


@asynccontextmanager
async def process(rig: Rig, storage: BaseStorage) -> AsyncIterator[FeishuAdapter]:
    """A bridge with one account, which is told to nobody how it ended."""
    async with Bridge([rig.make().config], storage=storage) as bridge:
        adapter = bridge.adapter("feishu:work")
        assert isinstance(adapter, FeishuAdapter)
        yield adapter


async def test_people_need_not_authorise_again(rig: Rig, tmp_path: Path) -> None:
    async with process(rig, SqlStorage(tmp_path / "bot.db")) as adapter:
        token = await authorise(rig, adapter)
        await make_old(adapter, token)
    asked = rig.feishu.stats.user_token_requests
    async with process(rig, SqlStorage(tmp_path / "bot.db")) as adapter:
        value = await adapter.oauth.token(token.open_id)
        assert value != token.access_token.get_secret_value()  # it was renewed, which takes the refresh token
        assert rig.feishu.stats.user_token_requests == asked + 1
    async with process(rig, SqlStorage(tmp_path / "bot.db")) as adapter:
        assert await adapter.oauth.token(token.open_id) == value  # and what it was renewed to is there, too
        await adapter.oauth.forget(token.open_id)
    async with process(rig, SqlStorage(tmp_path / "bot.db")) as adapter:
        with pytest.raises(NotPermittedError, match="has not authorised"):
            await adapter.oauth.token(token.open_id)


async def test_with_keys_nobody_reads_them(rig: Rig, tmp_path: Path) -> None:
    keys = [Fernet.generate_key().decode()]
    async with process(rig, SqlStorage(tmp_path / "bot.db", keys=keys)) as adapter:
        token = await authorise(rig, adapter)
    secrets = [token.access_token.get_secret_value()]
    assert token.refresh_token is not None
    secrets.append(token.refresh_token.get_secret_value())
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240 - nobody waits here
    assert written
    assert not [one for one in secrets if one.encode() in written]
    async with process(rig, SqlStorage(tmp_path / "bot.db", keys=keys)) as adapter:
        assert await adapter.oauth.token(token.open_id) == secrets[0]
    async with process(rig, SqlStorage(tmp_path / "bot.db")) as adapter:  # the key is forgotten
        with pytest.raises(ImbridgeError, match="no key is configured"):
            await adapter.oauth.token(token.open_id)


async def test_in_memory_they_end_with_the_process(rig: Rig) -> None:
    async with process(rig, MemoryStorage()) as adapter:
        token = await authorise(rig, adapter)
        assert await adapter.oauth.token(token.open_id)
    async with process(rig, MemoryStorage()) as adapter:
        with pytest.raises(NotPermittedError, match="has not authorised"):
            await adapter.oauth.token(token.open_id)


class _Ends(MemoryTokens):
    """Notes until when each is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float | None] = []

    async def put(self, kind: str, name: str, value: Any, *, expires_at: float | None = None) -> None:
        self.ends.append(expires_at)
        await super().put(kind, name, value, expires_at=expires_at)


async def test_they_are_kept_for_as_long_as_they_can_be_renewed(rig: Rig) -> None:
    adapter = rig.make()
    token = await authorise(rig, adapter)
    kept, now = _Ends(), datetime.now(UTC)
    store = KeptUserTokens(kept)
    ends = {"expires_at": now, "refresh_expires_at": now + timedelta(days=365)}
    await store.put("feishu:work", token.model_copy(update=ends))
    await store.put("feishu:work", token.model_copy(update=ends | {"refresh_token": None}))
    await store.put("feishu:work", token.model_copy(update=ends | {"refresh_expires_at": None}))
    year, short, never = kept.ends
    assert year is not None
    assert short is not None
    assert never is None
    assert year - short == 365 * 86_400
    assert short >= now.timestamp()


async def test_what_is_no_token_is_told_and_not_shown(rig: Rig) -> None:
    kept = MemoryTokens()
    await kept.put("user_token", "feishu:work/ou_1", {"access_token": "canary"})
    with pytest.raises(ConfigError, match="is no token of a person") as told:
        await KeptUserTokens(kept).get("feishu:work", "ou_1")
    assert "canary" not in str(told.value)
