"""An app's access token over a restart: kept where it is encrypted, and nowhere else."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from imbridge import Bridge, FeishuConfig
from imbridge.adapters.noted_token import NotedToken
from imbridge.adapters.notes import MemoryNotes
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.storage import SqlStorage
from imbridge.transport.tokens import TokenSource


class Sealed(MemoryNotes):
    """Notes that nobody can read."""

    @property
    def encrypted(self) -> bool:
        return True


class Platform:
    """Gives another token at each request."""

    def __init__(self, lifetime: float = 7200.0) -> None:
        self.lifetime = lifetime
        self.asked = 0

    async def __call__(self) -> tuple[str, float]:
        self.asked += 1
        return f"token-{self.asked}", self.lifetime


def source(platform: Platform, notes: MemoryNotes, *secrets: str) -> TokenSource:
    return TokenSource(platform, keeper=NotedToken(notes, "app", *(secrets or ("id", "secret"))), backoff=0.01)


async def test_a_restart_asks_for_none() -> None:
    platform, notes = Platform(), Sealed()
    assert await source(platform, notes).get() == "token-1"
    assert await source(platform, notes).get() == "token-1"
    assert platform.asked == 1


async def test_one_of_another_secret_is_not_taken() -> None:
    platform, notes = Platform(), Sealed()
    await source(platform, notes, "id", "old").get()
    assert await source(platform, notes, "id", "new").get() == "token-2"


async def test_one_that_is_refused_is_fetched_anew_and_forgotten() -> None:
    platform, notes = Platform(), Sealed()
    await source(platform, notes).get()
    second = source(platform, notes)
    assert await second.get() == "token-1"
    second.invalidate("token-1")
    assert await notes.all("app_token") == {}
    assert await second.get() == "token-2"
    assert await source(platform, notes).get() == "token-2"


@pytest.mark.parametrize("lifetime", [60.0, 599.0])
async def test_one_that_is_nearly_over_saves_nothing(lifetime: float) -> None:
    platform, notes = Platform(lifetime), Sealed()
    await source(platform, notes).get()
    assert await source(platform, notes).get() == "token-2"


async def test_it_lasts_as_long_as_the_platform_said() -> None:
    platform, notes = Platform(1000.0), Sealed()
    await source(platform, notes).get()
    note = (await notes.all("app_token"))["app"]
    notes.put("app_token", "app", note | {"until": time.time() + 700})
    second = source(platform, notes)
    await second.get()
    assert second._token is not None
    assert 0 < second._token.expires_at - time.monotonic() <= 700


@pytest.mark.parametrize("note", [None, "x", {}, {"value": "v", "of": "x"}, {"value": "v", "of": "x", "until": "soon"}])
async def test_what_is_none_is_left_alone(note: object) -> None:
    platform, notes = Platform(), Sealed()
    notes.put("app_token", "app", note)
    assert await source(platform, notes).get() == "token-1"


async def test_what_others_could_read_is_not_written() -> None:
    platform, notes = Platform(), MemoryNotes()
    await source(platform, notes).get()
    assert await notes.all("app_token") == {}
    assert await source(platform, notes).get() == "token-2"


@pytest.fixture
async def feishu() -> AsyncIterator[FeishuEmulator]:
    async with FeishuEmulator() as emulator:
        yield emulator


@pytest.mark.parametrize("with_keys", [True, False])
async def test_a_bridge_that_comes_back(feishu: FeishuEmulator, tmp_path: Path, with_keys: bool) -> None:
    app = feishu.add_app()
    keys = [Fernet.generate_key().decode()] if with_keys else []
    for _ in range(2):
        config = FeishuConfig(name="work", app_id=app.app_id, app_secret=app.app_secret, base_url=feishu.base_url)
        async with Bridge([config], storage=SqlStorage(tmp_path / "bot.db", keys=keys)) as bridge:
            assert bridge.health()["feishu:work"].value == "up"
    assert feishu.stats.token_requests == (1 if with_keys else 2)
