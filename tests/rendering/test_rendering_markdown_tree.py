"""Markdown read into one tree and written again: constructs, CommonMark's corners, and what a dialect lacks."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.rendering.markdown import EVERYTHING, Dialect, heal, is_plain, parse, plain, write
from imbridge.rendering.markdown.parsing import parser
from imbridge.rendering.markdown.rules import MOST_LEVELS

BARE = Dialect("bare", frozenset())
"""Shows nothing but text."""


def written(text: str, dialect: Dialect = EVERYTHING) -> str:
    return write(parse(text), dialect).text


SAME = {
    "paragraphs": "one\n\ntwo\nthree",
    "headings": "# one\n## two\ntext\n\n###### six",
    "marks": "**bold** *italics* ~~gone~~ `code` ***both***",
    "code with a tick": "``a`b`` and `` `c` ``",
    "links": "[a](https://a.example/b_c) and https://a.example/_d_*e",
    "a link with brackets": "[wiki](https://a.example/A_(b))",
    "a picture": "![cat](https://a.example/c.png)",
    "lists": "- a\n- b\n  - c\n    more\n- d\n\n  again",
    "numbers": "3. a\n4. b",
    "boxes": "- [ ] a\n- [x] b",
    "quotes": "> a\n> > b\n>\n> c",
    "code": "```py\nif a:\n    b = '*c*'\n```\ntext",
    "code in a list": "- a\n  ```\n  b\n  ```\n- c",
    "code with a fence": "````\n```\na\n```\n````",
    "a table": "| a | b |\n|:--|--:|\n| 1 | `2` |\n| x\\|y |  |",
    "a rule": "a\n\n---\nb",
}


@pytest.mark.parametrize("name", SAME)
def test_what_every_construct_is_written_as(name: str) -> None:
    assert written(SAME[name]) == SAME[name]
    assert write(parse(SAME[name]), EVERYTHING).changed == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Title\n===\ntext", "# Title\ntext"),
        ("no title\n---\ntext", "no title\n\n---\ntext"),
        ("__bold__ _it_ snake_case_name", "**bold** *it* snake_case_name"),
        ("2*3*4 and 2 * 3 * 4", "2\\*3\\*4 and 2 * 3 * 4"),
        ("这是**“重点”**内容", "这是**\u200b“重点”\u200b**内容"),
        ("**这是：**内容", "**这是：\u200b**内容"),
        ("* a\n+ b", "- a\n\n- b"),
        ("1) a\n2) b", "1. a\n2. b"),
        ("> not lazy\nline", "> not lazy\n\nline"),
        ("~~~\ncode\n~~~", "```\ncode\n```"),
        ("    indented", "```\nindented\n```"),
        ("a<br>b<br/>c  \nd\\\ne", "a\nb\nc\nd\ne"),
        ("<https://a.example> <b@c.example>", "https://a.example [b@c.example](mailto:b@c.example)"),
        ("a &lt; b &amp;&amp; c &nosuch;", "a < b && c &nosuch;"),
        ("[a] and [b]\n\n[b]: https://b.example", "[a] and [b](https://b.example)"),
        ("a | b\n-|-\n1 | 2", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("**[a](https://a.example)**", "**[a](https://a.example)**"),
        ("[**a**](https://a.example)", "[**a**](https://a.example)"),
        ("[a](https://a.example 'ti\"tle')", '[a](https://a.example "ti\\"tle")'),
        ("[a] ![b][a]\n\n[a]: https://a.example 'c'", '[a](https://a.example "c") ![b](https://a.example "c")'),
        ("[INFO]: done", "[INFO]\u200b: done"),
        ("[a]: https://a.example 'b'\n[c]: d\nend", "[a]\u200b: https://a.example 'b'\n[c]\u200b: d\n\nend"),
        ("> [a]\n>\n> [a]: https://a.example\n>\n> [a]: b", "> [a](https://a.example)\n>\n> [a]\u200b: b"),
        (
            "[a]: https://a.example\n[a]: https://b.example\n\n[a]",
            "[a]\u200b: https://b.example\n\n[a](https://a.example)",
        ),
        ("A fact.[^1]\n\n[^1]: https://a.example", "A fact.[^1]\n\n[^1]\u200b: https://a.example"),
        ("0. a\n1. b", "0. a\n1. b"),
        (
            "|a|b|\n|-|-|\n|1|2|3|\n|`x|y`|2|\n|1|`x|y`|\n|1|2|3|4|",
            "| a | b |\n|---|---|\n| 1 | 2 \\| 3 |\n| `x\\|y` | 2 |\n| 1 | `x\\|y` |\n| 1 | 2 \\| 3 \\| 4 |",
        ),
        ("[a](<https://a.example/b c>)", "[a](https://a.example/b%20c)"),
        ("see https://a.example/b. Or (https://c.example/d)!", "see https://a.example/b. Or (https://c.example/d)!"),
        ("见https://a.example/b。", "见https://a.example/b。"),
        ("&lt;https://a.example/?b=1&c=2&gt; &#60;b", "<\u200bhttps://a.example/?b=1&c=2> <\u200bb"),
        ("# a \\#", "# a #\u200b"),
        ("# C#", "# C#"),
        ("**a<br><br>b** c<br><br>d", "**a\nb** c\n\nd"),
        ("a ****", "a \\*\\*\\*\\*"),
        ("**left open", "\\*\\*left open"),
        ("\\# no title\n\\- no item\n1\\. no number", "\\# no title\n\\- no item\n1\\. no number"),
        ("\\[a](b)", "[a]\\(b)"),
    ],
)
def test_corners(source: str, expected: str) -> None:
    assert written(source) == expected


@pytest.mark.parametrize(
    ("source", "expected", "changed"),
    [
        ("# *a*", "a", {"heading": "a line of its own", "italics": "without", "bold": "without"}),
        ("**a** ~~b~~", "a b", {"bold": "without", "strikethrough": "without"}),
        ("`a`", "a", {"code": "text"}),
        ("[a](https://b.example)", "a (https://b.example)", {"link": "title and address"}),
        ("![a](https://b.example)", "a (https://b.example)", {"image": "text"}),
        ("> a", "> a", {"quote": "lines with marks"}),
        ("- [x] a\n  - b", "- ☑ a\n  - b", {"list": "lines with marks", "task list": "☐ and ☑"}),
        ("```\na\n  b\n```", "a\n  b", {"code block": "code line by line"}),
        ("---", "────────────", {"rule": "a line of dashes"}),
        ("|a|b|\n|-|-|\n|1|2|\n|3||", "- a: 1\n  b: 2\n- a: 3\n  b: ", {"table": "list", "bold": "without"}),
        ('<font color="red">a</font>', "a", {"color": "without"}),
        ("[a](https://b.example 'c')", "a (https://b.example)", {"link": "title and address", "title": "without"}),
    ],
)
def test_what_a_dialect_lacks_is_said_otherwise_and_told(source: str, expected: str, changed: dict[str, str]) -> None:
    made = write(parse(source), BARE)
    assert (made.text, made.changed) == (expected, changed)


def test_what_stands_behind_the_language_of_code_is_told() -> None:
    made = write(parse('```py title="a.py"\na\n```'), EVERYTHING.without({"title"}))
    assert made.text == "```py\na\n```"
    assert made.changed == {"code block": "without what stands behind its language"}
    assert written('```py title="a.py"\na\n```') == '```py title="a.py"\na\n```'


def test_a_narrow_table_is_aligned_text_where_there_is_code() -> None:
    made = write(parse("|名字|n|\n|-|-:|\n|ab|10|\n|张三丰|2|"), EVERYTHING.without({"table"}))
    assert made.text == "```\n名字     n\nab      10\n张三丰   2\n```"
    assert made.changed == {"table": "aligned text"}


def test_a_wide_table_is_a_list() -> None:
    wide = "x" * 41
    made = write(parse(f"|a|b|\n|-|-|\n|{wide}|[c](https://c.example)|"), EVERYTHING.without({"table"}))
    assert made.text == f"- **a**: {wide}\n  **b**: [c](https://c.example)"
    assert made.changed == {"table": "list"}


def test_tables_beyond_the_budget() -> None:
    table = "|a|b|\n|-|-|\n|1|2|"
    most = Dialect("most", EVERYTHING.shows, tables=1, columns=2, rows=1)
    assert write(parse(f"{table}\n\n{table}"), most).text.count("|---|") == 1
    assert "|---|" not in write(parse("|a|b|c|\n|-|-|-|"), most).text
    assert "|---|" not in write(parse(f"{table}\n|3|4|"), most).text


def test_the_first_dialect_that_shows_everything_is_taken() -> None:
    basic, full = EVERYTHING.without({"table", "list"}), EVERYTHING
    assert write(parse("**a**"), basic, full).dialect is basic
    assert write(parse("- a"), basic, full).dialect is full
    assert write(parse('- <font color="x">a</font>'), basic, full).dialect is full
    assert write(parse('<font color="x">a</font>'), basic, full).dialect is basic


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "mqqapi://aio/inlinecmd", "a.md", "#a", ""])
def test_an_address_that_must_lead_nowhere_is_text(url: str) -> None:
    made = write(parse(f"[a]({url}) ![b]({url})"), EVERYTHING)
    assert "](" not in made.text
    assert url in made.text


def test_quotes_and_lists_nest_without_loss_and_without_end() -> None:
    for mark in (">", "- ", "1. "):
        text = mark * 300 + "deep"
        assert "deep" in written(text)
        assert "deep" in plain(parse(text))
    assert written(">" * 300 + "deep").count("> ") <= MOST_LEVELS
    assert written("*a **b " * 300 + "deep").endswith("deep")
    assert "deep" in written("[" * 300 + "deep" + "](https://a.example)" * 300)


@given(st.text(alphabet="ab1.，中 \n", max_size=60))
def test_plain_text_is_read_the_same_without_the_parser(text: str) -> None:
    if is_plain(text):
        assert written(text) == "\n".join(line.lstrip(" ") for line in text.strip("\n").split("\n"))
        assert parser().parse(text) is not None


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = "import sys, imbridge, imbridge.rendering.markdown; sys.exit('markdown_it' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("growing", "healed"),
    [
        ("a **bold", "a **bold**"),
        ("a **bold*", "a **bold**"),
        ("a **bold**", "a **bold**"),
        ("**a *b", "**a *b***"),
        ("~~x", "~~x~~"),
        ("x `co", "x `co`"),
        ("x `", "x "),
        ("[text](htt", "text"),
        ("see ![al", "see "),
        ("```py\nabc", "```py\nabc\n```"),
        ("```py\nabc\n``", "```py\nabc\n```"),
        ("> ```\n> abc", "> ```\n> abc\n> ```"),
        ("- ```\n  abc", "- ```\n  abc\n  ```"),
        ("a\n#", "a"),
        ("a\n- ", "a"),
        ("a\n| a | b |", "a"),
        ("| a | b |\n|--|--|\n| 1 | 2", "| a | b |\n|--|--|\n| 1 | 2"),
        ("# T **b", "# T **b**"),
        ("42", "42"),
        ("2 * 3", "2 * 3"),
        ("done.\n", "done.\n"),
    ],
)
def test_a_text_that_grows_is_healed(growing: str, healed: str) -> None:
    assert heal(growing) == healed
    assert heal(healed) == healed
