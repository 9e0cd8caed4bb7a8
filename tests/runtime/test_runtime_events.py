"""Events, the decorators of a bridge, and what is said unasked."""

import re

import pytest
from runtime_world import account, counts, echo, skill, until

from imbridge import Address, BaseSkill, Bridge, ConfigError, DeliveryState, ImbridgeError, Markdown, on_event
from imbridge.protocol import BotAdded, MessageRecalled, ReactionAdded, UnknownEvent


async def test_an_event_is_answered_where_it_happened(feishu) -> None:
    class Greeter(BaseSkill):
        @on_event(BotAdded)
        async def added(self, event):
            return f"hello, {event.channel.name}"

        @on_event(MessageRecalled)
        async def recalled(self, event):
            async def words():
                yield "I saw "
                yield "that"

            return words()

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    group = feishu.add_group("team", members=[alice])
    async with Bridge([account(feishu, app)], skills=[Greeter()]) as bridge:
        feishu.add_bot(group, app, by=alice)
        await alice.receives("hello, team", chat=group)
        alice.recalls(await alice.says("oops", chat=group))
        await alice.receives("I saw that", chat=group)
        assert counts(bridge)["events_handled"] == 2


async def test_a_failing_event_handler_is_logged_and_no_more(feishu, caplog) -> None:
    class Broken(BaseSkill):
        @on_event(BotAdded)
        async def added(self, event):
            raise ValueError("boom")

        @on_event(MessageRecalled)
        async def recalled(self, event):
            return 5

        async def handle_message(self, msg):
            return msg.text

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    group = feishu.add_group("team", members=[alice])
    async with Bridge([account(feishu, app)], skills=[Broken()]) as bridge:
        feishu.add_bot(group, app, by=alice)
        alice.recalls(await alice.says("one", chat=group))
        await alice.says("two", chat=group)
        await alice.receives("two", chat=group)
        await until(lambda: counts(bridge)["failed"] == 2)
        assert "ValueError: boom" in caplog.text
        assert "cannot send a int" in caplog.text
        assert [message.text for message in feishu.messages] == ["one", "two"]


async def test_an_event_nobody_knows_arrives_whole(feishu) -> None:
    heard: list[UnknownEvent] = []
    app = feishu.add_app()
    bridge = Bridge([account(feishu, app)])

    @bridge.on_event(UnknownEvent)
    async def unknown(event):
        heard.append(event)

    async with bridge:
        feishu.push_event(app, "drive.file.edit_v1", {"file_token": "x"})
        await until(lambda: heard)
        assert heard[0].kind == "drive.file.edit_v1"
        assert heard[0].payload["event"] == {"file_token": "x"}


async def test_the_decorators(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    bridge = Bridge([account(feishu, app)])

    @bridge.on_message
    async def everything(msg):
        return f"everything: {msg.text}"

    @bridge.on_message(name="first", priority=5)
    async def shouting(msg):
        from imbridge import NOT_MINE

        return "shh" if msg.text.isupper() else NOT_MINE

    @bridge.command("weather", aliases=["w"], usage="CITY")
    async def weather(msg, args):
        return f"{' '.join(args)}: sunny"

    @bridge.on_event(ReactionAdded)
    async def reaction(event):
        return f"{event.emoji}!"

    @bridge.on_event()
    async def anything(event):
        others.append(type(event))

    others: list[type] = []
    group = feishu.add_group("g", members=[alice], apps=[app])
    async with bridge:
        assert [each.name for each in bridge.skills] == ["weather", "first", "everything", "reaction", "anything"]
        for said, answer in (
            ("hi", "everything: hi"),
            ("HI", "shh"),
            ("/weather Beijing", "Beijing: sunny"),
            ("/w Rome", "Rome: sunny"),
        ):
            await alice.says(said)
            message = await alice.receives(answer)
        alice.reacts(message, "SMILE")
        feishu.remove_bot(group, app, by=alice)
        await until(lambda: others)


# -- Bridge.send -----------------------------------------------------------------------------------------------------


async def test_every_kind_of_address(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    group = feishu.add_group("g", members=[alice], apps=[app])
    private = feishu.private_chat(alice, app)
    async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
        for address, chat in (
            (f"feishu:work/group/{group.chat_id}", group),
            (f"feishu:work/private/{private.chat_id}", private),
            (f"feishu:work/user/{alice.open_id_for(app)}", private),
            (f"feishu:work/user/{alice.union_id}", private),
            (f"feishu:work/user/{alice.user_id}", private),
            (f"feishu:work/user/{alice.email}", private),
            (Address(f"feishu:work/group/{group.chat_id}"), group),
            (Address(f"feishu:work/group/{group.chat_id}").channel, group),
        ):
            receipt = await bridge.send(address, f"to {address}")
            assert receipt, receipt
            message = await alice.receives(f"to {address}", chat=chat)
            assert receipt.message_id == message.message_id
        receipt = await bridge.send(f"feishu:work/group/{group.chat_id}#omt_1", Markdown("**done**"))
        assert receipt
        assert [d.what for d in receipt.degradations] == ["thread"]


async def test_one_key_makes_one_message(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    to = f"feishu:work/user/{alice.open_id_for(app)}"
    async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
        receipts = [await bridge.send(to, "once", key="order-7") for _ in range(2)]
        assert receipts[0].message_id == receipts[1].message_id
        assert len(feishu.messages) == 1
        assert (await bridge.send(to, "once")).message_id != receipts[0].message_id
        for key in ("", "x" * 41):
            with pytest.raises(ValueError, match="1 to 40 characters"):
                await bridge.send(to, "hi", key=key)


async def test_what_cannot_be_sent_there(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
        for wrong in ("", "oc_1", "feishu:work/oc_1", "feishu:work/room/oc_1", "feishu/group/oc_1"):
            with pytest.raises(ValueError, match="not an address"):
                await bridge.send(wrong, "hi")
        with pytest.raises(ConfigError, match=re.escape("no account 'feishu:home'; it has: feishu:work")):
            await bridge.send("feishu:home/group/oc_1", "hi")
        with pytest.raises(ImbridgeError, match="cannot send a int"):
            await bridge.send(f"feishu:work/user/{alice.open_id_for(app)}", 5)
        receipt = await bridge.send("feishu:work/group/oc_unknown", "hi")
        assert receipt.state is DeliveryState.FAILED
        assert receipt.code == 230001
        assert (await bridge.send(f"feishu:work/user/{alice.open_id_for(app)}", "")).state is DeliveryState.SKIPPED
    for late in (
        bridge.send(f"feishu:work/user/{alice.open_id_for(app)}", "late"),
        bridge.edit(receipt, "late"),
        bridge.recall(receipt),
    ):
        with pytest.raises(ImbridgeError, match="stopped; start it first"):
            await late


async def test_pushes_from_many_tasks_keep_their_order_in_a_chat(feishu) -> None:
    import asyncio

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    to = f"feishu:work/private/{feishu.private_chat(alice, app).chat_id}"
    config = account(feishu, app)
    async with Bridge([config]) as bridge:
        receipts = await asyncio.gather(*(bridge.send(to, f"{number}") for number in range(250)))
        assert all(receipts)
        assert [message.text for message in feishu.messages] == [f"{number}" for number in range(250)]
