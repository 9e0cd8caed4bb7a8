"""Bounded memory: the newest are kept, the oldest forgotten."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, MutableMapping
from typing import TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


def _weightless(value: object) -> int:
    return 0


class Newest(MutableMapping[KeyT, ValueT]):
    """Values by key, in the order in which they came; the oldest go when there are too many or they are too large.

    The last value stays, however large it is.

    Args:
        limit: How many are kept.
        limit_bytes: How large they may be together, in bytes; None: as large as they are.
        size: The bytes of a value; it must not change while the value is kept.
    """

    def __init__(
        self, limit: int, *, limit_bytes: int | None = None, size: Callable[[ValueT], int] = _weightless
    ) -> None:
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._size = size
        self._kept: OrderedDict[KeyT, ValueT] = OrderedDict()
        self._bytes = 0

    def __getitem__(self, key: KeyT) -> ValueT:
        return self._kept[key]

    def __setitem__(self, key: KeyT, value: ValueT) -> None:
        if key in self._kept:
            self._bytes -= self._size(self._kept[key])
        self._kept[key] = value
        self._bytes += self._size(value)
        while len(self._kept) > 1 and self._is_too_much():
            _, old = self._kept.popitem(last=False)
            self._bytes -= self._size(old)

    def __delitem__(self, key: KeyT) -> None:
        self._bytes -= self._size(self._kept.pop(key))

    def __iter__(self) -> Iterator[KeyT]:
        return iter(self._kept)

    def __reversed__(self) -> Iterator[KeyT]:
        return reversed(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def _is_too_much(self) -> bool:
        return len(self._kept) > self._limit or (self._limit_bytes is not None and self._bytes > self._limit_bytes)
