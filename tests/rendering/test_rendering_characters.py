"""Cutting between characters as a person sees them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbridge.rendering.characters import is_boundary, last_boundary, repair, utf8_prefix

CLUSTERS = [
    "a", " ", "中", "😀", "e\u0301", "\r\n", "👍🏽", "❤\ufe0f", "1\ufe0f\u20e3", "👨\u200d👩\u200d👧", "🇨🇳", "🇫🇷",
    "각", "\u1112\u1161\u11ab", "क्षि", "กำ", "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "ｶ\uff9e", "\u0600\u0661", "\u0d4e\u0d15",
]  # fmt: skip


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_no_boundary_inside(cluster: str) -> None:
    text = f"x{cluster}x"
    inside = range(2, 1 + len(cluster))
    assert not any(is_boundary(text, index) for index in inside)
    assert is_boundary(text, 1)
    assert is_boundary(text, 1 + len(cluster))


@settings(deadline=None)
@given(st.lists(st.sampled_from(CLUSTERS), min_size=1))
def test_boundaries_are_those_between_clusters(clusters: list[str]) -> None:
    text = "".join(clusters)
    edges = {0}
    for cluster in clusters:
        edges.add(max(edges) + len(cluster))
    assert {index for index in range(len(text) + 1) if is_boundary(text, index)} == edges


def test_flags_are_counted_from_a_known_boundary() -> None:
    flags = "🇨🇳🇫🇷🇩🇪"
    assert last_boundary(flags, 0, 3) == 2
    assert last_boundary(flags, 2, 5) == 4


def test_a_character_longer_than_the_room_is_cut() -> None:
    assert last_boundary("e" + "\u0301" * 50, 0, 10) == 10


@settings(deadline=None)
@given(st.text(), st.integers(0, 5), st.integers(0, 40))
def test_utf8_prefix_is_the_longest_that_fits(text: str, start: int, budget: int) -> None:
    rest = text[start:]
    count = utf8_prefix(text, start, budget)
    assert len(rest[:count].encode()) <= budget
    assert count == len(rest) or len(rest[: count + 1].encode()) > budget


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec=None)))
def test_repair_makes_utf8_and_changes_nothing_else(text: str) -> None:
    repaired = repair(text)
    repaired.encode()
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert repaired is text


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("\ud800", "\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ufeffa\udc00", "\ufeffa\ufffd"),
    ],
)
def test_repair(broken: str, whole: str) -> None:
    assert repair(broken) == whole
