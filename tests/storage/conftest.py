import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from databases import KINDS, SQL_KINDS, Place, database_of, place
from storage_commands import Imbridge, command_line, name_in_settings

from imbridge.config import AccountConfig, Settings, load
from imbridge.testing.storage_child import Nursery

HERE = str(Path(__file__).parent)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Makes processes with a storage that can be killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", HERE, prepend=":")
        with Nursery("databases") as made:
            yield made


@pytest.fixture
def imbridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Imbridge:
    """The command line."""
    return command_line(tmp_path, monkeypatch)


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
async def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A database that ./imbridge.yaml names."""
    async with place(request.param, tmp_path) as made:
        name_in_settings(made, tmp_path)
        yield made


class PlainConfig(AccountConfig):
    platform: ClassVar[str] = "plain"


@pytest.fixture
def read(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Reads settings, with the test file's `OWN` as the module `my_store`."""
    (tmp_path / "my_store.py").write_text(request.module.OWN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "my_store", raising=False)

    def read_it(text: str, **environ: str) -> Settings:
        path = tmp_path / "imbridge.yaml"
        path.write_text(f"{text}\nchannels: {{plain: {{}}}}\n")
        return load(path, environ=environ, types={"plain": PlainConfig})

    return read_it


database = database_of(*KINDS)
sql = database_of(*SQL_KINDS)
sqlite = database_of("sqlite")
postgresql = database_of("postgresql")
mariadb = database_of("mariadb")
mongodb = database_of("mongodb")
