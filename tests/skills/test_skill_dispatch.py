import asyncio
import threading
from datetime import UTC, datetime

import pytest
from diary import Saying

from imbridge.protocol import ButtonClicked, SkillError, Text
from imbridge.skills import (
    NOT_MINE,
    BaseSkill,
    SkillFailure,
    SkillSet,
    message_skill,
    on_command,
)

OLDER_ECHO = """
from imbridge.skills import BaseSkill

class EchoSkill(BaseSkill):
    def __init__(self):
        super().__init__(
            name="echo",
            description="复读机功能",
            version="1.0"
        )

    async def handle_message(self, msg):
        if msg.content_type == "text":
            return {"type": "text", "content": msg.raw}
        return None
"""


async def test_the_older_echo_runs_with_only_its_import_changed(say):
    namespace = {"__name__": "older"}
    exec(OLDER_ECHO, namespace)  # noqa: S102 - the text as people have it
    skills = SkillSet([namespace["EchoSkill"]()])
    outcome = await skills.run(say("hi", raw="@bot hi"))
    assert (outcome.skill.name, outcome.skill.description) == ("echo", "复读机功能")
    assert outcome.content == {"type": "text", "content": "@bot hi"}
    silent = await skills.run(say("", content_type="image"))
    assert (silent.handled, silent.content) == (True, None)


async def test_the_short_echo(say):
    class Echo(BaseSkill):
        name, description, version = "echo", "repeats what you say", "1.0"

        async def handle_message(self, msg):
            return msg.text

    outcome = await SkillSet([Echo()]).run(say("hi"))
    assert (outcome.content, outcome.handled, outcome.handler) == ("hi", True, "handle_message")


async def test_priority_then_registration_then_not_mine(say):
    diary = []
    skills = SkillSet(
        [
            Saying("second", NOT_MINE, diary),
            Saying("third", "here", diary),
            Saying("fourth", "never", diary),
            Saying("first", NOT_MINE, diary, priority=5),
            Saying("last", "never", diary, priority=-5),
        ]
    )
    entered = []
    outcome = await skills.run(say("x"), lambda skill: entered.append(skill.name))
    assert (outcome.skill.name, outcome.content) == ("third", "here")
    assert diary == ["first asked", "second asked", "third asked"]
    assert entered == ["first", "second", "third"]
    assert [skill.name for skill in skills] == ["first", "second", "third", "fourth", "last"]


async def test_nobody_handles(say):
    outcome = await SkillSet([Saying("a", NOT_MINE)]).run(say("x"))
    assert (outcome.handled, outcome.skill, outcome.content) == (False, None, None)
    event = ButtonClicked(id="e", platform="console", account="a", timestamp=datetime(2026, 1, 1, tzinfo=UTC))
    assert not (await SkillSet([Saying("a", "x")]).run(event)).handled
    assert not (await SkillSet([]).run(event)).handled


async def test_entering_comes_before_the_session_is_taken(say):
    order = []

    class Session(dict):
        pass

    async def handler(session):
        order.append(type(session).__name__)

    message = say("x")
    message.bind(type("C", (), {"session": property(lambda self: order.append("session") or Session())})())
    await SkillSet([message_skill(handler)]).run(message, lambda skill: order.append("entering"))
    assert order == ["entering", "session", "Session"]


async def test_those_who_may_not_never_reach_a_skill(say):
    diary = []
    skills = SkillSet(
        [Saying("secret", "no", diary), Saying("open", "yes", diary)],
        may_use=lambda skill, item: skill.name != "secret" or item.sender.id == "boss",
    )
    outcome = await skills.run(say("x"))
    assert (outcome.content, outcome.denied, diary) == ("yes", ("secret",), ["open asked"])
    shut = await SkillSet([Saying("secret")], may_use=lambda skill, item: False).run(say("x"))
    assert (shut.handled, shut.denied) == (False, ("secret",))
    assert [entry.name for entry in skills.entries(say("x"))] == ["open"]


async def test_a_limit_holds_a_skill_back_and_is_asked_once(say):
    asked = []

    class Two(BaseSkill):
        @on_command("x")
        async def command(self):
            return NOT_MINE

        async def handle_message(self, msg):
            return "answered"

    def limit(skill, item):
        asked.append(skill.name)
        return 0 if len(asked) == 1 else 2.5

    skills = SkillSet([Two()], limit=limit)
    assert (await skills.run(say("/x"))).content == "answered"
    assert asked == ["two"]
    outcome = await skills.run(say("/x"))
    assert (outcome.handled, outcome.content, outcome.retry_after) == (True, None, 2.5)


@pytest.mark.parametrize("error", [ValueError("secret text"), SystemExit(3), KeyboardInterrupt(), SkillError("x")])
async def test_what_a_handler_raises_is_the_skills_failure(say, error):
    class Bad(BaseSkill):
        async def handle_message(self, msg):
            raise error

    class BadThread(BaseSkill):
        def handle_message(self, msg):
            raise error

    for skill in (Bad(), BadThread()):
        with pytest.raises(SkillFailure, match=f"handle_message: {type(error).__name__}") as raised:
            await SkillSet([skill]).run(say("x"))
        assert raised.value.__cause__ is error
        assert (raised.value.skill, raised.value.handler) == (skill.name, "handle_message")
        assert "secret text" not in str(raised.value)


async def test_cancellation_passes(say):
    started = asyncio.Event()

    class Slow(BaseSkill):
        async def handle_message(self, msg):
            started.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(SkillSet([Slow()]).run(say("x")))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_plain_function_runs_in_a_thread(say):
    loop_thread = threading.get_ident()

    def where(text):
        return text, threading.get_ident() != loop_thread

    class Plain(BaseSkill):
        def handle_message(self, msg):
            return threading.get_ident() != loop_thread

    assert (await SkillSet([message_skill(where)]).run(say("x"))).content == ("x", True)
    assert (await SkillSet([Plain()]).run(say("x"))).content is True


async def test_a_plain_function_that_raises_stop_iteration_does_not_hang(say):
    def stops():
        raise StopIteration

    with pytest.raises(SkillFailure):
        await SkillSet([message_skill(stops)]).run(say("x"))


async def test_a_plain_function_may_give_a_coroutine(say):
    async def later():
        return "later"

    assert (await SkillSet([message_skill(lambda: later(), name="f")]).run(say("x"))).content == "later"  # noqa: PLW0108 - a plain function is the point


async def test_an_object_with_async_call_is_a_handler(say):
    class Called:
        async def __call__(self, text):
            return text

    assert (await SkillSet([message_skill(Called())]).run(say("x"))).content == "x"


async def test_an_async_generator_is_a_stream_and_is_closed(say):
    closed = []

    class Counting(BaseSkill):
        async def handle_message(self, msg):
            try:
                for number in range(3):
                    yield str(number)
            finally:
                closed.append(True)

    skills = SkillSet([Counting()])
    outcome = await skills.run(say("x"))
    assert [piece async for piece in outcome.content] == ["0", "1", "2"]
    assert closed == [True]
    stream = (await skills.run(say("x"))).content
    assert await anext(stream) == "0"
    await stream.aclose()
    assert closed == [True, True]


async def test_a_returned_iterator_is_a_stream(say):
    async def pieces():
        yield "a"

    async def handler():
        return pieces()

    outcome = await SkillSet([message_skill(handler)]).run(say("x"))
    assert [piece async for piece in outcome.content] == ["a"]


@pytest.mark.parametrize("bad", [ValueError("x"), SystemExit(1), "not text"])
async def test_a_stream_that_fails_is_the_skills_failure(say, bad):
    async def handler():
        yield "a"
        if isinstance(bad, BaseException):
            raise bad
        yield 7

    stream = (await SkillSet([message_skill(handler)]).run(say("x"))).content
    assert await anext(stream) == "a"
    with pytest.raises(SkillFailure, match="'handler' failed"):
        await anext(stream)


@pytest.mark.parametrize("content", [Text("x"), ["a", "b"], {"type": "text", "text": "x"}, "", None])
async def test_anything_sendable_comes_through_untouched(say, content):
    outcome = await SkillSet([Saying("a", content)]).run(say("x"))
    assert outcome.content is content
    assert outcome.handled
