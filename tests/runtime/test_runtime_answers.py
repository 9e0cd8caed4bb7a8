"""What a skill returns or replies, over the wire and back."""

import re

import pytest
from runtime_world import chat, counts, skill, until

from imbridge import NOT_MINE, BaseSkill, DeliveryState, File, Image, Markdown, Mention, Reply, Text

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc000000003000100"
    "5bb1e4a50000000049454e44ae426082"
)


class Echo(BaseSkill):
    name, description, version = "echo", "repeats what you say", "1.0"

    async def handle_message(self, msg):
        if msg.content_type == "text":
            return msg.text
        return None


class OldEcho(BaseSkill):
    def __init__(self):
        super().__init__(name="old_echo", description="repeats", version="0.9")

    async def handle_message(self, msg):
        if msg.content_type == "text":
            return {"type": "text", "content": msg.raw}
        return None


@pytest.mark.parametrize("echo", [Echo(), OldEcho()], ids=["today", "older style"])
async def test_both_styles_of_the_readme(echo) -> None:
    async with chat(echo) as room:
        room.user.says("hi 你好 <b>&amp;")
        await room.user.receives("hi 你好 <b>&amp;")
        assert room.feishu.violations == []


async def three():
    for piece in ("one, ", "two, ", "three"):
        yield piece


RETURNED = {
    "a str": ("hello", "text", "hello"),
    "an older dict": ({"type": "text", "content": "hello"}, "text", "hello"),
    "an element's dict": ({"type": "markdown", "text": "**hello**"}, "post", "**hello**"),
    "an element": (Markdown("# hello"), "interactive", "# hello"),  # a post has no headlines
    "a list": (["hello ", Text("you"), "!"], "text", "hello you!"),
    "a Reply": (Reply(elements=(Text("hello"),)), "text", "hello"),
    "an image": (Image(data=PIXEL), "image", "[image]"),
    "a file": (File(data=b"abc", name="a.txt"), "file", None),
}


@pytest.mark.parametrize("name", RETURNED)
async def test_what_a_handler_may_return(name) -> None:
    content, kind, text = RETURNED[name]

    async def answer(msg):
        return content

    async with chat(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives()
        assert message.msg_type == kind
        assert text is None or message.text == text
        await until(lambda: counts(room.bridge).get("delivery_sent"))
        assert counts(room.bridge)["handled"] == 1
        assert room.feishu.violations == []


async def test_an_async_iterator_is_a_stream() -> None:
    async def answer(msg):
        return three()

    async with chat(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives()
        await until(lambda: message.text == "one, two, three")
        await room.user.receives_nothing()


async def test_a_handler_that_yields_is_a_stream() -> None:
    async def answer(msg):
        async for piece in three():
            yield piece

    async with chat(skill(answer)) as room:
        room.user.says("go")
        message = await room.user.receives()
        await until(lambda: message.text == "one, two, three")


async def test_none_says_nothing_and_goes_no_further() -> None:
    async def quiet(msg):
        return None

    async def loud(msg):
        return "never"

    async with chat(skill(quiet, "quiet", 1), skill(loud, "loud")) as room:
        await room.user.says("go")
        await until(lambda: counts(room.bridge)["handled"] == 1)
        await room.user.receives_nothing()


@pytest.mark.parametrize("nothing", ["", [], Reply()], ids=repr)
async def test_an_empty_answer_is_skipped(nothing) -> None:
    async def answer(msg):
        receipts.append(await msg.reply(nothing))
        return nothing

    receipts: list = []
    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await until(lambda: counts(room.bridge).get("delivery_skipped") == 2)
        assert receipts[0].state is DeliveryState.SKIPPED
        assert receipts[0]
        await room.user.receives_nothing()


async def test_not_mine_passes_on() -> None:
    async def first(msg):
        return NOT_MINE

    async def second(msg):
        return f"second: {msg.text}"

    async with chat(skill(first, "first", 1), skill(second, "second")) as room:
        room.user.says("go")
        await room.user.receives("second: go")


async def test_nobodys_message_is_counted() -> None:
    async def picky(msg):
        return NOT_MINE

    async with chat(skill(picky)) as room:
        await room.user.says("go")
        await until(lambda: counts(room.bridge)["unhandled"] == 1)
        await room.user.receives_nothing()


async def test_a_plain_function_runs_beside_the_loop() -> None:
    def plain(msg):
        return f"plain: {msg.text}"

    async with chat(skill(plain)) as room:
        room.user.says("go")
        await room.user.receives("plain: go")


@pytest.mark.parametrize("content", [5, object(), {"type": "no such"}, b"x"], ids=["int", "object", "dict", "bytes"])
async def test_what_cannot_be_sent_is_a_failure_that_is_told(content, caplog) -> None:
    async def answer(msg):
        return content

    async with chat(skill(answer)) as room:
        room.user.says("go")
        sorry = await room.user.receives(re.compile("went wrong"))
        failure_id = re.search("[0-9a-f]{8}", sorry.text)
        assert failure_id is not None
        assert f"failure {failure_id[0]}" in caplog.text
        assert "cannot send a" in caplog.text


# -- msg.reply -------------------------------------------------------------------------------------------------------


async def test_the_receipt_says_what_became_of_it() -> None:
    async def answer(msg):
        receipts.append(await msg.reply("first"))
        receipts.append(await msg.reply(["x" * 200_000]))
        return "last"

    receipts: list = []
    async with chat(skill(answer)) as room:
        room.user.says("go")
        first = await room.user.receives("first")
        big = [await room.user.receives(re.compile("^x+$")), await room.user.receives(re.compile("^x+$"))]
        await room.user.receives("last")
        assert sum(len(message.text) for message in big) == 200_000
        receipt, split = receipts
        assert receipt
        assert receipt.state is DeliveryState.SENT
        assert receipt.message_ids == (first.message_id,)
        assert receipt.channel == f"feishu:test/private/{first.chat_id}"
        assert (receipt.attempts, receipt.error, receipt.degradations) == (1, "", ())
        assert receipt.sent_at is not None
        assert split.message_ids == tuple(message.message_id for message in big)
        assert [(d.what, d.how) for d in split.degradations] == [("length", "split into 2")]
        assert len({part.key for part in (*receipt.parts, *split.parts)}) == 3


async def test_a_refused_answer_is_a_falsy_receipt_with_the_code() -> None:
    async def answer(msg):
        receipts.append(await msg.reply("one"))
        return "two"

    receipts: list = []
    async with chat(skill(answer)) as room:
        room.feishu.faults.refuse_send(230027)
        room.user.says("go")
        await room.user.receives("two")
        assert not receipts[0]
        assert receipts[0].state is DeliveryState.FAILED
        assert receipts[0].code == 230027
        assert "230027" in receipts[0].error


async def test_quote_and_thread() -> None:
    async def answer(msg):
        how = {"plain": {}, "quote": {"quote": True}, "no quote": {"quote": False}, "thread": {"in_thread": True}}
        await msg.reply(f"answer to {msg.text}", **how[msg.text])

    async with chat(skill(answer)) as room:
        (bob,) = room.group("Bob")
        for who, text, quoted, in_thread in (
            (room.user, "plain", False, False),
            (room.user, "quote", True, False),
            (room.user, "thread", True, True),
            (bob, "plain", True, False),
            (bob, "no quote", False, False),
            (bob, "thread", True, True),
        ):
            said = await who.says(text)
            message = await who.receives(f"answer to {text}")
            assert message.parent_id == (said.message_id if quoted else ""), (text, message)
            assert bool(message.thread_id) is in_thread, text


async def test_a_message_in_a_thread_is_answered_there() -> None:
    async with chat(Echo()) as room:
        (bob,) = room.group("Bob")
        first = await bob.says("first")
        await bob.receives("first")
        reply = await bob._user.replies(first, "in thread", thread=True)
        message = await bob.receives("in thread")
        assert message.thread_id == reply.thread_id != ""


async def test_edit_and_recall_through_the_receipt() -> None:
    async def answer(msg):
        receipt = await msg.reply("draft")
        receipts.append(await msg.edit(receipt, "final"))
        other = await msg.reply("oops")
        receipts.append(await msg.recall(other))
        receipts.append(await msg.recall(other.model_copy(update={"parts": ()})))

    receipts: list = []
    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await until(lambda: len(receipts) == 3)
        draft, oops = room.feishu.messages
        assert (draft.text, len(draft.edits)) == ("final", 1)
        assert oops.recalled
        edited, recalled, nothing = receipts
        assert edited
        assert edited.message_id == draft.message_id
        assert recalled
        assert nothing.state is DeliveryState.SKIPPED


async def test_an_edit_into_several_messages_or_of_none_is_refused() -> None:
    async def answer(msg):
        receipt = await msg.reply("short")
        long = await msg.reply("y" * 200_000)
        for wrong, content in (
            (receipt, "x" * 200_000),
            (long, "short"),
            (receipt.model_copy(update={"parts": ()}), "x"),
        ):
            with pytest.raises(Exception, match="fits into one message"):
                await msg.edit(wrong, content)
        refused = await msg.edit(receipt, Image(data=PIXEL))
        return "ok" if refused.state is DeliveryState.FAILED else "not ok"

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("ok")
        assert room.feishu.stats.edits == 0


async def test_reactions() -> None:
    async def answer(msg):
        receipts.append(await msg.react("👍"))
        receipts.append(await msg.react("no such emoji"))
        if msg.text == "undo":
            receipts.append(await msg.unreact("👍"))
        return "done"

    receipts: list = []
    async with chat(skill(answer)) as room:
        said = await room.user.says("keep")
        await room.user.receives("done")
        assert [reaction.emoji_type for reaction in said.reactions] == ["THUMBSUP"]
        assert receipts[0]
        assert not receipts[1]
        assert receipts[1].error
        said = await room.user.says("undo")
        await room.user.receives("done")
        assert said.reactions == []
        assert receipts[4]


async def test_our_own_reactions_are_not_handled_as_events() -> None:
    async def answer(msg):
        await msg.react("👍")

    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await until(lambda: counts(room.bridge).get("own"))
        assert "events_unhandled" not in counts(room.bridge)


# -- what comes in ---------------------------------------------------------------------------------------------------


async def test_media_are_read() -> None:
    async def answer(msg):
        data = await msg.elements[0].read()
        return f"{msg.content_type}: {len(data)} bytes, {msg.elements[0].type}"

    async with chat(skill(answer)) as room:
        room.user.sends_image(PIXEL)
        await room.user.receives(f"image: {len(PIXEL)} bytes, image")
        room.user.sends_file(b"x" * 70_000, name="a.bin")
        await room.user.receives("file: 70000 bytes, file")


async def test_media_in_an_answer_to_a_question_are_read() -> None:
    async def answer(msg):
        got = await msg.ask("a picture, please", timeout=5)
        return f"{len(await got.elements[0].read())} bytes"

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("a picture, please")
        room.user.sends_image(PIXEL)
        await room.user.receives(f"{len(PIXEL)} bytes")


async def test_mentions_in_a_group() -> None:
    async def answer(msg):
        return f"{msg.text!r} {msg.mentions_me} {msg.mentions_all} {msg.channel.kind}"

    async with chat(skill(answer)) as room:
        bob, carol = room.group("Bob", "Carol")
        bob.says("hello", mentions_bot=True)
        await bob.receives("'hello' True False group")
        bob.says("just talking")
        await bob.receives("'just talking' False False group")
        await bob._user.says("@all hello", chat=bob._room, mention_all=True)
        await bob.receives(re.compile("False True group"))
        await bob._user.says("@Carol hello", chat=bob._room, mentions=[carol._user])
        await bob.receives("'@Carol hello' False False group")


async def test_a_mention_is_sent_as_one() -> None:
    async def answer(msg):
        return [Mention(id=msg.sender.id, name="Bob"), " hello"]

    async with chat(skill(answer)) as room:
        (bob,) = room.group("Bob")
        bob.says("go", mentions_bot=True)
        message = await bob.receives()
        assert [who.name for who in message.mentions] == ["Bob"]
        assert message.text == "@Bob hello"
