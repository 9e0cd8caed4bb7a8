"""A nursery for all runs of a worker: it has loaded what a bridge needs, and forks one as often as it is asked to."""

from collections.abc import AsyncIterator

import pytest_asyncio
from benchmarks.survival.nursery import Nursery, nursery


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def nursing() -> AsyncIterator[Nursery]:
    async with nursery() as made:
        yield made
