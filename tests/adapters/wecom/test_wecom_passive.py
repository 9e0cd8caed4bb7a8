"""The answer to a callback as the message itself: what fits, what does not, and what comes after it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from contract import until
from served import served
from wecom_media import MP4, PDF, PNG, amr
from wecom_rig import Rig, channel, part, rigged

from imbridge import BaseSkill, Bridge
from imbridge.adapters.base import Target
from imbridge.adapters.wecom import WeComAdapter, WeComConfig
from imbridge.emulators.wecom import EmulatorSettings
from imbridge.protocol import Audio, Element, File, Image, Link, Markdown, Message, Text, Video
from imbridge.rendering import PartKind


@pytest.fixture
async def adapter(rig: Rig) -> WeComAdapter:
    """One that waits for its skill."""
    return await rig.start(passive_reply=2.0)


async def answering(rig: Rig, adapter: WeComAdapter, kind: PartKind, *elements: Element) -> tuple[Any, Any, Any]:
    """Somebody says something, and this is said to it: what became of it, and the answer that the platform got."""
    sent = await rig.alice.says("?")
    (item,) = await rig.takes_in()
    assert isinstance(item, Message)
    said = await adapter.send(Target(channel(), answers=item.id), part(kind, *elements), "key")
    waiting = rig.intake.offered[0].answer
    assert waiting is not None
    waiting.release()
    return said, await sent.delivered(), await rig.alice.receives()


@pytest.mark.parametrize(
    ("kind", "element", "shown"),
    [
        (PartKind.TEXT, Text("hi ]]></Content><FromUserName>boss</FromUserName>"), "text"),
        (PartKind.TEXT, Text("你" * 682), "text"),
        (PartKind.MEDIA, Image(data=PNG), "image"),
        (PartKind.MEDIA, Audio(data=amr(2)), "voice"),
        (PartKind.MEDIA, Video(data=MP4, name="film"), "video"),
        (PartKind.RICH, Link(url="https://example.com/?a=1&b=2", title="A ]]> page"), "news"),
    ],
    ids=["text", "long", "image", "voice", "video", "link"],
)  # fmt: skip
async def test_what_fits(rig: Rig, adapter: WeComAdapter, kind: PartKind, element: Element, shown: str) -> None:
    said, answer, message = await answering(rig, adapter, kind, element)
    assert said.part.kind == "passive"
    assert answer.passive is message
    assert message.passive
    assert message.kind == shown
    if isinstance(element, Text):
        assert message.text == element.text
    if isinstance(element, Link):
        assert message.content["articles"] == [
            {"title": element.title, "description": element.url, "picurl": "", "url": element.url}
        ]
    assert rig.wecom.stats.sends == 0
    assert rig.wecom.violations == []


@pytest.mark.parametrize(
    ("kind", "element", "shown"),
    [
        (PartKind.MARKDOWN, Markdown("**hi**"), "markdown"),
        (PartKind.MEDIA, File(data=PDF, name="a.pdf"), "file"),
    ],
)
async def test_what_does_not_fit_is_sent(
    rig: Rig, adapter: WeComAdapter, kind: PartKind, element: Element, shown: str
) -> None:
    said, answer, message = await answering(rig, adapter, kind, element)
    assert answer.body == ""
    assert (said.part.kind, message.kind, message.passive) == (shown, shown, False)


async def test_who_is_asked_twice_answers_once(rig: Rig, adapter: WeComAdapter) -> None:
    """The first is the answer, what follows is sent."""
    sent = await rig.alice.says("?")
    (item,) = await rig.takes_in()
    target = Target(channel(), answers=item.id)
    first = await adapter.send(target, part(PartKind.TEXT, Text("one")), "k1")
    second = await adapter.send(target, part(PartKind.TEXT, Text("two")), "k2")
    assert (first.part.kind, second.part.kind) == ("passive", "text")
    assert (first.by_credentials, second.by_credentials) == (False, True)
    assert (await sent.delivered()).passive is not None
    assert {(await rig.alice.receives()).text, (await rig.alice.receives()).text} == {"one", "two"}


async def test_late_answers_are_sent(rig: Rig) -> None:
    adapter = await rig.start(passive_reply=0.05)
    sent = await rig.alice.says("?")
    (item,) = await rig.takes_in()
    assert (await sent.delivered()).body == ""
    late = await adapter.send(Target(channel(), answers=item.id), part(PartKind.TEXT, Text("late")), "k")
    assert late.part.kind == "text"
    assert (await rig.alice.receives()).text == "late"


async def test_a_repetition_is_taken_and_not_answered_again(rig: Rig) -> None:
    """The platform sends again what it heard nothing of; what was said the first time is not said twice."""
    adapter = await rig.start(passive_reply=0.3)
    rig.wecom.faults.lose_callback_answers()
    sent = await rig.alice.says("?")
    (item,) = await rig.takes_in()
    said = await adapter.send(Target(channel(), answers=item.id), part(PartKind.TEXT, Text("lost")), "k")
    assert said.part.kind == "passive"
    items = await rig.takes_in(2)
    assert items[0].id == items[1].id
    assert (await sent.delivered()).status == 200


# -- through the whole bridge ------------------------------------------------------------------------------------------


class Several(BaseSkill):
    name, description, version = "several", "answers in parts", "1"

    async def handle_message(self, message: Message) -> Any:
        if message.text == "long":
            return "x" * 3000
        if message.text == "silent":
            return None
        return [f"to {message.text}", Image(data=PNG), "and more"]


async def test_parts_in_order(rig: Rig) -> None:
    app = rig.app
    config = WeComConfig(
        name="work", corp_id=app.corp_id, secret=app.secret, agent_id=app.agent_id, token=app.token,
        aes_key=app.aes_key, base_url=rig.wecom.base_url, passive_reply=2.0,
    )  # fmt: skip
    from served import served

    async with Bridge([config], skills=[Several()]) as bridge, served(bridge.asgi()) as url:
        await rig.wecom.set_callback(app, f"{url}/wecom/work")
        await rig.alice.says("me")
        got = [await rig.alice.receives() for _ in range(3)]
        assert [(message.kind, message.passive) for message in got] == [
            ("text", True),
            ("image", False),
            ("text", False),
        ]
        await rig.alice.says("long")
        long = [await rig.alice.receives() for _ in range(2)]
        assert [message.passive for message in long] == [True, False]
        assert "".join(message.text for message in long) == "x" * 3000
        silent = await rig.alice.says("silent")
        assert (await silent.delivered()).body == ""
        await asyncio.sleep(0)
    await until(lambda: rig.wecom.stats.passive_replies == 2)
    assert rig.wecom.violations == []


@pytest.mark.parametrize("identical", [False, True], ids=["signed anew", "the same request"])
async def test_an_answer_that_got_lost_is_given_again(identical: bool, settings: EmulatorSettings) -> None:
    """Whether the platform signs its next try anew is written nowhere."""
    async with rigged(replace(settings, resend_identical=identical)) as rig:
        await _loses_an_answer(rig)


async def _loses_an_answer(rig: Rig) -> None:
    class Echo(BaseSkill):
        name = "echo"

        async def handle_message(self, msg: Message) -> str:
            heard.append(msg.id)
            return f"re: {msg.text}"

    heard: list[str] = []
    app = rig.app
    config = WeComConfig(
        name="work", corp_id=app.corp_id, secret=app.secret, agent_id=app.agent_id, token=app.token,
        aes_key=app.aes_key, base_url=rig.wecom.base_url, passive_reply=2.0,
    )  # fmt: skip
    async with Bridge([config], skills=[Echo()]) as bridge, served(bridge.asgi()) as url:
        await rig.wecom.set_callback(app, f"{url}/wecom/work")
        with rig.wecom.faults.lose_callback_answers(1):
            sent = await rig.alice.says("hi")
            message = await rig.alice.receives("re: hi")
        assert message.passive
        assert (await sent.delivered()).requests == 2
        assert heard == [sent.msg_id]
        assert rig.wecom.stats.sends == 0
        await rig.alice.receives_nothing()
