from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from databases import KINDS, Place, place

from imbridge.testing.storage_child import Nursery

HERE = str(Path(__file__).parent)


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Makes processes with a storage that can be killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", HERE, prepend=":")
        with Nursery("databases") as made:
            yield made


@pytest.fixture(params=KINDS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """A database of each kind that is there."""
    async with place(request.param, tmp_path) as made:
        yield made


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Place]:
    """A database in a file."""
    async with place("sqlite", tmp_path) as made:
        yield made
