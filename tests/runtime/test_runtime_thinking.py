"""What a skill thinks stands apart from its answer, in a quote, or nowhere; and never in the answer unasked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from runtime_world import account, chat, emulated, skill, until
from stream_writer import show_quickly

from imbridge import BaseSkill, Bridge, BridgeOptions, Loss, SkillError, Thinking, on_event
from imbridge.config.options import ThinkingMode
from imbridge.emulators.feishu import BotMessage
from imbridge.protocol import MessageRecalled
from imbridge.runtime.thinking import Thoughts

CREATE = "*/cardkit/v1/cards"
CONTENT = "*/cardkit/v1/cards/*/content"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    show_quickly(monkeypatch)


class Thinker:
    """A skill that says and thinks what the test gives it; None ends it."""

    def __init__(self, *, markdown: bool = True) -> None:
        self._pieces: asyncio.Queue[str | Thinking | None] = asyncio.Queue()
        self._markdown = markdown
        self.receipts: list[Any] = []

    def says(self, *pieces: str | Thinking | None) -> None:
        for piece in pieces:
            self._pieces.put_nowait(piece)

    async def answer(self, msg: Any) -> None:
        async with msg.stream(markdown=self._markdown) as out:
            while (piece := await self._pieces.get()) is not None:
                await (out.think(piece.text) if isinstance(piece, Thinking) else out.write(piece))
        self.receipts.append(await out.finish())

    async def receipt(self) -> Any:
        self.says(None)
        await until(lambda: self.receipts)
        return self.receipts[0]


def parts_of(message: BotMessage) -> dict[str, Any]:
    """What the card shows of thinking and answer, and whether the panel is open."""
    assert message.entity is not None
    found: dict[str, Any] = {"thinking": None, "answer": None, "open": None}
    for element in message.entity.card["body"]["elements"]:
        if element["tag"] == "collapsible_panel":
            found["open"] = element["expanded"]
            found["thinking"] = element["elements"][0]["text"]["content"]
        elif element.get("element_id") == "answer":
            found["answer"] = element["content"]
        elif element["tag"] == "div":
            found["answer"] = element["text"]["content"]
    return found


async def first_card(room: Any) -> BotMessage:
    await until(lambda: room.feishu.messages)
    message: BotMessage = room.feishu.messages[0]
    return message


@pytest.mark.parametrize("markdown", [True, False])
async def test_thinking_has_a_panel_of_its_own_in_the_card(markdown: bool) -> None:
    thinker = Thinker(markdown=markdown)
    async with chat(skill(thinker.answer)) as room:
        room.user.says("go")
        thinker.says(Thinking("let me "))
        message = await first_card(room)
        await until(lambda: parts_of(message) == {"thinking": "let me ", "answer": "", "open": True})
        thinker.says(Thinking("see <at id=all></at>"))
        await until(lambda: parts_of(message)["thinking"] == "let me see <at id=all></at>")
        thinker.says("It is ")
        await until(lambda: parts_of(message)["answer"].rstrip() == "It is")
        thinker.says("42.")
        receipt = await thinker.receipt()
        assert parts_of(message) == {"thinking": "let me see <at id=all></at>", "answer": "It is 42.", "open": False}
        assert not message.entity.streaming
        assert message.entity.card["config"]["summary"] == {"content": "It is 42."}
        assert (receipt.degradations, len(room.feishu.messages), message.mentions) == ((), 1, ())
        assert room.feishu.violations == []


async def test_a_returned_stream_thinks_too_and_may_begin_with_its_answer() -> None:
    async def answer(msg: Any) -> Any:
        yield "First. "
        yield Thinking("hm")
        yield "Second."

    async with chat(skill(answer)) as room:
        room.user.says("go")
        message = await first_card(room)
        await until(lambda: not message.entity.streaming)
        assert parts_of(message) == {"thinking": "hm", "answer": "First. Second.", "open": False}


async def test_a_stopped_answer_that_only_thought_says_so() -> None:
    thinker = Thinker()
    async with chat(skill(thinker.answer)) as room:
        room.user.says("go")
        thinker.says(Thinking("hm"))
        message = await first_card(room)
        room.user.says("stop")
        await until(lambda: not message.entity.streaming)
        assert parts_of(message) == {"thinking": "hm", "answer": "⏹ *已停止 (stopped)*", "open": False}
        assert len(room.feishu.messages) == 1


async def test_the_newest_of_much_thinking_is_shown_and_the_answer_has_room() -> None:
    thinker = Thinker()
    async with chat(skill(thinker.answer)) as room:
        room.user.says("go")
        thinker.says(Thinking("想" * 10_000), Thinking("done"), "answer " * 2_000)
        receipt = await thinker.receipt()
        messages = list(room.feishu.messages)
        assert [message.msg_type for message in messages] == ["interactive"]
        shown = parts_of(messages[0])
        assert shown["thinking"].startswith("…想")
        assert shown["thinking"].endswith("想done")
        assert 5_900 < len(shown["thinking"].encode()) <= 6_000
        assert shown["answer"] == ("answer " * 2_000).rstrip()
        assert [(one.loss, one.what) for one in receipt.degradations] == [(Loss.DROPPED, "thinking")]


async def test_a_continued_answer_keeps_its_thinking_in_the_first_message() -> None:
    thinker = Thinker()
    async with chat(skill(thinker.answer)) as room:
        room.user.says("go")
        thinker.says(Thinking("hm"), "word " * 9_000)
        receipt = await thinker.receipt()
        shown = [parts_of(message) for message in room.feishu.messages]
        assert len(shown) == 2
        assert [one["thinking"] for one in shown] == ["hm", None]
        assert " ".join(one["answer"] for one in shown).split() == ["word"] * 9_000
        assert receipt.degradations == ()


@pytest.mark.parametrize(
    ("mode", "text", "loss"),
    [
        ("apart", "It is 42.", Loss.DROPPED),
        ("hide", "It is 42.", Loss.DROPPED),
        ("show", "> 💭 let me\n> see\n\nIt is 42.\n\n> 💭 yes", Loss.JOINED),
    ],
)
@pytest.mark.parametrize("stream", ["edit", "refused"])
async def test_where_there_is_no_place_for_it(mode: ThinkingMode, text: str, loss: Loss, stream: str) -> None:
    thinker = Thinker(markdown=False)
    account = {"stream": "edit"} if stream == "edit" else {}
    async with chat(skill(thinker.answer), options=BridgeOptions(thinking=mode), **account) as room:
        if stream == "refused":
            room.feishu.faults.refuse(CREATE, 99991672, times=None)
        room.user.says("go")
        thinker.says(Thinking("let me\nsee"), "It is 42.", Thinking("yes"))
        if mode == "show" and stream == "refused":  # all of it was thought before the refusal came
            text = "> 💭 let me\n> see\n> \n> yes\n\nIt is 42."
        receipt = await thinker.receipt()
        assert [message.text for message in room.feishu.messages] == [text]
        assert [one.loss for one in receipt.degradations if one.what == "thinking"] == [loss]


@pytest.mark.parametrize(
    ("mode", "text", "loss"),
    [
        ("apart", "It is 42.", Loss.DROPPED),
        ("hide", "It is 42.", Loss.DROPPED),
        ("show", "> 💭 hm\n\nIt is 42.", Loss.JOINED),
    ],
)
async def test_what_is_said_whole_tells_what_became_of_its_thinking(
    mode: ThinkingMode, text: str, loss: Loss, caplog: pytest.LogCaptureFixture
) -> None:
    """Said unasked, and as the answer to an event; `strict` does not forbid it."""
    caplog.set_level("INFO", "imbridge.runtime")

    class Recalled(BaseSkill):
        @on_event(MessageRecalled)
        async def recalled(self, event: Any) -> Any:
            return pieces()

    async def pieces() -> AsyncIterator[str | Thinking]:
        yield Thinking("hm")
        yield "It is "
        yield "42."

    options = BridgeOptions(thinking=mode, strict=True)
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[Recalled()], options=options) as bridge:
            receipt = await bridge.send(f"feishu:work/user/{alice.open_id_for(app)}", pieces())
            assert [(one.loss, one.what) for one in receipt.degradations] == [(loss, "thinking")]
            await alice.receives(text)
            caplog.clear()
            alice.recalls(await alice.says("oops"))
            await alice.receives(text)
        assert "thinking was sent as" in caplog.text


async def test_what_is_said_whole_is_text_and_nothing_else() -> None:
    closed = asyncio.Event()

    async def pieces() -> AsyncIterator[Any]:
        try:
            yield "a"
            yield b"b"
        finally:
            closed.set()

    async with chat(skill(lambda msg: None)) as room:
        with pytest.raises(SkillError, match="gave a bytes"):
            await room.bridge.send("feishu:work/group/oc_1", pieces())
        assert closed.is_set()


async def test_hidden_thinking_is_shown_in_no_card_either() -> None:
    thinker = Thinker()
    async with chat(skill(thinker.answer), options=BridgeOptions(thinking="hide")) as room:
        room.user.says("go")
        thinker.says(Thinking("hm"), "42")
        receipt = await thinker.receipt()
        assert [parts_of(message)["thinking"] for message in room.feishu.messages] == [None]
        assert [one.why for one in receipt.degradations] == ["the option thinking says hide"]


async def test_a_card_that_the_chat_refuses_shows_the_answer_without_it() -> None:
    thinker = Thinker()
    async with chat(skill(thinker.answer), options=BridgeOptions(thinking="show")) as room:
        room.feishu.faults.refuse_send(230099)
        room.user.says("go")
        thinker.says(Thinking("hm"))
        message = await first_card(room)
        thinker.says("42")
        await thinker.receipt()
        assert message.text == "> 💭 hm\n\n42"
        assert len(room.feishu.messages) == 1


async def test_a_lost_answer_shows_no_thinking_twice() -> None:
    thinker = Thinker()
    async with chat(skill(thinker.answer)) as room:
        room.user.says("go")
        thinker.says("a")
        message = await first_card(room)
        await until(lambda: parts_of(message)["answer"] == "a")
        fault = room.feishu.faults.lose_answer("*/cardkit/v1/cards/*/elements")
        thinker.says(Thinking("one "), Thinking("two"), "b")
        receipt = await thinker.receipt()
        assert fault.hits == 1
        assert parts_of(message) == {"thinking": "one two", "answer": "ab", "open": False}
        assert receipt.degradations == ()


async def test_a_pushed_stream_and_an_event_say_only_the_answer() -> None:
    async def pieces() -> Any:
        yield Thinking("hm")
        yield "42"

    async with chat() as room:
        await room.user.says("hello")
        receipt = await room.bridge.send(f"feishu:test/private/{room.user._room.chat_id}", pieces())
        assert receipt
        assert [message.text for message in room.feishu.messages] == ["42"]


def test_a_quote_closes_code_that_is_open() -> None:
    thoughts = Thoughts(ThinkingMode.SHOW)
    assert thoughts.add("hm", "```py\na", room=0) == "\n```\n\n> 💭 hm"
    assert thoughts.add("m\nx", "", room=0) == "m\n> x"
    assert (thoughts.between(), thoughts.between()) == ("\n\n", "")
