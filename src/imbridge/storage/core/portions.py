"""Lists in parts: what is too long for one statement, or holds something that cannot be done."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

ValueT = TypeVar("ValueT")

AT_ONCE = 500
"""Values of one statement on any database, and rows that are read or written by one."""


def portions(values: Iterable[ValueT], size: int = AT_ONCE) -> Iterator[list[ValueT]]:
    """Values in lists of at most this size."""
    remaining = iter(values)
    while portion := list(islice(remaining, size)):
        yield portion


def halves(values: Sequence[ValueT]) -> tuple[Sequence[ValueT], Sequence[ValueT]]:
    """The two halves of a list."""
    middle = len(values) // 2
    return values[:middle], values[middle:]
