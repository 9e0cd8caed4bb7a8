"""Cards as Markdown with buttons; with numbered lines where the bot may send no buttons, as text where no Markdown."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from qq_rig import Rig
from rigs import alone, card

from imbridge.adapters.base import Sent
from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.cards import card_messages
from imbridge.adapters.qq.sent.keyboards import _rows
from imbridge.emulators.qq import BotMessage, Group
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
    Markdown,
    Note,
    Select,
    Table,
    Text,
)
from imbridge.rendering import Part, PartKind

ASK = Card(title="Release?", body=("Build **7**", Button("Yes", value={"build": 7}, style="primary"), Button("No")))


@pytest.fixture(autouse=True)
async def answerable(rig: Rig, adapter: QQAdapter) -> AsyncIterator[None]:
    await rig.alice.says("hi", bot=rig.bot)
    await rig.intake.has("hi")
    yield
    assert rig.qq.violations == []


async def shown(adapter: QQAdapter, rig: Rig, asked: Card, **facts: Any) -> tuple[Sent, BotMessage]:
    sent = await adapter.send(rig.target(**facts), alone(PartKind.CARD, asked), "key")
    return sent, rig.sent()[-1]


def labels(message: BotMessage) -> list[list[str]]:
    return [[button["render_data"]["label"] for button in row] for row in message.keyboard]


def carried(button: Any) -> dict[str, Any]:
    """What a button carries beside its seal, which each has."""
    found: dict[str, Any] = json.loads(button["action"]["data"])
    assert len(found.pop("seal")) == 16
    return found


def told(sent: Sent) -> dict[str, str]:
    return {degradation.what: degradation.how for degradation in sent.degradations}


class TestButtons:
    async def test_below_markdown(self, rig: Rig, adapter: QQAdapter) -> None:
        sent, message = await shown(adapter, rig, ASK)
        assert message.kind == "markdown"
        assert message.text == "## Release?\n\nBuild **7**"
        assert labels(message) == [["Yes", "No"]]
        assert sent.degradations == ()
        yes, no = message.buttons
        assert yes["action"]["type"] == 1
        assert yes["action"]["permission"] == {"type": 2}
        assert carried(yes) == {"imbridge": "Yes", "value": {"build": 7}}
        assert carried(no) == {"imbridge": "No"}
        assert (yes["render_data"]["style"], no["render_data"]["style"]) == (1, 0)
        assert yes["id"] != no["id"]

    async def test_one_that_opens_a_page(self, rig: Rig, adapter: QQAdapter) -> None:
        _, message = await shown(adapter, rig, Card(title="x", body=[Button("Docs", url="https://example.com/a?b=c")]))
        assert message.buttons[0]["action"]["type"] == 0
        assert message.buttons[0]["action"]["data"] == "https://example.com/a?b=c"

    async def test_a_choice_is_a_button_each(self, rig: Rig, adapter: QQAdapter) -> None:
        asked = Card(
            title="Speed?",
            body=[
                Select(name="speed", options={"s": "Slow", "f": "Fast"}, label="How *fast*"),
                Select(name="who", options=["Al", "Bo"], multiple=True),
            ],
        )
        sent, message = await shown(adapter, rig, asked)
        assert message.text == "## Speed?\n\n**How \\*fast\\***"
        assert [carried(button) for button in message.buttons] == [
            {"imbridge": "speed", "value": "s"},
            {"imbridge": "speed", "value": "f"},
            {"imbridge": "who", "value": ["Al"]},
            {"imbridge": "who", "value": ["Bo"]},
        ]
        assert {degradation.how for degradation in sent.degradations} == {
            "a button for each choice",
            "one choice at a time",
        }

    async def test_what_is_typed_or_picked_becomes_text(self, rig: Rig, adapter: QQAdapter) -> None:
        asked = Card(
            title="Details",
            body=[Form(name="f", body=[Input(name="why"), DatePicker(name="day"), Button("Send", submit=True)])],
        )
        sent, message = await shown(adapter, rig, asked)
        assert message.text == "## Details\n\nwhy: ＿＿＿\n\nday: ＿＿＿"
        assert labels(message) == [["Send"]]
        assert told(sent) == {"input": "text", "date": "text"}

    async def test_buttons_alone_have_something_to_stand_below(self, rig: Rig, adapter: QQAdapter) -> None:
        _, message = await shown(adapter, rig, Card(body=[Button("Go")]))
        assert message.text.strip()
        assert labels(message) == [["Go"]]

    async def test_what_a_button_of_qq_does_not_have_is_told(self, rig: Rig, adapter: QQAdapter) -> None:
        asked = Card(title="x", color="red", body=[Button("Drop", style="danger", confirm="Sure?")])
        sent, _ = await shown(adapter, rig, asked)
        assert told(sent) == {"color": "left out", "confirm": "left out", "style": "left out"}

    @pytest.mark.parametrize(
        ("widths", "rows"),
        [
            ([7, 6], [2]),
            ([8, 8, 8, 8], [3, 1]),
            ([5] * 7, [4, 3]),
            ([30, 30], [1, 1]),
            ([30] * 6, [2, 1, 1, 1, 1]),
            ([30] * 25, [5, 5, 5, 5, 5]),
        ],
    )
    def test_rows_have_as_many_as_can_be_read(self, widths: list[int], rows: list[int]) -> None:
        assert _rows(widths) == rows

    async def test_more_than_there_is_room_for_become_lines(self, rig: Rig, adapter: QQAdapter) -> None:
        asked = Card(title="Many", body=[Button(f"b{number}") for number in range(26)])
        sent, message = await shown(adapter, rig, asked)
        assert message.text.startswith("## Many\n\n1. b0\n2. b1\n")
        assert message.keyboard == []
        assert told(sent) == {"button": "numbered choices"}

    async def test_in_groups_too(self, rig: Rig, adapter: QQAdapter, team: Group) -> None:
        await rig.alice.says("psst", chat=team, mentions=[rig.bot])
        await rig.intake.has("psst")
        await adapter.send(rig.target(team), alone(PartKind.CARD, ASK), "key")
        assert labels(rig.sent()[-1]) == [["Yes", "No"]]

    async def test_in_channels_too(self, rig: Rig, adapter: QQAdapter) -> None:
        channel = rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot]).add_channel("talk")
        await rig.alice.says("psst", chat=channel, mentions=[rig.bot])
        await rig.intake.has("psst")
        where = rig.intake.items[-1].channel
        await adapter.send(rig.target().__class__(where), alone(PartKind.CARD, ASK), "key")
        assert labels(await rig.alice.receives(chat=channel)) == [["Yes", "No"]]
        assert "msg_type" not in rig.sent()[-1].body


class TestWithoutPermission:
    async def test_buttons_become_numbered_lines_and_are_not_tried_again(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.keyboard = False
        sent, message = await shown(adapter, rig, ASK)
        assert message.kind == "markdown"
        assert message.text == "## Release?\n\nBuild **7**\n\n1. Yes\n2. No"
        assert told(sent) == {"button": "numbered choices"}
        assert sent.attempts == 2
        again = await adapter.send(rig.target(), alone(PartKind.CARD, ASK), "other")
        assert again.attempts == 1

    async def test_markdown_becomes_text(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.markdown = False
        sent, message = await shown(adapter, rig, ASK)
        assert message.kind == "text"
        assert message.text == "Release?\n\nBuild 7\n\n1. Yes\n2. No"
        assert told(sent) == {"button": "numbered choices", "markdown": "text without its markup"}

    async def test_a_page_is_a_link_then(self, rig: Rig, adapter: QQAdapter) -> None:
        rig.bot.keyboard = False
        asked = Card(title="x", body=[Button("Docs [1]", url="https://example.com"), Select(name="s", options=["a"])])
        sent, message = await shown(adapter, rig, asked)
        assert message.text == "## x\n\n[Docs (1)](https://example.com)\n\n1. a"
        assert {(one.what, one.how) for one in sent.degradations} == {
            ("button", "links"),
            ("select", "numbered choices"),
        }


class TestContent:
    async def test_everything_else_is_markdown(self, rig: Rig, adapter: QQAdapter) -> None:
        asked = Card(
            title="All *of* it",
            body=[
                Text("plain *text*"),
                Markdown("**bold**"),
                Fields({"by": "Al_ice", "when": "now"}),
                Divider(),
                Note("small\nprint"),
                Image(url="https://example.com/a.png", alt="a [b]"),
                Image(key="file-info", alt="unknown"),
                Table(columns=("a", "b"), rows=(("1", "2"),)),
            ],
        )
        sent, message = await shown(adapter, rig, asked)
        assert message.text.split("\n\n") == [
            r"## All \*of\* it",
            r"plain \*text\*",
            "**bold**",
            "**by**: Al_ice\n**when**: now",
            "---",
            "> small\n> print",
            "![a (b)](https://example.com/a.png)",
            "[image: unknown]",
            "```\na  b\n1  2\n```",
        ]
        assert told(sent) == {"image": "text", "table": "aligned text"}

    async def test_nobody_is_called_by_it(self, rig: Rig, adapter: QQAdapter) -> None:
        _, message = await shown(adapter, rig, Card(title="<@!1>", body=["<@everyone>"]))
        assert "<@" not in message.text

    async def test_in_the_platforms_own_words(self, rig: Rig, adapter: QQAdapter) -> None:
        made = card_messages(ASK)[0]
        raw = {"markdown": {"content": "own"}, "keyboard": made.keyboard}
        _, message = await shown(adapter, rig, Card(content=raw))
        assert (message.text, labels(message)) == ("own", [["Yes", "No"]])

    async def test_nothing_of_these_is_told_what_to_write(self, rig: Rig, adapter: QQAdapter) -> None:
        with pytest.raises(ContentRefusedError, match="keyboard"):
            await adapter.send(rig.target(), card(content={"elements": []}), "key")

    async def test_a_card_cannot_be_changed(self, rig: Rig, adapter: QQAdapter) -> None:
        assert not adapter.capabilities.edit
        assert not adapter.capabilities.edit_cards

    async def test_a_card_without_anything(self, rig: Rig, adapter: QQAdapter) -> None:
        _, message = await shown(adapter, rig, Card())
        assert message.text == "[card]"


async def test_an_address_that_is_refused_on_a_button_becomes_a_line(rig: Rig, adapter: QQAdapter) -> None:
    rig.qq.faults.refuse("*/messages", 304003, times=3)  # as it is, and with the text's own addresses disguised
    part = Part(PartKind.CARD, (Card(title="x", body=[Button("Docs", url="https://unknown.com/a")]),))
    sent = await adapter.send(rig.target(), part, "key")
    assert rig.sent()[-1].text == "## x\n\nDocs (unknown。com/a)"
    assert told(sent)["button"] == "links"
