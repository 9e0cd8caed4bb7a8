"""A card for an account that shows none: its text, and what can be chosen in it by a number."""

from hypothesis import given
from hypothesis import strategies as st

from imbridge.protocol import (
    Button,
    Capabilities,
    Card,
    DatePicker,
    Divider,
    Fields,
    Form,
    Image,
    Input,
    Loss,
    Markdown,
    Note,
    Reply,
    Select,
    Table,
    Text,
)
from imbridge.rendering import PartKind, render
from imbridge.rendering.cards import Choice, all_choices, card_text
from imbridge.rendering.plain import to_plain

EVERYTHING = Card(
    title="Deploy *v1*?",
    body=[
        "**ready**",
        Text("*literal*"),
        Fields({"by_": "Al_ice"}),
        Table(columns=["a", "b"], rows=[["1|2", "*"]]),
        Image(key="https://a.example/p.png", alt="chart"),
        Image(alt="no address"),
        Divider(),
        Note("small\nprint"),
        Button("Yes", action="approve", value={"id": 7}),
        Button("No"),
        Button("Log", url="https://a.example/log"),
        Form(
            name="f",
            body=[
                Select(name="level", options={"l": "low", "h": "high"}, label="Level"),
                Select(name="who", options=["Al", "Bo"], multiple=True),
                Input(name="why", label="Why?"),
                DatePicker(name="day"),
                Button("Send", action="send", submit=True),
            ],
        ),
    ],
)
CHOICES = (
    Choice("Yes", "approve", {"id": 7}),
    Choice("No", "No"),
    Choice("low", "level", "l"),
    Choice("high", "level", "h"),
    Choice("Al", "who", ["Al"]),
    Choice("Bo", "who", ["Bo"]),
    Choice("Send", "send"),
)


def test_all_of_it_is_said_and_what_can_be_chosen_is_numbered() -> None:
    made = card_text(EVERYTHING, "because")
    assert made.markdown == (
        "**Deploy \\*v1\\*?**\n\n**ready**\n\n\\*literal\\*\n\n**by\\_**: Al_ice\n\n"
        "| a | b |\n| --- | --- |\n| 1\\|2 | \\* |\n\n![chart](https://a.example/p.png)\n\n"
        "[image: no address]\n\n---\n\n"
        "> small\n> print\n\n1. Yes\n2. No\n\n[Log](https://a.example/log)\n\n"
        "Level\n\n3. low\n4. high\n\n5. Al\n6. Bo\n\nWhy?: ＿＿＿\n\nday: ＿＿＿\n\n7. Send"
    )
    assert made.choices == CHOICES == tuple(all_choices(EVERYTHING))
    assert {(one.what, one.how) for one in made.degradations} == {
        ("button", "numbered choices"), ("select", "numbered choices"), ("input", "text"), ("date", "text"),
    }  # fmt: skip
    assert {(one.loss, one.why) for one in made.degradations} == {(Loss.AS_TEXT, "because")}


def test_where_no_answer_is_heard_nothing_is_numbered() -> None:
    made = card_text(EVERYTHING, "because", answered=False)
    assert made.choices == ()
    assert "1." not in made.markdown


def test_the_authors_text_comes_before_the_choices() -> None:
    made = card_text(Card(text="Say *yes*", title="x", body=["y", Button("Yes")]), "because")
    assert made.markdown == "Say *yes*\n\n1. Yes"


def test_a_card_in_a_platforms_own_json_offers_nothing() -> None:
    own = Card(content={"a": 1}, text="own", body=[Button("Yes")])
    assert card_text(own, "because").markdown == "own"
    assert all_choices(own) == []


@given(st.lists(st.text(min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=5))
def test_each_choice_stands_by_its_number_and_is_literal(texts: list[str]) -> None:
    made = card_text(Card(body=[Button(text) for text in texts]), "because")
    assert len(made.choices) == len(texts)
    for number, choice in enumerate(made.choices, start=1):
        assert choice.text == " ".join(choice.text.split())
        assert f"{number}. " in made.markdown
    assert "<at" not in to_plain(made.markdown) or any("<at" in text for text in texts)


WORDS = ["Hi", "A?", "1.", "Yes", "B?", "2.", "No"]


def test_an_account_without_cards_gets_numbers_if_it_hears_answers() -> None:
    ask = Reply(elements=(Text("Hi"), Card(title="A?", body=[Button("Yes")]), Card(title="B?", body=[Button("No")])))
    hears = Capabilities(receives=frozenset({"text"}), sends=frozenset({"text"}))
    (part,) = render(ask, hears).parts
    assert part.kind is PartKind.TEXT
    assert "".join(element.as_text() for element in part.elements).split() == [
        "Hi",
        "A?",
        "1.",
        "Yes",
        "B?",
        "2.",
        "No",
    ]
    assert part.choices == (Choice("Yes", "Yes"), Choice("No", "No"))
    (deaf,) = render(ask, Capabilities(sends=frozenset({"text"}))).parts
    assert deaf.choices == ()
    assert "1." not in "".join(element.as_text() for element in deaf.elements)


def test_of_a_long_card_the_last_message_has_the_choices() -> None:
    long = Card(body=["word " * 500, Button("Yes")])
    hears = Capabilities(receives=frozenset({"text"}), sends=frozenset({"text", "markdown"}), markdown_bytes=600)
    parts = render(Reply(elements=(long,)), hears).parts
    assert len(parts) > 2
    assert [len(part.choices) for part in parts] == [0] * (len(parts) - 1) + [1]
    assert isinstance(parts[-1].elements[0], Markdown)


def test_code_that_is_left_open_does_not_take_what_stands_below_it() -> None:
    made = card_text(Card(body=["> ~~~\n> a", "```", Button("Yes")]), "because")
    assert made.markdown == "> ~~~\n> a\n> ~~~\n\n```\n```\n\n1. Yes"
    assert card_text(Card(text="- ```\n  a", body=[Button("Yes")]), "b").markdown == "- ```\n  a\n  ```\n\n1. Yes"
    closed = "```\na\n```"
    assert card_text(Card(body=[closed, Button("Yes")]), "because").markdown == f"{closed}\n\n1. Yes"
