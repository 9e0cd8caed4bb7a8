from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import KINDS, SQL_KINDS, Place, database_of, place
from storage_commands import Imbridge, command_line, name_in_settings

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


database = database_of(*KINDS)
sql = database_of(*SQL_KINDS)
sqlite = database_of("sqlite")
postgresql = database_of("postgresql")
mariadb = database_of("mariadb")
mongodb = database_of("mongodb")
