"""Markdown that is cut within quotes and lists: each part is read as what it was in the whole."""

import pytest

from imbridge.protocol import Capabilities, Markdown, to_reply
from imbridge.rendering import render
from imbridge.rendering.markdown import EVERYTHING, parse, tree

WORDS = " ".join(f"word{number:02}" for number in range(12))


def cut(text: str, limit: int) -> list[str]:
    capabilities = Capabilities(sends=frozenset({"text", "markdown"}), markdown_bytes=limit)
    rendered = render(to_reply(Markdown(text)), capabilities, dialects=(EVERYTHING,))
    assert len(rendered.parts) > 1
    assert all(len(part.text.encode()) <= limit for part in rendered.parts)
    return [part.text for part in rendered.parts]


def code_in(blocks: tuple[tree.Block, ...]) -> list[tree.CodeBlock]:
    found = []
    for block in blocks:
        if isinstance(block, tree.CodeBlock):
            found.append(block)
        elif isinstance(block, tree.Quote):
            found += code_in(block.children)
        elif isinstance(block, tree.List):
            for item in block.items:
                found += code_in(item.children)
    return found


LINES = [f"line {number:02}" for number in range(10)]


@pytest.mark.parametrize("lead", ["", "> ", "- ", "1. ", "- - ", "> - ", "- > ", "- a\n  - b\n    - ", "> > "])
def test_code_that_is_cut_stays_code_wherever_it_is(lead: str) -> None:
    *before, own = lead.split("\n")
    inner = "".join(char if char == ">" else " " for char in own)
    text = "\n".join([*before, f"{own}```py", *(inner + line for line in LINES), f"{inner}```", "", "after"])
    code = [block for part in cut(text, 64) for block in code_in(parse(part).blocks)]
    assert len(code) > 1
    assert {block.info for block in code} == {"py"}
    assert [line for block in code for line in block.text.split("\n")] == LINES


@pytest.mark.parametrize("lead", ["", "> ", "- ", "- a\n  - b\n    - "])
def test_every_part_of_a_table_is_a_table(lead: str) -> None:
    *before, own = lead.split("\n")
    inner = "".join(char if char == ">" else " " for char in own)
    rows = [f"| {number} | b |" for number in range(12)]
    text = "\n".join([*before, f"{own}| x | y |", f"{inner}|---|---|", *(inner + row for row in rows)])
    parts = cut(text, 72)
    assert all(part.count("| x | y |") == 1 for part in parts)
    assert [
        line.strip("> ").removeprefix("- ").strip() for part in parts for line in part.split("\n") if "b |" in line
    ] == rows


def test_a_quote_that_is_cut_within_a_line_goes_on_as_a_quote() -> None:
    parts = cut(f"> {WORDS}\n\nafter it", 40)
    assert all(part.startswith("> ") for part in parts[:-1])
    assert " ".join(part.removeprefix("> ").split("\n")[0] for part in parts).split()[:12] == WORDS.split()


def test_a_deep_entry_that_begins_a_part_is_an_entry_and_no_code() -> None:
    text = "- a\n  - b\n" + "".join(f"    - entry {number}\n      - below {number}\n" for number in range(8))
    for part in cut(text, 60):
        assert "```" not in part
        assert part.count("- entry") + part.count("- below") == part.count("entry") + part.count("below")


def test_code_by_indentation_stays_code() -> None:
    text = "before\n\n" + "".join(f"    code {number}\n" for number in range(12))
    code = [block for part in cut(text, 50) for block in code_in(parse(part).blocks)]
    assert "\n".join(block.text for block in code) == "\n".join(f"code {number}" for number in range(12))


def test_a_heading_is_not_cut_from_the_line_below_it() -> None:
    parts = cut(f"{'a ' * 20}\n\nTitle\n=====\n{'b ' * 20}", 48)
    assert next(part for part in parts if "Title" in part).startswith("# Title")


def test_an_address_that_is_defined_at_the_end_is_there_in_every_part() -> None:
    text = "".join(f"see [page {number}][home]\n\n" for number in range(9)) + "[home]: https://a.example"
    parts = cut(text, 90)
    assert sum(part.count("](https://a.example)") for part in parts) == 9
