"""A platform that waits for the answer to a message: it is let go when all is said, and not before."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from runtime_world import account, emulated, skill, texts, until

from imbridge import Bridge, MenuClicked, Message
from imbridge.adapters.base import Inbound, Sent, Target, Verdict
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.pending import PendingAnswer
from imbridge.protocol import Channel, ChannelKind, Sender, SentPart, Text
from imbridge.rendering import Part

Deliver = Callable[..., Awaitable[PendingAnswer]]


@asynccontextmanager
async def bridge_with(answer: Any) -> AsyncIterator[tuple[Any, Deliver]]:
    """A bridge on an emulated Feishu, and a way to deliver messages that the platform waits at."""
    async with emulated() as feishu:
        app = feishu.add_app()
        room = feishu.private_chat(feishu.add_user("Alice"), app)
        channel = Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id=room.chat_id)
        async with Bridge([account(feishu, app)], skills=[skill(answer)]) as bridge:

            async def deliver(message_id: str, text: str, verdict: Verdict = Verdict.ACCEPTED) -> PendingAnswer:
                waiting = PendingAnswer()
                message = Message(
                    id=message_id, channel=channel, sender=Sender(id="ou_1"), elements=(Text(text),), text=text,
                    raw=text, timestamp=datetime.now(UTC),
                )  # fmt: skip
                assert (
                    await bridge._handling.inbox.offer("feishu:work", Inbound(message, (message_id,), waiting))
                    is verdict
                )
                return waiting

            yield feishu, deliver


async def test_let_go_when_the_answer_is_sent() -> None:
    async with bridge_with(lambda msg: f"re: {msg.text}") as (feishu, deliver):
        waiting = await deliver("m1", "hi")
        assert await waiting.wait(10) == ()
        assert texts(feishu) == ["re: hi"]


async def test_let_go_when_nothing_is_said() -> None:
    async with bridge_with(lambda msg: None) as (feishu, deliver):
        waiting = await deliver("m1", "hi")
        assert await waiting.wait(10) == ()
        assert texts(feishu) == []
        assert waiting._said.done()  # told, not timed out


async def test_let_go_when_the_skill_fails() -> None:
    async def fail(msg: Message) -> None:
        raise RuntimeError("oops")

    async with bridge_with(fail) as (feishu, deliver):
        waiting = await deliver("m1", "hi")
        await waiting.wait(10)
        assert waiting._said.done()
        assert len(texts(feishu)) == 1


async def test_not_let_go_while_the_skill_works() -> None:
    go_on = asyncio.Event()

    async def slow(msg: Message) -> str:
        await msg.reply("one moment")
        await go_on.wait()
        return "done"

    async with bridge_with(slow) as (feishu, deliver):
        waiting = await deliver("m1", "hi")
        await until(lambda: texts(feishu) == ["one moment"])
        assert not waiting._said.done()
        go_on.set()
        assert await waiting.wait(10) == ()
        assert texts(feishu) == ["one moment", "done"]


async def test_a_repetition_is_let_go_at_once() -> None:
    go_on = asyncio.Event()

    async def slow(msg: Message) -> None:
        await go_on.wait()

    async with bridge_with(slow) as (_, deliver):
        first = await deliver("m1", "hi")
        again = await deliver("m1", "hi", Verdict.DUPLICATE)
        assert again._said.done()
        assert not first._said.done()
        go_on.set()


async def test_a_question_is_all_that_is_said_to_a_message_and_its_answer_is_waited_at_itself() -> None:
    async def asking(msg: Message) -> str:
        city = await msg.ask("which city?", timeout=10)
        return f"sunny in {city.text}"

    async with bridge_with(asking) as (feishu, deliver):
        first = await deliver("m1", "weather")
        assert await first.wait(10) == ()  # the question is all that is said to it
        assert first._said.done()
        assert texts(feishu) == ["which city?"]
        second = await deliver("m2", "beijing")
        assert await second.wait(10) == ()
        assert texts(feishu) == ["which city?", "sunny in beijing"]


async def test_answers_of_one_id_at_two_accounts_are_two() -> None:
    """An id is a platform's, and of WeCom and WeChat an account's: who waits at one must not stand for the other."""

    async def asking(msg: Message) -> None:
        await msg.ask("which city?", timeout=10)

    async with emulated() as feishu:
        apps = [feishu.add_app(), feishu.add_app()]
        alice = feishu.add_user("Alice")
        rooms = {f"b{number}": feishu.private_chat(alice, app) for number, app in enumerate(apps)}
        accounts = [account(feishu, app, name) for app, name in zip(apps, rooms, strict=True)]
        async with Bridge(accounts, skills=[skill(asking)]) as bridge:

            def deliver(name: str, message_id: str) -> PendingAnswer:
                channel = Channel(platform="feishu", account=name, kind=ChannelKind.PRIVATE, id=rooms[name].chat_id)
                message = Message(id=message_id, channel=channel, sender=Sender(id="ou_1"), timestamp=datetime.now(UTC))
                waiting = PendingAnswer()
                bridge._handling.inbox.offer(f"feishu:{name}", Inbound(message, (message_id,), waiting))
                return waiting

            for name in rooms:
                deliver(name, "1")
            await until(lambda: texts(feishu) == ["which city?", "which city?"])
            waiting = [deliver(name, "2") for name in rooms]
            await until(lambda: all(one.over for one in waiting))


async def test_what_is_said_after_a_question_answers_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    targets: list[Target] = []
    send = FeishuAdapter.send

    async def noted(self: FeishuAdapter, target: Target, part: Part, key: str) -> Sent:
        targets.append(target)
        return await send(self, target, part, key)

    async def asking(msg: Message) -> None:
        await msg.ask("which city?", timeout=10)
        await msg.reply("sunny", quote=True)

    monkeypatch.setattr(FeishuAdapter, "send", noted)
    async with bridge_with(asking) as (feishu, _):
        bob = feishu.add_user("Bob")
        first = await bob.says("weather")
        await bob.receives("which city?")
        second = await bob.says("beijing")
        await bob.receives("sunny")
        assert [target.answers for target in targets] == [first.message_id, second.message_id]
        assert targets[1].reply_to == first.message_id  # what is quoted stays what was asked first


@pytest.mark.parametrize("quote", [True, False])
async def test_what_is_sent_knows_which_message_it_answers(quote: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    targets: list[Target] = []
    send = FeishuAdapter.send

    async def noted(self: FeishuAdapter, target: Target, part: Part, key: str) -> Sent:
        targets.append(target)
        return await send(self, target, part, key)

    async def answer(msg: Message) -> None:
        await msg.reply("yes", quote=quote)

    monkeypatch.setattr(FeishuAdapter, "send", noted)
    async with bridge_with(answer) as (feishu, _):
        said = await feishu.add_user("Bob").says("hi")
        await until(lambda: targets)
        assert targets[0].answers == said.message_id
        assert targets[0].reply_to == (said.message_id if quote else None)


async def test_somebody_who_waits_gives_up_in_time() -> None:
    waiting = PendingAnswer()
    assert await waiting.wait(0.01) == ()
    assert await waiting.wait(0) == ()
    assert await waiting.wait(-1) == ()
    told = asyncio.create_task(waiting.show((Text("late"),)))
    await asyncio.sleep(0)
    assert await waiting.wait(5) == (Text("late"),)
    waiting.shown(())
    assert await told == (Text("late"),)


async def test_two_wait_for_one_answer() -> None:
    waiting = PendingAnswer()
    both = [asyncio.create_task(waiting.wait(5)) for _ in range(2)]
    await asyncio.sleep(0)
    both[0].cancel()
    await asyncio.wait(both[:1])
    said = (Text("hi"),)
    telling = asyncio.create_task(waiting.show(said))
    assert await both[1] == said
    waiting.shown(said)
    assert await telling == ()


@pytest.mark.parametrize("takes_messages", [True, False])
async def test_a_message_in_answer_to_an_event(takes_messages: bool) -> None:
    """Where a message can be the answer to the event's own delivery, it is let go once that is sent, and not before."""
    sending, go_on = asyncio.Event(), asyncio.Event()

    async def send(self: FeishuAdapter, target: Target, part: Part, key: str) -> Sent:
        sending.set()
        await go_on.wait()
        return Sent(SentPart(message_id="1"))

    async with emulated() as feishu:
        app = feishu.add_app()
        room = feishu.private_chat(feishu.add_user("Alice"), app)
        channel = Channel(platform="feishu", account="work", kind=ChannelKind.PRIVATE, id=room.chat_id)
        bridge = Bridge([account(feishu, app)])
        bridge.on_event(MenuClicked, name="menu")(lambda event: f"you chose {event.key}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(FeishuAdapter, "send", send)
            async with bridge:
                waiting = PendingAnswer(takes_messages=takes_messages)
                event = MenuClicked(
                    id="e1", platform="feishu", account="work", channel=channel, timestamp=datetime.now(UTC), key="A"
                )
                await bridge._handling.inbox.offer("feishu:work", Inbound(event, ("e1",), waiting))
                await asyncio.wait_for(sending.wait(), 10)
                await asyncio.sleep(0.05)
                assert waiting.over != takes_messages
                go_on.set()
                assert await waiting.wait(10) == ()
                assert waiting.over
