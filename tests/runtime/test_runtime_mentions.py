"""Where a text calls a bot by name."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.runtime.mentions import find_calls

NAMES = ("Bob", "Data", "Data Bot", "Data Bot 2", "助手", "助手二号", "C++")


def found(text: str, *names: str, markdown: bool = False) -> list[str]:
    return [call.name for call in find_calls(text, names or NAMES, markdown=markdown)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Bob", ["Bob"]),
        ("hi @Bob, do it", ["Bob"]),
        ("hi ＠bob!", ["Bob"]),
        ("(@Bob) **@Bob** “@Bob”", ["Bob", "Bob", "Bob"]),
        ("@Data Bot 2 and @Data Bot and @Data", ["Data Bot 2", "Data Bot", "Data"]),
        ("@Data Bot 21", ["Data Bot"]),
        ("请@助手，看", ["助手"]),
        ("请@助手 看", ["助手"]),
        ("@助手二号 @助手三号", ["助手二号"]),
        ("@Bob请看", ["Bob"]),
        ("@Bob/@助手", ["Bob", "助手"]),
        ("@C++ is a name", ["C++"]),
        ("@Bob. @Bob- @Bob…", ["Bob", "Bob", "Bob"]),
        ("one\n@Bob\r\ntwo", ["Bob"]),
        ("`code` @Bob `code`", ["Bob"]),
        ("a ` alone @Bob", ["Bob"]),
        ("```\ncode\n```\n@Bob", ["Bob"]),
        ("x > y @Bob", ["Bob"]),
        ("@Bobby @Bob2 @Bob_x @Bob.org @Bob-2 @Bob/x @Bob@x", []),
        ("me@Bob me.@Bob \\@Bob x/@Bob @@Bob", []),
        ("`@Bob` ``a ` @Bob``", []),
        ("```py\n@Bob\n```", []),
        ("~~~\n@Bob", []),
        ("> @Bob", []),
        ("https://x.org/a?b=@Bob [to @Bob](https://x.org)", []),
        ('<at user_id="ou_1">@Bob</at> <a title="@Bob">', []),
        ("@", []),
        ("Bob", []),
    ],
)
def test_examples(text: str, names: list[str]) -> None:
    assert found(text) == names


def test_markdown_is_read_by_its_own_rules() -> None:
    text = "> a quotation\nand its lazy line @Bob\n\n    @Bob in code\n\n- @Data\n\n      @Bob in code\n\n1. > @Bob"
    assert found(text, markdown=True) == ["Data"]
    assert "Bob" in found(text), "plain text has neither"


def test_case_matters_only_between_names_that_differ_in_nothing_else() -> None:
    assert found("@ab @AB @Ab", "ab", "AB") == ["ab", "AB"]
    assert found("@Ab", "ab") == ["ab"]


def test_no_names_no_calls() -> None:
    assert find_calls("@Bob", ()) == []
    assert find_calls("@ x", ("",)) == []


WORDS = st.text(alphabet=string.ascii_letters + string.digits + "助手请 ,.!-_`>@＠\n*[]()<>/\\", max_size=60)


@given(WORDS, st.sampled_from(NAMES), WORDS, st.booleans())
def test_calls_are_in_order_and_say_what_stands_there(before: str, name: str, after: str, markdown: bool) -> None:
    text = f"{before}@{name}{after}"
    end = 0
    for call in find_calls(text, NAMES, markdown=markdown):
        assert call.start >= end
        assert text[call.start] in "@＠"
        assert text[call.start + 1 : call.end].casefold() == call.name.casefold()
        end = call.end


@given(st.sampled_from(NAMES), st.text(alphabet=string.ascii_letters + "助手 ,.!\n", max_size=40))
def test_nothing_in_code_calls(name: str, around: str) -> None:
    inside = around.replace("\n", " ")
    assert found(f"`{inside} @{name} {inside}`") == []
    assert found(f"```\n{around}\n@{name}\n{around}\n```") == []
    assert found(f"```\n{around}\n@{name}\n{around}\n```", markdown=True) == []
    assert found(f"> {inside} @{name}") == []


@given(st.sampled_from(NAMES), st.sampled_from(string.ascii_letters + string.digits + "_"))
def test_a_longer_word_is_another_name(name: str, more: str) -> None:
    assert name not in found(f"@{name}{more} x", name)
    assert found(f"{more}@{name}", name) == []
