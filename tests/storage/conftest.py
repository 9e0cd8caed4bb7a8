from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import KINDS, SQL_KINDS, database_of

from imbridge.testing.storage_child import Nursery

HERE = str(Path(__file__).parent)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Makes processes with a storage that can be killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", HERE, prepend=":")
        with Nursery("databases") as made:
            yield made


database = database_of(*KINDS)
sql = database_of(*SQL_KINDS)
sqlite = database_of("sqlite")
postgresql = database_of("postgresql")
mariadb = database_of("mariadb")
mongodb = database_of("mongodb")
