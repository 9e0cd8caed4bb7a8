"""Questions to people, and what is remembered of a conversation."""

import asyncio
import re

import pytest
from runtime_world import chat, counts, skill, until

from imbridge import AskTimeoutError, BaseSkill, BridgeOptions, SkillError


class City(BaseSkill):
    def __init__(self, timeout: float = 30):
        super().__init__()
        self.timeout = timeout

    async def handle_message(self, msg):
        if msg.text != "weather":
            return f"plain: {msg.text}"
        try:
            answer = await msg.ask("which city?", timeout=self.timeout)
        except AskTimeoutError:
            return "never mind"
        await answer.reply("let me see", quote=True)
        return f"{answer.text}: sunny"


async def test_the_answer_goes_past_the_lane_to_who_asked() -> None:
    async with chat(City()) as room:
        room.user.says("weather")
        await room.user.receives("which city?")
        said = await room.user.says("Beijing")
        assert (await room.user.receives("let me see")).parent_id == said.message_id
        await room.user.receives("Beijing: sunny")
        room.user.says("thanks")
        await room.user.receives("plain: thanks")
        assert counts(room.bridge)["answers"] == 1


async def test_no_answer_in_time() -> None:
    async with chat(City(timeout=0.2)) as room:
        room.user.says("weather")
        await room.user.receives("never mind")
        room.user.says("Beijing")
        await room.user.receives("plain: Beijing")


async def test_an_uncaught_time_out_is_told(caplog) -> None:
    async def answer(msg):
        await msg.ask("well?", timeout=0.05)

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("well?")
        await room.user.receives(re.compile("went wrong"))
        assert "no answer came within 0.05 s" in caplog.text


async def test_only_the_asked_person_answers_and_others_wait_in_the_lane() -> None:
    async with chat(City()) as room:
        alice, bob = room.group("Alice", "Bob")
        alice.says("weather")
        await alice.receives("which city?")
        await bob.says("I am Bob")
        await until(lambda: counts(room.bridge)["accepted"] == 2)
        await alice.says("Beijing")
        await alice.receives("Beijing: sunny")
        await alice.receives("plain: I am Bob")
        assert [m.text for m in room.feishu.messages] == [
            "which city?", "let me see", "Beijing: sunny", "plain: I am Bob",
        ]  # fmt: skip


async def test_the_same_person_elsewhere_does_not_answer() -> None:
    async with chat(City()) as room:
        alice = room.user
        group = room.feishu.add_group("g", members=[alice._user], apps=[alice._bot])
        alice.says("weather")
        await alice.receives("which city?")
        await alice._user.says("Rome", chat=group)
        await alice._user.receives("plain: Rome", chat=group)
        alice.says("Beijing")
        await alice.receives("Beijing: sunny")


async def test_two_askers_each_get_their_own_answer() -> None:
    async with chat(City()) as room:
        other = room.person("Bob")
        room.user.says("weather")
        other.says("weather")
        await room.user.receives("which city?")
        await other.receives("which city?")
        other.says("Rome")
        await other.receives("Rome: sunny")
        room.user.says("Beijing")
        await room.user.receives("Beijing: sunny")


async def test_a_second_question_at_once_is_refused_and_not_said() -> None:
    async def answer(msg):
        first = asyncio.create_task(msg.ask("one?", timeout=5))
        await asyncio.sleep(0)
        with pytest.raises(SkillError, match="open in this conversation"):
            await msg.ask("two?", timeout=5)
        return (await first).text

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("one?")
        room.user.says("yes")
        await room.user.receives("yes")
        assert len(room.feishu.messages) == 2


async def test_questions_one_after_another() -> None:
    async def answer(msg):
        first = await msg.ask("one?", timeout=5)
        second = await first.ask("two?", timeout=5)
        return f"{first.text} {second.text}"

    async with chat(skill(answer)) as room:
        room.user.says("go")
        for question, said in (("one?", "a"), ("two?", "b")):
            await room.user.receives(question)
            await room.user.says(said)
        await room.user.receives("a b")


async def test_waiting_without_a_question() -> None:
    async def answer(msg):
        waiting.set()
        return f"then: {(await msg.ask(None, timeout=5)).text}"

    waiting = asyncio.Event()
    async with chat(skill(answer)) as room:
        await room.user.says("go")
        await waiting.wait()
        room.user.says("more")
        await room.user.receives("then: more")
        assert len(room.feishu.messages) == 1


async def test_a_redelivered_answer_answers_once() -> None:
    async with chat(City()) as room:
        room.user.says("weather")
        await room.user.receives("which city?")
        with room.feishu.faults.duplicate_events(2):
            await room.user.says("Beijing")
            await room.user.receives("let me see")
            await room.user.receives("Beijing: sunny")
        await until(lambda: counts(room.bridge)["duplicate"] == 2)
        await room.user.receives_nothing()


async def test_an_answer_gets_through_when_its_lane_is_full() -> None:
    options = BridgeOptions(lane_length=2, max_waiting=2)
    async with chat(City(), options=options) as room:
        alice, bob = room.group("Alice", "Bob")
        await alice.says("weather")
        await alice.receives("which city?")
        for number in range(4):
            await bob.says(f"{number}")
        await until(lambda: counts(room.bridge)["overloaded"] >= 2)
        await alice.says("Beijing")
        await alice.receives("Beijing: sunny")
        for number in range(4):
            await alice.receives(f"plain: {number}")


# -- sessions --------------------------------------------------------------------------------------------------------


class Counter(BaseSkill):
    async def handle_message(self, msg):
        if msg.text == "forget":
            msg.session.clear()
            return "forgotten"
        msg.session["n"] = msg.session.get("n", 0) + 1
        return f"{self.name} {msg.session['n']}"


async def test_a_session_is_kept_per_conversation_and_skill() -> None:
    class Other(Counter):
        name, priority = "other", 1

        async def handle_message(self, msg):
            from imbridge import NOT_MINE

            return await super().handle_message(msg) if msg.text == "other" else NOT_MINE

    async with chat(Counter(), Other()) as room:
        bob = room.person("Bob")
        for who, said, answer in (
            (room.user, "a", "counter 1"),
            (room.user, "a", "counter 2"),
            (bob, "a", "counter 1"),
            (room.user, "other", "other 1"),
            (room.user, "a", "counter 3"),
            (room.user, "forget", "forgotten"),
            (room.user, "a", "counter 1"),
            (room.user, "other", "other 2"),
        ):
            who.says(said)
            await who.receives(answer)


async def test_the_session_spans_a_question() -> None:
    async def answer(msg):
        if msg.text == "look":
            return f"{dict(msg.session)}"
        msg.session["before"] = 1
        got = await msg.ask("?", timeout=5)
        got.session["after"] = 2
        return "ok"

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives("?")
        room.user.says("yes")
        await room.user.receives("ok")
        room.user.says("look")
        await room.user.receives("{'before': 1, 'after': 2}")


async def test_a_failing_skill_keeps_what_it_noted() -> None:
    async def answer(msg):
        if msg.text == "look":
            return f"{dict(msg.session)}"
        msg.session["tries"] = 1
        raise RuntimeError("no")

    async with chat(skill(answer)) as room:
        room.user.says("go")
        await room.user.receives(re.compile("went wrong"))
        room.user.says("look")
        await room.user.receives("{'tries': 1}")


async def test_what_was_typed_before_the_question_answers_it() -> None:
    """It waits behind the skill that asks; without this, both would wait for the whole time-out."""
    release = asyncio.Event()

    async def answer(msg):
        await release.wait()
        return f"got {(await msg.ask('which city?', timeout=30)).text}"

    async with chat(skill(answer)) as room:
        alice, bob = room.group("Alice", "Bob")
        await alice.says("weather")
        await bob.says("hello")
        await alice.says("Beijing")
        await until(lambda: counts(room.bridge)["accepted"] == 3)
        release.set()
        await alice.receives("which city?")
        await alice.receives("got Beijing")
        assert counts(room.bridge)["answers"] == 1
        await bob.receives("which city?")
        await bob.says("Shanghai")
        await bob.receives("got Shanghai")
