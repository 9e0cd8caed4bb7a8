import pytest

from imbridge.protocol import Audio, File, Image, Mention, Quote, SkillError, Text, Unknown
from imbridge.skills import BaseSkill, SkillSet, on_command
from imbridge.skills.builtin import EchoSkill, HelpSkill


class Weather(BaseSkill):
    description = "tells the weather"

    @on_command("forecast", aliases=("fc",), usage="<city>", summary="the next days")
    async def forecast(self):
        return None


class Secret(BaseSkill):
    description = "for the boss"

    @on_command("fire")
    async def fire(self):
        return None


def skills(language="en", may_use=lambda skill, item: skill.name != "secret"):
    return SkillSet([EchoSkill(language), Weather(), Secret(), HelpSkill(language)], may_use=may_use)


async def said(message, language="en", **options):
    return (await skills(language, **options).run(message)).content


@pytest.mark.parametrize("text", ["hi", "  two\nlines ", "/unknown"])
async def test_echo_repeats_text(say, text):
    assert await said(say(text)) == text


async def test_echo_says_what_else_it_got(say):
    image, file = Image(key="i"), File(key="f")
    assert await said(say("", image)) == "I got an image. I can only repeat text."
    assert await said(say("", image, file, image, Mention(id="x"), Text(" "), content_type="image")) == (
        "I got an image, a file. I can only repeat text."
    )
    assert await said(say("", Audio(key="a")), "zh") == "收到语音。我只会重复文字。"
    assert await said(say("", Unknown(kind="vote")), "zh") == "收到暂不认识的内容。我只会重复文字。"
    assert await said(say("", content_type="hologram")) == "I got something I do not know. I can only repeat text."
    assert await said(say("", mentioned=True)) == "I am here. What can I repeat?"
    assert await said(say("", Quote(message_id="1"), content_type="text"), "zh") == "我在，请说。"


@pytest.mark.parametrize("text", ["/help", "／HELP", "/帮助", "help", "Help?", "帮助", "帮助！"])
async def test_help_lists_what_the_asker_may_use(say, text):
    assert await said(say(text)) == (
        "I can do this:\n• weather — tells the weather\n    /forecast <city> — the next days\n"
        "• echo — repeats what you say\nSend /help NAME for more."
    )


async def test_help_in_chinese_and_for_the_boss(say):
    text = await said(say("帮助"), "zh", may_use=lambda skill, item: True)
    assert text.startswith("我会这些：\n")
    assert "/fire" in text
    assert text.endswith("发送 /help 名称 可以查看详情。")


@pytest.mark.parametrize("text", ["help me please", "我需要帮助", "helpp"])
async def test_help_leaves_other_texts_alone(say, text):
    assert await said(say(text)) == text


async def test_help_on_one_thing(say):
    assert await said(say("/help weather")) == "weather 0.0.0 — tells the weather\n    /forecast <city> — the next days"
    for name in ("FC", "/forecast", "/fc"):
        assert await said(say(f"/help {name}")) == "/forecast <city> — the next days\nAlso written: /fc"


@pytest.mark.parametrize("name", ["secret", "fire", "nothing"])
async def test_help_does_not_tell_of_what_one_may_not_use(say, name):
    assert await said(say(f"/help {name}")) == f'There is no skill or command "{name}". Send /help to see all.'


async def test_help_does_not_repeat_a_book(say):
    assert len(await said(say(f"/help {'x' * 10_000}"))) < 200


async def test_help_when_there_is_nothing(say):
    assert await said(say("help"), may_use=lambda skill, item: skill.name == "help") == (
        "There is no skill that you may use at present."
    )


async def test_help_alone_says_what_to_do(say):
    with pytest.raises(SkillError, match="add it to a Bridge"):
        await HelpSkill().word(say("help"))


@pytest.mark.parametrize("cls", [EchoSkill, HelpSkill])
def test_an_unknown_language_is_refused(cls):
    with pytest.raises(SkillError, match='write "zh" or "en"'):
        cls(language="fr")
