"""Where people's tokens are kept: in memory and in files; what shows them, and what does not."""

import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from imbridge.adapters.feishu.authorisation.oauth import Authorized
from imbridge.adapters.feishu.authorisation.user_token import (
    FileUserTokens,
    KeptUserTokens,
    MemoryUserTokens,
    UserToken,
)
from imbridge.adapters.kept_tokens import MemoryTokens
from imbridge.protocol import ConfigError

TOKEN = UserToken(
    open_id="ou_1", name="Alice", scopes=("a:b",), access_token=SecretStr("canary-access"),
    expires_at=datetime(2030, 1, 2, tzinfo=UTC), renew_at=datetime(2030, 1, 1, tzinfo=UTC),
    refresh_token=SecretStr("canary-refresh"),
)  # fmt: skip


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_nothing_shows_a_token() -> None:
    shown = [repr(TOKEN), str(TOKEN), TOKEN.model_dump_json(), str(TOKEN.model_dump()), repr(Authorized(TOKEN))]
    assert not [one for one in shown if "canary" in one]
    assert b"canary-refresh" in TOKEN.revealed()


@pytest.mark.parametrize(
    "make",
    [lambda path: MemoryUserTokens(), lambda path: KeptUserTokens(MemoryTokens()), FileUserTokens],
    ids=["memory", "kept", "files"],
)
class TestStores:
    async def test_put_get_delete(self, make: Callable[[Path], Any], tmp_path: Path) -> None:
        store = make(tmp_path / "tokens")
        assert await store.get("feishu:work", "ou_1") is None
        await store.put("feishu:work", TOKEN)
        await store.put("feishu:work", TOKEN.model_copy(update={"name": "Alicia", "refresh_token": None}))
        found = await store.get("feishu:work", "ou_1")
        assert found == TOKEN.model_copy(update={"name": "Alicia", "refresh_token": None})
        assert await store.get("feishu:other", "ou_1") is None
        assert await store.get("feishu:work", "ou_2") is None
        await store.delete("feishu:work", "ou_1")
        await store.delete("feishu:work", "ou_1")
        assert await store.get("feishu:work", "ou_1") is None

    @pytest.mark.parametrize("strange", ["../../x", "a/b", "..", "", "é@x", "a\x00b"])
    async def test_any_id(self, make: Callable[[Path], Any], tmp_path: Path, strange: str) -> None:
        folder = tmp_path / "deep" / "tokens"
        store = make(folder)
        await store.put("feishu:work", TOKEN.model_copy(update={"open_id": strange}))
        found = await store.get("feishu:work", strange)
        assert found is not None
        assert found.open_id == strange
        assert len(files_in(folder)) == isinstance(store, FileUserTokens)
        assert files_in(tmp_path) == files_in(folder)


class TestFiles:
    @pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
    async def test_for_the_owner_only(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            await FileUserTokens(tmp_path / "tokens").put("feishu:work", TOKEN)
        finally:
            os.umask(old)
        (file,) = files_in(tmp_path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700

    async def test_another_process_sees_it(self, tmp_path: Path) -> None:
        await FileUserTokens(str(tmp_path)).put("feishu:work", TOKEN)
        assert await FileUserTokens(tmp_path).get("feishu:work", "ou_1") == TOKEN

    async def test_a_write_that_fails_leaves_the_old_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        store = FileUserTokens(tmp_path)
        await store.put("feishu:work", TOKEN)

        def fail(*args: Any) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="disk full"):
            await store.put("feishu:work", TOKEN.model_copy(update={"name": "new"}))
        assert await store.get("feishu:work", "ou_1") == TOKEN
        assert len(files_in(tmp_path)) == 1

    @pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"open_id": "canary"', '{"access_token": "canary"}'])
    async def test_a_file_that_is_none_of_ours(self, tmp_path: Path, content: str) -> None:
        store = FileUserTokens(tmp_path)
        await store.put("feishu:work", TOKEN)
        (file,) = files_in(tmp_path)
        file.write_text(content)
        with pytest.raises(ConfigError, match="holds no token") as caught:
            await store.get("feishu:work", "ou_1")
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None

    async def test_it_is_json(self, tmp_path: Path) -> None:
        await FileUserTokens(tmp_path).put("feishu:work", TOKEN)
        (file,) = files_in(tmp_path)
        assert json.loads(file.read_text())["name"] == "Alice"
