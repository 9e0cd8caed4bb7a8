"""Markdown as plain text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbridge.rendering import to_plain


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("# Title", "Title"),
        ("### Title ###", "Title"),
        ("# C#", "C#"),
        ("#tag", "#tag"),
        ("Title\n=====\ntext", "Title\ntext"),
        ("**bold** and __bold__", "bold and bold"),
        ("*it* _it_ ***both*** ~~gone~~", "it it both gone"),
        ("这是**重点**内容", "这是重点内容"),
        ("2*3*4 and 2 * 3 * 4", "2*3*4 and 2 * 3 * 4"),
        ("snake_case_name and a_b", "snake_case_name and a_b"),
        ("**left open", "**left open"),
        ("*** \n---", "---\n---"),
        ("- one\n  - two\n* three\n1. four\n2) five", "- one\n  - two\n- three\n1. four\n2. five"),
        ("- **a**: b", "- a: b"),
        ("- [ ] todo\n- [x] done", "- [ ] todo\n- [x] done"),
        ("> quoted **b**", "> quoted b"),
        ("[docs](https://a.example/x_y_z)", "docs (https://a.example/x_y_z)"),
        ('[docs](https://a.example "hint")', "docs (https://a.example)"),
        ("[wiki](https://a.example/A_(b))", "wiki (https://a.example/A_(b))"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("**[docs](https://a.example)**", "docs (https://a.example)"),
        ("[**docs**](https://a.example)", "docs (https://a.example)"),
        ("![cat](https://a.example/c.png)", "cat (https://a.example/c.png)"),
        ("<https://a.example> <mailto:a@b.example>", "https://a.example a@b.example"),
        ("https://a.example/_x_*y", "https://a.example/_x_*y"),
        ("`a**b**c` and ``x`y``", "a**b**c and x`y"),
        ("`` `a` ``", "`a`"),
        ("```python\n# **not** a heading\n```\nend", "# **not** a heading\nend"),
        ("~~~\n```\n~~~", "```"),
        ("```\nleft open", "left open"),
        (r"\*not\* \_it\_", "*not* _it_"),
        ("a &lt; b &amp;&amp; c &nosuch; &#65;", "a < b && c &nosuch; A"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("| a | **b** |\n|---|:-:|\n| 1 | 22 |\nend", "a | b\n1 | 22\nend"),
        ("a | b\n--|--\n\\| | 2", "a | b\n| | 2"),
        ("a | b, no table", "a | b, no table"),
        ("plain\n\n  text  ", "plain\n\n  text  "),
    ],
)
def test_constructs(markdown: str, plain: str) -> None:
    assert to_plain(markdown) == plain


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=("L", "N", "Zs"))))
def test_words_are_never_touched(text: str) -> None:
    assert to_plain(text) == text


@settings(deadline=None)
@given(st.text(alphabet="ab*_~`[]()<>#|\\!&;-=1. \n中"))
def test_no_letter_is_lost(text: str) -> None:
    kept = [char for char in to_plain(text) if char in "a1中"]
    said = [char for char in text if char in "a1中"]
    fences = [line for line in text.split("\n") if line.lstrip(" \t").startswith(("```", "~~~"))]
    if not fences:  # the line that opens a fence names a language, which is markup
        assert kept == said
