"""The shared card model as Feishu's cards: what the platform takes, and what people see."""

import re
from dataclasses import replace
from typing import Any

import pytest
from feishu_rig import Rig
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.sent.cards import card_json
from imbridge.adapters.feishu.sent.markdown import CARD, without_mentions
from imbridge.adapters.markdown_told import shown
from imbridge.protocol import (
    Button,
    Card,
    ContentRefusedError,
    DatePicker,
    Divider,
    Fields,
    Form,
    Image,
    Input,
    Note,
    NotSupportedError,
    Option,
    Select,
    Table,
    TargetGoneError,
    Text,
)
from imbridge.rendering import Part, PartKind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)
EVERYTHING = Card(
    title="Deploy v1.2?",
    color="orange",
    body=[
        "**v1.2** is ready",
        Text("literal **stars** and <at id=all></at>"),
        Fields({"by": "Alice", "since": "[today](x)"}),
        Image(data=PNG, alt="a chart"),
        Table(columns=["service", "state"], rows=[["web", "up"], ["db"]]),
        Divider(),
        Button("Approve", action="approve", value={"id": 7}, style="primary"),
        Button("Reject", style="danger", confirm="Really?"),
        Button("Log", url="https://ci.example/7"),
        Select(name="speed", options=["slow", "fast"], label="Speed", initial="fast"),
        Select(name="who", options={"a": "Alice", "b": "Bob"}, multiple=True, placeholder="Who?"),
        Input(name="note", label="Note", placeholder="why"),
        DatePicker(name="day", initial="2026-11-30"),
        DatePicker(name="hour", kind="time", label="When"),
        DatePicker(name="moment", kind="datetime"),
        Form(
            name="details",
            body=[
                "Tell us more",
                Input(name="reason", multiline=True, max_length=200, required=True),
                Select(name="level", options=[Option(text="High", value="h")]),
                Button("Send", submit=True),
                Button("Not now", action="later"),
            ],
        ),
        Note("small print"),
    ],
)


def card_part(card: Card) -> Part:
    return Part(PartKind.CARD, (card,))


def components(node: Any) -> list[dict[str, Any]]:
    found = []
    if isinstance(node, dict):
        if "tag" in node:
            found.append(node)
        for value in node.values():
            found += components(value)
    elif isinstance(node, list):
        for value in node:
            found += components(value)
    return found


async def test_everything_a_card_can_hold_is_taken(rig: Rig, adapter: FeishuAdapter) -> None:
    sent = await adapter.send(rig.target(), card_part(EVERYTHING), "k")
    assert (sent.part.kind, sent.degradations) == ("interactive", ())
    (message,) = rig.feishu.messages
    for text in ("Deploy v1.2?", "**v1.2** is ready", "literal **stars**", "Alice", "Approve", "Speed", "small print"):
        assert text in message.text
    assert message.mentions == ()
    assert rig.feishu.violations == []


async def test_buttons_in_a_row_stand_side_by_side() -> None:
    card = card_json(Card(body=[Button("a"), Button("b"), "x", Button("c")]), {})
    assert [part["tag"] for part in card["body"]["elements"]] == ["column_set", "markdown", "button"]
    assert "header" not in card


def test_what_a_click_carries() -> None:
    card = card_json(Card(body=[Button("Go"), Button("Go on", action="on", value=[1]), Input(name="i")]), {})
    carried = [one["behaviors"][0]["value"] for one in components(card) if "behaviors" in one]
    assert carried == [{"imbridge": "Go"}, {"imbridge": "on", "value": [1]}, {"imbridge": "i", "typed": True}]


def test_the_platforms_own_json_is_left_alone() -> None:
    own = {"schema": "2.0", "body": {"elements": [{"tag": "hr"}]}}
    assert card_json(Card(content=own, title="ignored"), {}) == own


def test_an_image_without_anything_is_refused() -> None:
    with pytest.raises(ContentRefusedError, match="image"):
        card_json(Card(body=[Image()]), {})


async def test_an_image_is_uploaded_first(rig: Rig, adapter: FeishuAdapter) -> None:
    await adapter.send(rig.target(), card_part(Card(body=[Image(data=PNG), Form(name="f", body=[
        Image(data=PNG), Button("ok", submit=True)])])), "k")  # fmt: skip
    (message,) = rig.feishu.messages
    keys = [one["img_key"] for one in components(message.card) if one["tag"] == "img"]
    assert len(set(keys)) == 1  # the same picture twice
    assert all(rig.feishu.world.uploads.get(key) for key in keys)


async def test_a_card_is_replaced(rig: Rig, adapter: FeishuAdapter) -> None:
    sent = await adapter.send(rig.target(), card_part(Card(title="before")), "k")
    await adapter.edit(rig.target().channel, sent.part.message_id, card_part(Card(title="after", body=["done"])))
    (message,) = rig.feishu.messages
    assert message.text.split("\n") == ["after", "done"]
    assert message.card_updates == 1


async def test_a_card_that_is_gone_cannot_be_replaced(rig: Rig, adapter: FeishuAdapter) -> None:
    sent = await adapter.send(rig.target(), card_part(Card(title="before")), "k")
    await adapter.recall(rig.target().channel, sent.part.message_id)
    with pytest.raises(TargetGoneError):
        await adapter.edit(rig.target().channel, sent.part.message_id, card_part(Card(title="after")))


async def test_a_picture_replaces_nothing(rig: Rig, adapter: FeishuAdapter) -> None:
    with pytest.raises(NotSupportedError, match="cards"):
        await adapter.edit(rig.target().channel, "om_1", Part(PartKind.MEDIA, (Image(key="x"),)))


async def test_a_card_that_is_too_large_becomes_text(rig: Rig, adapter: FeishuAdapter) -> None:
    sent = await adapter.send(rig.target(), card_part(Card(title="t", body=["x" * 40_000])), "k")
    assert [degradation.how for degradation in sent.degradations] == ["text"]
    (message,) = rig.feishu.messages
    assert (message.msg_type, message.text) == ("text", "t\n\n" + "x" * 40_000)


async def test_more_tables_than_a_card_takes(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.feishu.settings.card_tables = 3
    tables = [Table(columns=["n"], rows=[[str(number)]]) for number in range(3)]
    text = "\n\n".join(f"m{number} | x\n---|---\n1 | 2" for number in range(3))
    sent = await adapter.send(rig.target(), card_part(Card(body=[*tables, text])), "k")
    assert sent.degradations == ()
    (message,) = rig.feishu.messages
    assert [tag["tag"] for tag in message.card["body"]["elements"]].count("table") == 3
    assert "m2  x" in message.text


TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"
LINES = "```\na  b\n1  2\n```"


@pytest.mark.parametrize(
    ("text", "most", "expected", "count"),
    [
        ("no table", 0, "no table", 0),
        ("a | b, but no table", 0, "a | b, but no table", 0),
        (TABLE, 1, TABLE, 1),
        (TABLE, 0, LINES, 0),
        (f"{TABLE}\n\n{TABLE}\n\nafter", 1, f"{TABLE}\n\n{LINES}\n\nafter", 1),
        (f"```\n{TABLE}\n```", 0, f"```\n{TABLE}\n```", 0),
    ],
)
def test_tables_in_markdown(text: str, most: int, expected: str, count: int) -> None:
    made = shown(text, replace(CARD, tables=most))
    assert (made.text, made.tables) == (expected, count)


@settings(deadline=None)
@given(st.text(max_size=40))
def test_nothing_that_is_escaped_is_markup(text: str) -> None:
    literal = CARD.literal(text)
    assert not re.search(r"(?<!\w)_\w|\*\S|`|\]\(|~~|<[A-Za-z/!@?]", literal)
    assert "<at" not in without_mentions(text).lower().replace(" ", "")


SUBMIT = Button("Send", submit=True)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: Form(name="f", body=[Input(name="a")]), "submit=True"),
        (lambda: Form(name="f", body=[Button("Send")]), "submit=True"),
        (
            lambda: Card(body=[Form(name="f", body=[Input(name="a"), Select(name="a", options=["x"]), SUBMIT])]),
            ": 'a' in ",
        ),
        (lambda: Card(body=[Form(name=name, body=[Input(name="a"), SUBMIT]) for name in "fg"]), ": 'a' in "),
        (lambda: Card(body=[Form(name="f", body=[SUBMIT]), Form(name="f", body=[SUBMIT])]), ": 'f' in form 'f' itself"),
        (lambda: Input(name="a", placeholder="x" * 101), "100"),
        (lambda: Select(name="a", options=["x"], placeholder="x" * 101), "100"),
        (lambda: DatePicker(name="a", placeholder="x" * 101), "100"),
        (lambda: Input(name="a", max_length=1001), "1000"),
        (lambda: Button("x" * 101), "100"),
        (lambda: Button(""), "1"),
        (lambda: Select(name="a", options=["x"], initial="y"), "none of the options"),
        (lambda: Select(name="a", options=["x", "y"], initial=("x", "y")), "multiple"),
        (lambda: DatePicker(name="a", initial="31.01.2026"), "does not match"),
        (lambda: DatePicker(name="a", kind="time", initial="2026-01-31"), "does not match"),
    ],
)
def test_what_no_platform_would_take_is_told_its_author(made: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        made()


def test_names_differ_in_the_whole_card_and_clicks_carry_the_authors() -> None:
    form = Form(
        name="f",
        body=[Input(name="a"), Button("No", value=1), Button("No", value=2), Button("a", submit=True)],
    )
    card = card_json(Card(body=[Input(name="a"), form]), {})
    named = [part for part in components(card) if "name" in part]
    assert len({part["name"] for part in named}) == len(named) == 6
    (inner,) = [part for part in components(card) if part["tag"] == "form"]
    assert [part["name"] for part in components(inner) if part["tag"] in ("form", "input")] == ["f", "a"]
    carried = [part["behaviors"][0]["value"]["imbridge"] for part in named if "behaviors" in part]
    assert carried == ["a", "No", "No", "a"]


async def test_what_can_be_chosen_in_a_card_that_is_refused_has_numbers(rig: Rig, adapter: FeishuAdapter) -> None:
    asked = Card(title="t", body=["x" * 40_000, Button("Yes", value=1), Button("No")])
    sent = await adapter.send(rig.target(), card_part(asked), "k")
    assert rig.feishu.messages[-1].text.endswith("1. Yes\n2. No")
    assert [(choice.text, choice.action, choice.value) for choice in sent.choices] == [
        ("Yes", "Yes", 1),
        ("No", "No", None),
    ]
