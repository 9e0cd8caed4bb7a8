"""Bots of one bridge that talk to each other, on an emulated Feishu: who hears what, and how often."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bots_scene import two
from runtime_world import counts, texts, until

from imbridge import Bot, Bridge, BridgeOptions, Card, Image, Markdown, Mention, Message, Receipt, Reply, Text
from imbridge.runtime.bridge import BridgeState


async def test_a_bot_that_is_called_hears_it_as_if_the_platform_had_delivered_it() -> None:
    async with two(lambda msg: "Please, @Bea, count to 3", lambda msg: "1 2 3") as scene:
        await scene.alice.says("who counts?", chat=scene.group, mentions=[scene.ann])
        await scene.alice.receives("1 2 3", chat=scene.group)
    (heard,) = scene.by("bea")
    said, answered = scene.feishu.messages
    assert heard.id == said.message_id
    assert heard.channel.address == f"feishu:bea/group/{scene.group.chat_id}"
    assert heard.sender.is_bot
    assert not heard.sender.is_self
    assert heard.sender.name == "Ann"
    assert (heard.raw, heard.text) == ("Please, @Bea, count to 3",) * 2
    assert heard.reply_to == said.parent_id
    assert heard.quote is not None
    assert heard.quote.text == "@Ann who counts?"
    assert heard.elements[1:] == (
        Text("Please, "),
        Mention(id=scene.bea.bot_open_id, name="Bea", is_self=True, is_bot=True),
        Text(", count to 3"),
    )
    assert heard.mentions_me
    assert heard.hops == 1
    assert abs(heard.timestamp - datetime.now(UTC)) < timedelta(minutes=1)
    assert heard.payload == {
        "imbridge": {"synthetic": True, "hops": 1, "from": "feishu:ann", "message_id": said.message_id}
    }
    assert answered.parent_id == said.message_id, "the id is real: Bea answers to it"
    assert scene.feishu.violations == []


async def test_the_own_mention_at_the_beginning_is_taken_off_once() -> None:
    async with two(lambda msg: "@Bea @Bea what is 1+1?") as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        (heard,) = await until(lambda: scene.by("bea"))
    assert (heard.text, heard.raw) == ("what is 1+1?", "@Bea @Bea what is 1+1?")
    assert len(scene.by("bea")) == 1


@pytest.mark.parametrize(
    "content",
    [
        "@Bea hello",
        Markdown("**Hello** @Bea\n\n- a list"),
        [Text("hello "), Mention(name="Bea")],
        Card(title="Work", text="For @Bea to do"),
        Reply(elements=(Text("＠bea hello"),)),
    ],
)
async def test_every_way_to_call(content: Any) -> None:
    async with two(lambda msg: content) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        (heard,) = await until(lambda: scene.by("bea"))
        await scene.quiet()
    assert heard.mentions_me
    assert len(scene.by("bea")) == 1


async def test_a_bot_is_called_by_what_the_list_says_of_it() -> None:
    listed: list[Bot] = []

    async def call(msg: Message) -> Any:
        listed.extend(await msg.bots())
        return [Text("hello "), listed[0].mention()]

    async with two(call) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: scene.by("bea"))
        everybody = scene.bridge.bots()
    bea = Bot(platform="feishu", account="bea", id=scene.bea.bot_open_id, name="Bea")
    assert listed == [bea]
    assert everybody == (Bot(platform="feishu", account="ann", id=scene.ann.bot_open_id, name="Ann"), bea)


@pytest.mark.parametrize(
    "content",
    [
        "the command is `@Bea run`",
        "```\n@Bea run\n```",
        "> @Bea run\nwas said",
        Markdown("    @Bea in code\n\n> a quotation\nof @Bea"),
        '<at user_id="ou_1">@Bea</at>',
        "ask bob@Bea.example or @Beatrix, https://example.com/@Bea",
        "no name at all",
        Image(data=b"\x89PNG\r\n\x1a\n", alt="@Bea"),
    ],
)
async def test_what_calls_nobody(content: Any) -> None:
    async with two(lambda msg: content) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: scene.feishu.messages)
        await scene.quiet()
    assert scene.by("bea") == []


async def test_in_private_nobody_is_called() -> None:
    async with two(lambda msg: "@Bea hello") as scene:
        chat = scene.feishu.private_chat(scene.alice, scene.ann)
        receipt = await scene.bridge.send(f"feishu:ann/private/{chat.chat_id}", "@Bea hello")
        await scene.quiet()
    assert receipt
    assert scene.by("bea") == []


async def test_a_bot_that_is_not_in_the_group_hears_nothing_of_it() -> None:
    listed: list[Any] = []

    async def call(msg: Message) -> str:
        listed.append(await msg.bots())
        return "@Bea hello"

    async with two(call, bea_there=False) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: scene.feishu.messages)
        await scene.quiet()
    assert scene.by("bea") == []
    assert listed == [()]


@pytest.mark.parametrize("quote", [True, False])
async def test_a_bot_that_is_called_in_an_answer_that_grows_gets_what_it_quotes(quote: bool) -> None:
    async def grow(msg: Message) -> None:
        async def pieces() -> AsyncIterator[str]:
            yield "@Bea "
            yield "hello"

        await msg.reply(pieces(), quote=quote)

    async with two(grow) as scene:
        asked = await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        (heard,) = await until(lambda: scene.by("bea"))
    assert heard.reply_to == (asked.message_id if quote else None)
    assert (heard.quote is not None) is quote


async def test_what_is_sent_unasked_calls_as_well() -> None:
    async with two(lambda msg: None) as scene:
        receipt = await scene.bridge.send(f"feishu:ann/group/{scene.group.chat_id}", "@Bea, good morning")
        (heard,) = await until(lambda: scene.by("bea"))
    assert heard.id == receipt.message_id


async def test_an_alias_calls() -> None:
    async with two(lambda msg: "@计数员，请数", more={"aliases": ("计数员",)}) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        (heard,) = await until(lambda: scene.by("bea"))
    assert heard.text == "，请数"


async def test_a_stream_calls_once_at_its_end() -> None:
    async def grow(msg: Message) -> None:
        async with msg.stream() as out:
            await out.write("@B")
            await until(lambda: scene.feishu.messages)
            await out.write("ea, the answer is 42")
            assert scene.by("bea") == []

    async with two(grow) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        (heard,) = await until(lambda: scene.by("bea"))
        await scene.quiet()
    assert heard.text == ", the answer is 42"
    assert heard.id == scene.feishu.messages[0].message_id
    assert len(scene.by("bea")) == 1


async def test_edits_and_recalls_call_nobody() -> None:
    async def change(msg: Message) -> None:
        receipt: Receipt = await msg.reply("@Bea one")
        assert await msg.edit(receipt, "@Bea two")
        assert await msg.recall(receipt)

    async with two(change) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: scene.feishu.messages and scene.feishu.messages[0].recalled)
        await scene.quiet()
    assert [msg.text for msg in scene.by("bea")] == ["one"]


async def test_two_skills_that_always_answer_each_other_are_stopped(caplog: pytest.LogCaptureFixture) -> None:
    options = BridgeOptions(bot_notice="That is enough.")
    async with two(lambda msg: "@Bea and you?", lambda msg: "@Ann and you?", options=options) as scene:
        await scene.alice.says("go", chat=scene.group, mentions=[scene.ann])
        await scene.alice.receives("That is enough.", chat=scene.group)
        await scene.quiet()
        found = counts(scene.bridge)
    assert texts(scene.feishu) == [
        "@Bea and you?", "@Ann and you?", "@Bea and you?", "@Ann and you?", "That is enough."
    ]  # fmt: skip
    assert [msg.hops for msg in scene.heard if msg.mentions_me] == [0, 1, 2, 3]
    assert (found["bot_calls"], found["bot_loop"]) == (4, 1)
    stopped = [record for record in caplog.records if "bots talk to each other" in record.message]
    assert len(stopped) == 1


async def test_a_person_who_speaks_lets_them_begin_anew() -> None:
    async with two(
        lambda msg: "@Bea and you?", lambda msg: "@Ann and you?", options=BridgeOptions(bot_hops=1)
    ) as scene:
        for _ in range(2):
            before = len(scene.feishu.messages)
            await scene.alice.says("go", chat=scene.group, mentions=[scene.ann])
            await until(lambda: len(scene.feishu.messages) == before + 2)  # noqa: B023 - awaited in the turn
            await scene.quiet()
    assert [msg.hops for msg in scene.heard if msg.mentions_me] == [0, 1, 0, 1]


async def test_turns_in_a_group_are_bounded_whoever_began(caplog: pytest.LogCaptureFixture) -> None:
    options = BridgeOptions(bot_turns=2, bot_notice="Enough.")
    async with two(lambda msg: None, options=options) as scene:
        for number in range(5):
            await scene.bridge.send(f"feishu:ann/group/{scene.group.chat_id}", f"@Bea {number}")
        await scene.quiet()
        found = counts(scene.bridge)
    assert [msg.text for msg in scene.by("bea")] == ["0", "1"]
    assert found["bot_loop"] == 3
    assert len([record for record in caplog.records if "bots talk to each other" in record.message]) == 1
    assert texts(scene.feishu).count("Enough.") == 1


@pytest.mark.parametrize("aside", [False, True], ids=["in the handler", "in a task of its own"])
async def test_what_a_skill_sends_unasked_goes_on_counting(aside: bool) -> None:
    """Else two bots that answer by `bridge.send` would each time begin anew."""

    def sends(name: str, other: str) -> Callable[[Message], Any]:
        async def send(msg: Message) -> None:
            where = f"feishu:{name}/group/{msg.channel.id}"
            said = asyncio.create_task(scene.bridge.send(where, f"@{other} and you?"))
            begun.append(said)
            if not aside:
                await said

        return send

    begun: list[asyncio.Task[Receipt]] = []
    options = BridgeOptions(bot_hops=2)
    async with two(sends("ann", "Bea"), sends("bea", "Ann"), options=options) as scene:
        await scene.alice.says("go", chat=scene.group, mentions=[scene.ann])
        await until(lambda: counts(scene.bridge).get("bot_loop") == 1)
        assert await scene.bridge.send(f"feishu:ann/group/{scene.group.chat_id}", "@Bea anew")
        await until(lambda: counts(scene.bridge).get("bot_loop") == 2)
        assert all(await asyncio.gather(*begun))
    assert [msg.hops for msg in scene.heard if msg.mentions_me] == [0, 1, 2, 1, 2]


async def test_a_bot_never_calls_itself() -> None:
    async with two(lambda msg: ["@Ann do it yourself ", Mention(name="Ann")]) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: scene.feishu.messages)
        await scene.quiet()
    assert [msg.hops for msg in scene.heard if msg.channel.account == "ann"] == [0]
    assert scene.by("bea") == []


async def test_the_option_turns_it_off() -> None:
    async with two(lambda msg: "@Bea hello", options=BridgeOptions(bots=False)) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: scene.feishu.messages)
        await scene.quiet()
    assert scene.by("bea") == []


async def test_where_the_platform_delivers_it_too_it_is_heard_once() -> None:
    async with two(lambda msg: "@Bea hello", bea_app={"hears_bots": True}) as scene:
        # Both hear who is mentioned by a person: so Ann learns Bea's id as Ann's app sees it.
        await scene.alice.says("this is", chat=scene.group, mentions=[scene.bea])
        await until(lambda: len(scene.heard) == 2)
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: scene.by("bea"))
        await scene.quiet()
        await until(lambda: counts(scene.bridge)["duplicate"] == 1)
    said = next(message for message in scene.feishu.messages if "hello" in message.text)
    assert said.mentions == (scene.bea,), "a mention that people see, by the id that Ann's app has for Bea"
    (heard,) = scene.by("bea")
    assert heard.hops == 1
    assert scene.feishu.violations == []


async def test_two_bots_of_one_name_are_called_by_neither() -> None:
    async with two(lambda msg: "@Helper hello", more={"aliases": ("Helper",)}) as scene:
        third = scene.feishu.add_app(name="Helper")
        scene.group.apps.append(third)
        assert scene.bridge.bots()[1].names == ("Bea", "Helper")
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        (heard,) = await until(lambda: scene.by("bea"))
    assert heard.text == "hello", "the third is no bot of this bridge"


async def test_stopping_waits_for_what_was_called_last() -> None:
    begun: list[Bridge] = []

    async def late(msg: Message) -> str:
        await until(lambda: begun[0].state is BridgeState.STOPPING)
        return "@Bea hello"

    async def last(msg: Message) -> str:
        await msg.react("THUMBSUP")  # it takes a moment
        return "at the very end"

    async with two(late, last) as scene:
        begun.append(scene.bridge)
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: any(msg.mentions_me for msg in scene.heard))
    assert texts(scene.feishu) == ["@Bea hello", "at the very end"]


async def test_an_answer_that_is_broken_off_calls_nobody() -> None:
    async def fail(msg: Message) -> None:
        async with msg.stream() as out:
            await out.write("@Bea, the answer is")
            await until(lambda: scene.feishu.messages)
            raise ValueError("no answer")

    async with two(fail) as scene:
        await scene.alice.says("?", chat=scene.group, mentions=[scene.ann])
        await until(lambda: counts(scene.bridge)["failed"])
        await scene.quiet()
    assert scene.by("bea") == []
