"""`storage:` in a file, and in the environment."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imbridge.cli.masking import masked
from imbridge.config import Settings
from imbridge.config.load import load_storage
from imbridge.config.storage import DatabaseOptions
from imbridge.protocol import ConfigError
from imbridge.storage import BaseStorage, MemoryStorage, SqlStorage
from imbridge.storage.making import make_storage

OWN = """
from imbridge.storage import MemoryStorage, BaseStorage

class MyStorage(MemoryStorage):
    def __init__(self, dsn, pool=1):
        super().__init__()
        self.dsn, self.pool = dsn, pool

class Half(BaseStorage):
    async def open(self):
        pass

class Awaited(MemoryStorage):
    async def add_inbound(self, entry):
        return True

    async def finish_inbound(self, entry):
        pass
"""


Read = Callable[..., Settings]


def made(settings: Settings) -> BaseStorage:
    return make_storage(settings.storage)


def where(settings: Settings) -> str:
    storage = made(settings)
    assert isinstance(storage, SqlStorage)
    return storage._database.url.render_as_string(hide_password=False)


def test_a_file_of_the_user_is_the_default(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    if sys.platform == "linux":
        for text in ("bridge: {}", "bridge: {durability: durable}"):
            assert where(read(text)) == f"sqlite+aiosqlite:///{tmp_path}/share/imbridge/imbridge.db"
    assert not (tmp_path / "share").exists()


def test_nothing_is_kept_where_somebody_says_so(read: Read) -> None:
    assert isinstance(made(read("storage: memory")), MemoryStorage)
    assert isinstance(made(read("", IMBRIDGE_STORAGE="memory")), MemoryStorage)
    for storage in ("", "storage: {type: sqlite, path: x.db}", "storage: mysql://root@localhost/bot"):
        assert isinstance(made(read(f"bridge: {{durability: memory}}\n{storage}")), MemoryStorage)
        assert isinstance(made(read(storage, IMBRIDGE_DURABILITY="Memory")), MemoryStorage)
    assert masked(read("storage: memory"), {})["storage"] == "memory"


def test_the_storage_is_known_whatever_else_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "imbridge.yaml"
    path.write_text("bridge: {durability: memory, grice: 3}\nchannels: {nobody: {}}")
    assert not load_storage(path, environ={}).keeps
    path.write_text("bridge: {grace: much}\nchannels: {nobody: {}}")
    assert load_storage(path, environ={}).keeps
    assert not load_storage(path, environ={"IMBRIDGE_DURABILITY": "memory"}).keeps
    path.write_text("bridge: {durability: maybe}")
    with pytest.raises(ConfigError, match=r"imbridge.yaml:1: bridge.durability: .*'durable' or 'memory'"):
        load_storage(path, environ={})


def test_a_file(read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert where(read("storage: data/bot.db")) == f"sqlite+aiosqlite:///{tmp_path}/data/bot.db"
    assert where(read("storage: {type: sqlite, path: /data/bot.db}")) == "sqlite+aiosqlite:////data/bot.db"
    if sys.platform == "linux":
        for text in ("storage: sqlite", "storage: {type: sqlite}"):
            assert where(read(text)) == f"sqlite+aiosqlite:///{tmp_path}/share/imbridge/imbridge.db"


@pytest.mark.parametrize("key", ["dsn", "url", "uri"])
def test_a_server(read: Read, key: str) -> None:
    text = f"storage: {{type: postgresql, {key}: 'postgres://user:pass@pg-host:5432/bot', pool_size: 20}}"
    settings = read(text)
    assert where(settings) == "postgresql+asyncpg://user:pass@pg-host:5432/bot"
    assert settings.storage is not None
    assert settings.storage.database is not None
    assert settings.storage.database.pool_size == 20
    assert "pass@" not in repr(settings)
    assert "pass@" not in str(masked(settings, {}))


def test_from_the_environment(read: Read) -> None:
    assert where(read("", IMBRIDGE_STORAGE="mysql://root@localhost/bot")) == "mysql+asyncmy://root@localhost/bot"
    assert isinstance(made(read("storage: memory", IMBRIDGE_STORAGE="mysql://root@localhost/bot")), MemoryStorage)
    assert where(read("storage: '${DB}'", DB="mariadb://root@localhost/bot")).startswith("mariadb+asyncmy")


@pytest.mark.parametrize("name", ["my_store.MyStorage", "my_store:MyStorage"])
def test_a_class_of_ones_own_with_its_settings(read: Read, name: str) -> None:
    settings = read(f"storage: {{type: '{name}', dsn: 'mysql://me:hush@db/x', pool: 3}}")
    storage = made(settings)
    assert type(storage).__name__ == "MyStorage"
    assert (storage.dsn, storage.pool) == ("mysql://me:hush@db/x", 3)  # type: ignore[attr-defined]
    assert "hush" not in repr(settings)
    assert "hush" not in str(masked(settings, {}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("storage: {type: my_store.MyStorage, dns: x}", "does not take these settings"),
        ("storage: my_store.Nobody", "cannot be loaded"),
        ("storage: my_store.OWN_PATH", "cannot be loaded"),
        ("storage: pathlib.Path", "is no class derived from imbridge.storage.BaseStorage"),
        ("storage: my_store.Half", "lacks add_inbound, add_outbound, close"),
        ("storage: my_store.Awaited", "no `async def` may be add_inbound, finish_inbound"),
        ("storage: {type: sqlite, path: x.db, keys: [short]}", "32 random bytes"),
        ("storage: 'oracle://root@localhost/bot'", "no support for oracle.*sqlite, and mongodb"),
    ],
)
def test_what_cannot_be_made_is_said_with_its_place(read: Read, text: str, why: str) -> None:
    settings = read(text)
    with pytest.raises(ConfigError, match=why) as raised:
        made(settings)
    assert "imbridge.yaml:1" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("storage: {type: postgresql}", "postgresql needs a url"),
        (
            "storage: {type: sqlite, url: 'mysql://root@localhost/x'}",
            r"type is sqlite, and the url begins with mysql://",
        ),
        ("storage: {type: sqlite, pat: x.db}", "unknown key; did you mean 'path'"),
        ("storage: {type: redis, url: 'redis://x'}", "no storage of this type"),
        ("storage: [sqlite]", "expected memory, sqlite"),
        ("storage: something", "expected memory, sqlite"),
        ("storage: {type: sqlite, durability: memory}", "stands under bridge:"),
        ("storage: {path: x.db, lease: 0}", "greater than or equal to 1"),
        ("storage: {path: x.db, url: 'mysql://root@localhost/x'}", "keep one of them"),
        ("storage: ${NOBODY}", "is not set"),
    ],
)
def test_what_is_wrong_is_said_when_it_is_read(read: Read, text: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read(text)


def test_every_setting_is_in_the_documents() -> None:
    page = (Path(__file__).parents[2] / "docs" / "storage.md").read_text()
    for name, field in DatabaseOptions.model_fields.items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        if isinstance(field.default, str | int | float) and not isinstance(field.default, bool):
            assert f"| `{field.default:g}` |" in row if not isinstance(field.default, str) else field.default in row
