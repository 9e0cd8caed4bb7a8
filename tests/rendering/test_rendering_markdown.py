"""Long Markdown in parts, each of which is whole Markdown."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbridge.protocol import Capabilities, Markdown, to_reply
from imbridge.rendering import render

ROW = re.compile(r"\|[^|\n]*\|[^|\n]*\|")


def cut(text: str, limit: int) -> list[str]:
    capabilities = Capabilities(sends=frozenset({"text", "markdown"}), markdown_bytes=limit)
    parts = [part.elements[0].as_text() for part in render(to_reply(Markdown(text)), capabilities).parts]
    assert all(len(part.encode()) <= limit for part in parts)
    return parts


def repaired_from(text: str, parts: list[str]) -> bool:
    """The parts are the text cut somewhere, but for fences closed at an end and opened again at the next beginning.

    A table begins again with its head.
    """
    openings = {match[0] + "\n" for match in re.finditer(r"^[ \t]*(?:```|~~~).*$", text, re.MULTILINE)}
    openings |= {match[0] for match in re.finditer(r"^.*\|.*\n[ \t]*\|[ |:\t-]+\n", text, re.MULTILINE)}
    ends = {0}
    for part in parts:
        bodies = {part, *(part.removeprefix(opening) for opening in openings)}
        nexts = set()
        for begin in ends:
            for body in bodies:
                for closing in ("", "```", "~~~", "\n```", "\n~~~"):
                    kept = body.removesuffix(closing)
                    if (kept != body or not closing) and text.startswith(kept, begin):
                        nexts.add(begin + len(kept))
        ends = nexts
    return len(text) in ends


def left_open(text: str) -> bool:
    """A fence is not closed."""
    fence = ""
    for line in text.split("\n"):
        bare = line.strip()
        if fence:
            if bare == fence:
                fence = ""
        elif bare.startswith(("```", "~~~")):
            fence = bare[:3]
    return bool(fence)


def test_a_fence_is_closed_and_opened_again_with_its_language() -> None:
    code = "".join(f"line {number:02}\n" for number in range(12))
    parts = cut(f"before\n\n```python title=x\n{code}```\n\nafter", 70)
    assert len(parts) > 2
    assert [part.count("```") % 2 for part in parts] == [0] * len(parts)
    inside = [part for part in parts if "line" in part]
    assert all("```python title=x\n" in part for part in inside)
    assert "".join(re.findall(r"line \d\d\n", "".join(parts))) == code


@pytest.mark.parametrize(("opening", "closing"), [("~~~~ c", "~~~~"), ("  ```js", "  ```"), ("````md", "````")])
def test_each_kind_of_fence(opening: str, closing: str) -> None:
    parts = cut(f"{opening}\n" + "x = 1\n" * 20 + closing, 60)
    assert len(parts) > 1
    for part in parts:
        assert part.startswith(f"{opening}\n")
        assert part.rstrip("\n").endswith(f"\n{closing}")
    assert "".join(parts).count("x = 1\n") == 20


def test_a_line_of_code_longer_than_a_message() -> None:
    parts = cut("```\n" + "x" * 100 + "\n```", 40)
    assert all(part.startswith("```\n") and part.endswith("\n```") for part in parts)
    assert "".join(parts).count("x") == 100


def test_a_fence_that_fits_later_is_not_cut() -> None:
    fence = "```\n" + "code\n" * 5 + "```\n"
    assert cut("word " * 10 + "\n\n" + fence, 60) == ["word " * 10 + "\n\n", fence]


def test_a_fence_of_another_length_does_not_close() -> None:
    parts = cut("````\n```\n" + "x\n" * 30 + "```\n````\nend", 40)
    assert len(parts) > 1
    assert all(part.startswith("````\n") for part in parts if "x" in part)
    assert parts[-1].endswith("````\nend") or parts[-1] == "end"


def test_no_repair_where_it_takes_more_room_than_the_code() -> None:
    text = "```" + "language" * 3 + "\n" + "x\n" * 20 + "```"
    assert "".join(cut(text, 32)) == text


def test_rows_of_a_table_stay_whole() -> None:
    rows = "".join(f"| {number} | some words here |\n" for number in range(20))
    parts = cut(f"| a | b |\n|---|---|\n{rows}", 100)
    assert len(parts) > 2
    for part in parts:
        assert all(ROW.fullmatch(line) for line in part.splitlines())
    head = "| a | b |\n|---|---|\n"
    assert all(part.startswith(head) for part in parts)
    assert "".join(part.removeprefix(head) for part in parts) == rows


def test_no_head_is_repeated_where_it_takes_more_room_than_the_rows() -> None:
    text = f"| {'head ' * 5} |\n|---|\n" + "| 1 |\n" * 20
    assert "".join(cut(text, 60)) == text


def test_a_table_that_fits_into_one_message_is_not_cut() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n"
    assert cut(f"intro\n\n{table}\nend of it, with some more words", 60)[0] == f"intro\n\n{table}\n"
    assert cut(f"{'word ' * 8}\n\n{table}\nend", 60)[1].startswith(table)


@pytest.mark.parametrize("marker", ["- ", "* ", "12. ", "3) ", "  - ", "> ", "> - ", "### "])
def test_a_mark_stays_with_its_line(marker: str) -> None:
    text = "".join(f"{marker}{word * 17}\n" for word in "abcdefgh")
    for limit in range(24, 60):
        parts = cut(text, limit)
        assert "".join(parts) == text
        for part in parts:
            assert not part.rstrip("\n").endswith(marker.strip())
            assert part.startswith(marker) or part[0].isalpha()


@pytest.mark.parametrize(
    "whole",
    ["[some docs](https://a.example/x)", "![alt](https://a.example/i)", "**bold words here**", "`code with spaces`",
     "<at user_id='ou_1'>Ann B</at>", "<@user id>", "[a](https://a.example/b_(c) \"t t\")"],
)  # fmt: skip
def test_what_is_one_thing_is_not_cut(whole: str) -> None:
    for before in range(1, 60):
        text = "word " * (before // 5) + "x" * (before % 5) + " " + whole + " and more words after it"
        assert any(whole in part for part in cut(text, 48))


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["word ", "中文。", "\n", "\n\n", "# h\n", "- it\n", "|a|b|\n", "|-|-|\n", "**b** ", "`c` "]),
        max_size=60,
    ),
    st.integers(16, 60),
)  # fmt: skip
def test_without_fences_the_parts_are_the_text(pieces: list[str], limit: int) -> None:
    text = "".join(pieces)
    assert repaired_from(text, cut(text, limit))


PIECES = ["word ", "\n", "\n```\n", "\n```py\n", "\n~~~\n", "code()\n", "- a\n", "\n\n"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.integers(16, 80))
def test_with_fences_the_parts_are_the_text_but_for_their_repair(pieces: list[str], limit: int) -> None:
    text = "".join(pieces)
    if not text:
        return
    assert repaired_from(text, cut(text, limit))


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=10, max_size=60), st.integers(30, 80))
def test_every_part_closes_the_fences_it_opens(pieces: list[str], limit: int) -> None:
    text = "".join(pieces)
    if left_open(text):
        text += "\n```" if not left_open(text + "\n```") else "\n~~~"
    assert not any(left_open(part) for part in cut(text, limit))


def test_a_table_that_begins_early_goes_whole_into_the_next_message() -> None:
    table = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 4
    assert cut(f"in short\n\n{table}", 62) == ["in short\n\n", table]


@pytest.mark.parametrize("marker", ["- ", "12. ", "> ", "> - ", "## "])
def test_a_mark_is_no_gap_between_words(marker: str) -> None:
    item = marker + "x" * 18 + "\n"
    assert cut(f"ab cdef\n{item}", 24) == ["ab cdef\n", item]


def test_no_fence_is_left_empty_at_the_end_of_a_message() -> None:
    parts = cut("xx\n```python title=a\n" + "y" * 60 + "\n```\n", 44)
    assert parts[0] == "xx\n"
    assert all("y" in part for part in parts[1:])
