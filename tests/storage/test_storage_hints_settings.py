"""`hints` in the settings of a storage."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imbridge.cli.masking import masked
from imbridge.config import Settings
from imbridge.protocol import ConfigError
from imbridge.storage.core.storage import DatabaseStorage
from imbridge.storage.hints import BaseHints, RedisHints
from imbridge.storage.making import make_storage

OWN = """
from imbridge.storage.hints import BaseHints

class Half(BaseHints):
    async def open(self, name):
        pass

class MyHints(Half):
    def __init__(self, url="", port=0):
        self.url, self.port = url, port

    async def hear(self):
        pass

    async def say(self, names):
        pass

    async def close(self):
        pass
"""
POSTGRESQL = "storage: {url: 'postgresql://root@localhost/bot'"
MARIADB = "storage: {url: 'mariadb://root@localhost/bot'"
SQLITE = "storage: {path: bot.db, shared: true"


Read = Callable[..., Settings]


def hints(settings: Settings) -> Any:
    storage = make_storage(settings.storage)
    assert isinstance(storage, DatabaseStorage)
    assert storage._sharing is not None
    return None if storage._sharing._hinting is None else storage._sharing._hinting._hints


def test_postgresql_has_its_own_and_the_others_have_none(read: Read) -> None:
    assert hints(read(POSTGRESQL + "}")).where == "LISTEN at postgresql+asyncpg://root@localhost/bot"
    for text in (MARIADB, SQLITE, "storage: {url: 'mongodb://localhost/bot'"):
        assert hints(read(text + "}")) is None


@pytest.mark.parametrize("word", ["none", "false", "'none'"])
def test_none_are_wanted(read: Read, word: str) -> None:
    assert hints(read(f"{POSTGRESQL}, hints: {word}}}")) is None


@pytest.mark.parametrize("database", [POSTGRESQL, MARIADB, SQLITE, "storage: {url: 'mongodb://localhost/bot'"])
def test_redis_serves_every_database(read: Read, database: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("redis://me:hush@broker:6380/3\n")
    for text in ("hints: 'redis://me:hush@broker:6380/3'", "hints: '${HINTS}'", "hints_file: secret"):
        settings = read(f"{database}, {text}}}", HINTS="redis://me:hush@broker:6380/3")
        made = hints(settings)
        assert isinstance(made, RedisHints)
        assert made.where == "redis://broker:6380/3"
        for shown in (repr(settings), str(masked(settings, {})), repr(made), repr(vars(made))):
            assert "hush" not in shown


def test_a_class_of_ones_own(read: Read) -> None:
    for text in ("my_store:MyHints", "my_store.MyHints", "{type: 'my_store:MyHints'}"):
        made = hints(read(f"{MARIADB}, hints: '{text}'}}" if text[0] != "{" else f"{MARIADB}, hints: {text}}}"))
        assert isinstance(made, BaseHints)
        assert (type(made).__name__, made.where) == ("MyHints", "MyHints")
    settings = read(f"{MARIADB}, hints: {{type: 'my_store:MyHints', url: 'nats://me:hush@broker', port: 4222}}}}")
    assert (hints(settings).url, hints(settings).port) == ("nats://me:hush@broker", 4222)
    assert "hush" not in repr(settings.storage)
    assert "hush" not in str(masked(settings, {}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{MARIADB}, hints: 'my_store:Half'}}", "storage: hints: my_store:Half lacks close, hear, say"),
        (f"{MARIADB}, hints: 'my_store:Nobody'}}", "hints: my_store:Nobody cannot be loaded"),
        (f"{MARIADB}, hints: 'pathlib:Path'}}", "is no class derived from imbridge.storage.hints.BaseHints"),
        (f"{MARIADB}, hints: {{type: 'my_store:MyHints', urls: x}}}}", "does not take these settings"),
        (f"{MARIADB}, hints: 'redis://me:hush@broker:port'}}", "hints: this is no URL of Redis"),
        (f"{MARIADB}, shared: false, hints: 'redis://me:hush@broker'}}", "set shared to true"),
        ("storage: {path: bot.db, hints: 'redis://me:hush@broker'}", "set shared to true"),
    ],
)
def test_what_cannot_be_made_is_said_with_its_place(read: Read, text: str, why: str) -> None:
    settings = read(text)
    with pytest.raises(ConfigError, match=why) as raised:
        make_storage(settings.storage)
    assert "imbridge.yaml:1" in str(raised.value)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("given", ["nats://me:hush@broker", "5", "true", "[one]", "{url: 'redis://me:hush@broker'}"])
def test_what_is_no_hints_is_said_when_it_is_read(read: Read, given: str) -> None:
    given = f"'{given}'" if given.startswith("nats") else given
    with pytest.raises(ConfigError, match="hints: expected a URL of Redis") as raised:
        read(f"{MARIADB}, hints: {given}}}")
    assert "hush" not in str(raised.value)


def test_without_the_package_it_is_said_what_to_install(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "imbridge.storage.hints.redis", raising=False)
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    settings = read(f"{MARIADB}, hints: 'redis://broker'}}")
    with pytest.raises(ConfigError, match=r"pip install 'imbridge\[redis\]'"):
        make_storage(settings.storage)
