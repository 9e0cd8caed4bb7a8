import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.skills.builtin.output import Output

CLAWDBOT = "🦞 Clawdbot 2026.1.24 — ready\n│\n│ ◇ 你好！有什么可以帮助你的吗？✨\n第二行\n└\n"


def through(data, *, size=None, keep=(), drop=(), limit=10_000):
    output = Output([re.compile(p) for p in keep], [re.compile(p) for p in drop], limit=limit)
    chunks = [data] if size is None else [data[i : i + size] for i in range(0, len(data), size)]
    return "".join([*(output.feed(chunk) for chunk in chunks), output.finish()]), output.cut


@pytest.mark.parametrize("size", [None, 1, 2, 3, 7])
@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("你好\r\nworld\r!\n\n", "你好\nworld\n!"),
        ("\x1b[1;31mred\x1b[0m and \x1b[38;2;1;2;3mmore", "red and more"),
        ("\x1b]0;title\x07text\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "textlink"),
        ("\x1b[?25lhidden\x1b[?25h\x1b(B\x1b=\x1b7!", "hidden!"),
        ("a\x00\x08\x07b\tc", "ab\tc"),
        ("\n\n  begin\n\n\nend  \n\n", "begin\n\n\nend"),
        ("half \x1b[31", "half"),
        ("\x1bPdevice\x1b\\ok", "ok"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_text_is_cleaned_however_it_is_cut_into_pieces(printed, shown, size):
    assert through(printed.encode(), size=size) == (shown, False)


@pytest.mark.parametrize("size", [None, 1])
def test_broken_bytes_are_shown_as_such(size):
    assert through(b"a\xff\xe4\xbd", size=size)[0] == "a\ufffd\ufffd"


@pytest.mark.parametrize("size", [None, 1, 5])
def test_the_clawdbot_prefix_needs_one_pattern(size):
    text, _ = through(CLAWDBOT.encode(), size=size, keep=[r"│ ◇\s*(.*)"], drop=["^└"])
    assert text == "你好！有什么可以帮助你的吗？✨\n第二行"


def test_without_the_prefix_all_is_kept():
    assert through(b"plain\nanswer\n", keep=[r"> (.*)"])[0] == "plain\nanswer"


def test_keep_without_a_group_keeps_the_match():
    assert through(b"x\nabc=1;\n", keep=[r"a.*=\d"])[0] == "abc=1"


def test_dropped_lines_are_gone_also_before_the_first_kept():
    assert through(b"note: a\nb\nnote: c\nd", drop=["^note:"])[0] == "b\nd"


def test_lines_are_shown_when_they_are_whole():
    output = Output([], [re.compile("^#")], limit=100)
    assert [output.feed(b"# a\nfirst"), output.feed(b" line\nsec"), output.finish()] == ["", "first line", "\nsec"]


def test_without_patterns_text_is_shown_as_it_comes():
    output = Output(limit=100)
    assert [output.feed(b"one "), output.feed(b"two "), output.feed(b"\n"), output.finish()] == ["one", " two", "", ""]


@pytest.mark.parametrize("patterns", [{}, {"drop": ["^#"]}, {"keep": ["never"]}])
def test_the_rest_is_cut(patterns):
    assert through(b"x" * 50, limit=50, **patterns) == ("x" * 50, False)
    assert through(b"x" * 51, limit=50, **patterns) == ("x" * 50, True)
    assert through(b"ab\n" * 1000, size=7, limit=50, **patterns)[1] is True


def test_a_banner_that_is_left_out_does_not_count_as_cut():
    assert through(b"banner\n" * 100 + b"> yes\n", limit=50, keep=["> (.*)"]) == ("yes", False)


@pytest.mark.parametrize("piece", [b"x" * 1000, b"\n" * 1000, b"\x1b]" + b"x" * 1000, b"\x1b[" + b"1;" * 500])
@pytest.mark.parametrize("patterns", [{}, {"drop": ["^#"]}, {"keep": ["never"]}])
def test_endless_output_does_not_pile_up(piece, patterns):
    output = Output(
        [re.compile(p) for p in patterns.get("keep", ())],
        [re.compile(p) for p in patterns.get("drop", ())],
        limit=100,
    )
    for _ in range(100):
        output.feed(piece)
    held = sum(len(str(value)) for name in type(output).__init__.__code__.co_names if (value := vars(output).get(name)))
    assert held < 20_000


@given(st.binary(max_size=200), st.integers(1, 20))
def test_pieces_make_no_difference_and_nothing_raises(data, size):
    whole, _ = through(data)
    assert through(data, size=size)[0] == whole
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", whole)
