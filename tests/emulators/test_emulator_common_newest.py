"""Bounded memory."""

import pytest

from imbridge.emulators.common.newest import Newest


def test_the_oldest_go_when_there_are_too_many() -> None:
    kept: Newest[str, int] = Newest(2)
    for number, key in enumerate("abc"):
        kept[key] = number
    assert dict(kept) == {"b": 1, "c": 2}
    assert list(reversed(kept)) == ["c", "b"]
    assert "a" not in kept
    assert kept.get("a") is None
    with pytest.raises(KeyError):
        del kept["a"]


def test_the_oldest_go_when_they_are_too_large() -> None:
    kept: Newest[str, bytes] = Newest(10, limit_bytes=10, size=len)
    kept["a"] = bytes(4)
    kept["b"] = bytes(6)
    kept["c"] = bytes(1)
    assert list(kept) == ["b", "c"]
    kept["b"] = bytes(9)
    assert list(kept) == ["b", "c"], "a value that is replaced counts no longer"
    kept["d"] = bytes(11)
    assert list(kept) == ["d"], "the last one stays, however large"
    assert kept.pop("d") == bytes(11)
    kept["e"] = bytes(10)
    kept["f"] = b""
    assert list(kept) == ["e", "f"]
    kept.clear()
    kept["g"] = bytes(10)
    assert len(kept) == 1


def test_sizes_do_not_matter_without_a_limit_of_bytes() -> None:
    kept: Newest[int, bytes] = Newest(3)
    for number in range(3):
        kept[number] = bytes(1000)
    assert len(kept) == 3
