"""The skills among the examples, each loaded from its file as `imbridge run` does, on an emulated Feishu."""

import re

import pytest

from imbridge.skills.loading import load_file
from imbridge.testing import chat


@pytest.fixture
def loaded(examples):
    return lambda name: chat(*load_file(examples / name))


async def test_echo_repeats_text_and_is_silent_about_the_rest(loaded) -> None:
    async with loaded("echo.py") as room:
        room.user.says("hi")
        await room.user.receives("echo: hi")
        room.user.sends_image(b"\x89PNG\r\n\x1a\n")
        await room.user.receives_nothing()


async def test_the_old_style_repeats_what_was_typed(loaded) -> None:
    async with loaded("old_style_echo.py") as room:
        (skill,) = room.bridge.skills
        assert (skill.name, skill.description, skill.version) == ("echo", "复读机功能", "1.0")
        room.user.says("你好 /help")
        await room.user.receives("你好 /help")


async def test_weather_answers_asks_and_remembers(loaded) -> None:
    async with loaded("weather.py") as room:
        alice = room.user
        alice.says("/weather")
        await alice.receives("Which city?")
        alice.says("Shenzhen")
        await alice.receives("**Shenzhen**: clear, 22 °C")
        alice.says("/天气")
        await alice.receives("**Shenzhen**: clear, 22 °C")
        alice.says("/weather atlantis")
        await alice.receives("I do not know atlantis. I know beijing, shanghai, shenzhen.")
        alice.says("/forget")
        await alice.receives("Forgotten.")
        alice.says("/weather")
        await alice.receives("Which city?")


async def test_the_agent_gets_the_text_as_it_is_and_a_session_that_new_changes(loaded, until) -> None:
    async with loaded("agent.py") as room:
        room.user.says("--help $(id); `id` | id")
        message = await room.user.receives()
        await until(lambda: re.fullmatch(r"\[im-\w{5}\] You said: --help \$\(id\); `id` \| id\s*", message.text))
        session = message.text[:10]
        room.user.says("/new")
        await room.user.receives()
        room.user.says("again")
        message = await room.user.receives()
        await until(lambda: re.fullmatch(r"\[im-\w{5}\] You said: again\s*", message.text))
        assert message.text[:10] != session
        assert len(room.feishu.messages) == 3


async def test_a_story_is_one_message_that_grows(loaded, until) -> None:
    async with loaded("stream.py") as room:
        room.user.says("/story")
        message = await room.user.receives()
        await until(lambda: message.text == "Once upon a time a message went to four platforms at once.")
        assert len(message.history) > 1
        room.user.says("/count")
        message = await room.user.receives()
        await until(lambda: message.text == "**one**, **two**, **three**")
        assert len(room.feishu.messages) == 2


async def test_an_approval_is_decided_once(loaded) -> None:
    async with loaded("approval.py") as room:
        room.user.says("/deploy v1.2")
        card = await room.user.receives(lambda message: message.text.startswith("Deploy?"))
        reject = card.card["body"]["elements"][1]["columns"][1]["elements"][0]["behaviors"][0]["value"]
        answer = await room.feishu.clicks(room.user._user, card, button="Approve")
        assert answer["toast"] == {"type": "success", "content": "Done"}
        assert card.text.startswith("v1.2: approved")
        late = await room.feishu.clicks(room.user._user, card, reject)
        assert late["toast"]["content"] == "Somebody was faster."
        assert card.text.startswith("v1.2: approved")
        assert room.feishu.violations == []
