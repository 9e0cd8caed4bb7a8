"""`strict`: what would be shown otherwise than meant is not sent, and the caller is told."""

from typing import Any

import pytest
from runtime_world import account, chat, counts, emulated, skill, texts, until

from imbridge import (
    Audio,
    Bridge,
    BridgeOptions,
    Button,
    Card,
    DegradedError,
    DeliveryState,
    Location,
    Loss,
    Reply,
    Sticker,
    Text,
)
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.protocol import Receipt

PLACE = Location(latitude=22.5, longitude=114.0, name="Shenzhen")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


async def caught(answer: Any, **more: Any) -> tuple[DegradedError, list[str]]:
    """What an answer is refused with, and what was shown all the same."""
    errors: list[DegradedError] = []

    async def strictly(msg: Any) -> str:
        try:
            await answer(msg)
        except DegradedError as error:
            errors.append(error)
        return "done"

    async with chat(skill(strictly), **more) as room:
        before = len(room.feishu.messages)
        await room.user.says("go")
        await room.user.receives("done")
        shown = texts(room.feishu)[before:]
        assert room.feishu.violations == []
    return errors[0], [text for text in shown if text != "done"]


async def test_nothing_is_sent_that_rendering_would_change() -> None:
    error, shown = await caught(lambda msg: msg.reply(["here: ", PLACE], strict=True))
    assert shown == []
    assert [(one.loss, one.what) for one in error.degradations] == [(Loss.AS_TEXT, "location")]
    assert error.receipt is not None
    assert (error.receipt.state, error.receipt.parts) == (DeliveryState.FAILED, ())
    assert "location: text: [location: Shenzhen]" in str(error)
    assert "without strict" in str(error)


@pytest.mark.parametrize("media", [Audio(data=b"no audio"), Sticker(data=PNG)], ids=["audio", "sticker"])
async def test_what_the_adapter_would_change_in_the_last_part_keeps_the_first_from_being_sent(media: Any) -> None:
    error, shown = await caught(lambda msg: msg.reply([Card(title="first"), media], strict=True))
    assert shown == []
    assert [(one.loss, one.what) for one in error.degradations] == [(Loss.REPLACED, media.type)]


async def test_a_reply_says_it_itself() -> None:
    error, shown = await caught(lambda msg: msg.reply(Reply(elements=(PLACE,), strict=True)))
    assert shown == []
    assert error.degradations[0].what == "location"


async def test_what_is_said_last_counts() -> None:
    async def answer(msg: Any) -> None:
        receipts.append(await msg.reply(Reply(elements=(PLACE,), strict=True), strict=False))

    receipts: list[Any] = []
    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await room.user.receives("[location: Shenzhen]")
    assert [one.loss for one in receipts[0].degradations] == [Loss.AS_TEXT]
    assert receipts[0].refused == ()


async def test_a_long_text_is_split_all_the_same() -> None:
    async def answer(msg: Any) -> None:
        receipts.append(await msg.reply("x" * 160_000, strict=True))

    receipts: list[Any] = []
    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await until(lambda: receipts)
    assert [one.loss for one in receipts[0].degradations] == [Loss.SPLIT]
    assert len(receipts[0].parts) == 2


async def test_what_the_platform_refuses_is_not_said_in_a_plainer_form() -> None:
    """230099: the card's content is refused; without strict it is sent as text."""

    async def answer(msg: Any) -> str:
        try:
            await msg.reply(Card(title="Title", body=[Button("Yes")]), strict=True)
        except DegradedError as error:
            errors.append(error)
        return "done"

    errors: list[DegradedError] = []
    async with chat(skill(answer)) as room:
        room.feishu.faults.refuse_send(230099)
        await room.user.says("go")
        await room.user.receives("done")
        assert texts(room.feishu) == ["done"]
    assert [(one.loss, one.how) for one in errors[0].degradations] == [(Loss.AS_TEXT, "text")]
    assert "230099" in str(errors[0])


async def test_a_thread_that_is_refused_is_not_left() -> None:
    """230071: the chat has no threads; without strict the answer is an ordinary reply."""

    async def answer(msg: Any) -> str:
        try:
            await msg.reply("in a thread", in_thread=True, strict=True)
        except DegradedError as error:
            errors.append(error)
        return "done"

    errors: list[DegradedError] = []
    async with chat(skill(answer)) as room:
        room.feishu.faults.refuse_send(230071)
        await room.user.says("go")
        await room.user.receives("done")
        assert texts(room.feishu) == ["done"]
    assert [(one.loss, one.what) for one in errors[0].degradations] == [(Loss.MOVED, "thread")]


async def test_a_whole_bridge_can_be_strict() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        to = f"feishu:work/private/{feishu.private_chat(alice, app).chat_id}"
        async with Bridge([account(feishu, app)], options=BridgeOptions(strict=True)) as bridge:
            with pytest.raises(DegradedError):
                await bridge.send(to, PLACE)
            assert texts(feishu) == []
            assert await bridge.send(to, PLACE, strict=False)
            assert await bridge.send(to, "as it is")
        assert texts(feishu) == ["[location: Shenzhen]", "as it is"]


async def test_sending_can_be_strict() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        to = f"feishu:work/private/{feishu.private_chat(alice, app).chat_id}"
        async with Bridge([account(feishu, app)]) as bridge:
            with pytest.raises(DegradedError):
                await bridge.send(to, PLACE, strict=True)
            assert await bridge.send(to, PLACE)
        assert texts(feishu) == ["[location: Shenzhen]"]


async def test_an_edit_can_be_strict() -> None:
    async def answer(msg: Any) -> str:
        receipt = await msg.reply("before")
        try:
            await msg.edit(receipt, Reply(elements=(PLACE,), strict=True))
        except DegradedError as error:
            errors.append(error)
        shown.append(texts(room.feishu))
        assert await msg.edit(receipt, PLACE)
        return "done"

    errors: list[DegradedError] = []
    shown: list[list[str]] = []
    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await room.user.receives("done")
        assert texts(room.feishu) == ["[location: Shenzhen]", "done"]
    assert shown == [["before"]]
    assert [one.what for one in errors[0].degradations] == ["location"]


async def test_markdown_that_grows_is_not_begun_where_it_would_be_text() -> None:
    async def answer(msg: Any) -> str:
        with pytest.raises(DegradedError, match="shows no markdown"):
            msg.stream(markdown=True, strict=True)
        async with msg.stream(strict=True) as out:
            await out.write("plain")
        return "done"

    async with chat(skill(answer)) as room:
        adapter = room.bridge.adapter("feishu:test")
        adapter.capabilities = FEISHU.model_copy(update={"sends": FEISHU.sends - {"markdown"}})
        await room.user.says("go")
        await room.user.receives("done")
        assert texts(room.feishu) == ["plain", "done"]


async def test_markdown_that_grows_is_said_whole_or_not_at_all() -> None:
    receipts: list[Receipt] = []

    async def answer(msg: Any) -> str:
        tables = msg.stream(markdown=True, strict=True)
        await tables.write("**tables**\n\n")
        await tables.write("| a | b |\n|---|---|\n| 1 | 2 |\n\n" * 8)
        with pytest.raises(DegradedError, match="table"):
            await tables.finish()
        async with msg.stream(markdown=True, strict=True) as out:
            await out.write("**two** ")
            await out.write("words")
        receipts.append(await out.finish())
        return "done"

    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await room.user.receives("done")
        assert texts(room.feishu) == ["**two** words", "done"]
    assert [(one.loss, one.what) for one in receipts[0].degradations] == [(Loss.DELAYED, "stream")]


async def test_a_question_that_is_not_asked_is_not_waited_for() -> None:
    error, shown = await caught(lambda msg: msg.ask(Reply(elements=(PLACE,), strict=True)))
    assert shown == []
    assert error.degradations[0].what == "location"


async def test_a_strict_question_that_is_shown_as_meant_is_answered() -> None:
    async def answer(msg: Any) -> str:
        return f"{(await msg.ask(Reply(elements=(Text('Which?'),), strict=True))).text}!"

    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await room.user.receives("Which?")
        await room.user.says("this")
        await room.user.receives("this!")


async def test_a_returned_answer_that_is_refused_is_a_failed_delivery(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(msg: Any) -> Any:
        return Reply(elements=(PLACE,), strict=True) if msg.text == "go" else "after"

    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await room.user.says("and?")
        await room.user.receives("after")
        assert texts(room.feishu) == ["after"]
        assert counts(room.bridge)["delivery_failed"] == 1
    assert "strict forbids what would be lost: location" in caplog.text
