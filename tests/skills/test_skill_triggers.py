import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.protocol import (
    ButtonClicked,
    Channel,
    Event,
    File,
    Image,
    Media,
    MemberJoined,
    Sender,
    SkillError,
    Text,
)
from imbridge.skills import (
    NOT_MINE,
    BaseSkill,
    SkillSet,
    command_skill,
    message_skill,
    on_command,
    on_element,
    on_event,
    on_mention,
    on_message,
    on_pattern,
)
from imbridge.skills.conditions import Command

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def clicked(**fields):
    return ButtonClicked(id="e1", platform="console", account="a", timestamp=NOW, action="ok", verified=True, **fields)


async def answer(function, item, **options):
    return (await SkillSet([message_skill(function)], **options).run(item)).content


class Weather(BaseSkill):
    @on_command("weather", aliases=("w", "天气"), usage="<city>")
    async def weather(self, args, argument):
        """Tells the weather.

        At length.
        """
        return {"args": args, "argument": argument}


@pytest.mark.parametrize(
    ("text", "argument", "args"),
    [
        ("/weather", "", []),
        ("/weather   ", "", []),
        ('/weather Beijing "New York"', 'Beijing "New York"', ["Beijing", "New York"]),
        ("／WEATHER “New York”", "“New York”", ["New York"]),
        ("  \u200b/w a\nb", "a\nb", ["a", "b"]),
        ("/天气　北京", "北京", ["北京"]),
        ("/W a\u200b", "a\u200b", ["a\u200b"]),
        ("/w\u200b", "", []),
    ],
)
async def test_a_command_is_found(say, text, argument, args):
    outcome = await SkillSet([Weather()]).run(say(text))
    assert outcome.content == {"args": args, "argument": argument}


@pytest.mark.parametrize("text", ["weather", "/weathers", "/weat", "x /weather", "", "/", "//weather", "/天气北京"])
async def test_other_texts_are_not_the_command(say, text):
    assert not (await SkillSet([Weather()]).run(say(text))).handled


@pytest.mark.parametrize(
    ("prefix", "text"), [("!", "!w x"), ("!", "！w x"), ("", "w x"), ("bot ", "BOT w x"), (".", ".w x"), (".", "．w x")]
)
async def test_the_prefix_is_the_sets(say, prefix, text):
    outcome = await SkillSet([Weather()], command_prefix=prefix).run(say(text))
    assert outcome.handled
    assert outcome.content["args"] == ["x"]


async def test_a_prefix_is_not_a_pattern(say):
    assert not (await SkillSet([Weather()], command_prefix=".").run(say("/w x"))).handled


@given(text=st.text())
def test_matching_a_command_never_raises(text):
    match = Command(("weather", "w")).matcher("/")
    message = type("M", (), {"text": f"/w {text}"})()
    found = match(message)
    assert found is not None
    assert found["argument"] == f" {text}".strip()


def test_a_command_carries_its_help_line():
    (command,) = Weather.weather.__imbridge_conditions__
    assert (command.names, command.usage, command.summary) == (("weather", "w", "天气"), "<city>", "Tells the weather.")


@pytest.mark.parametrize("name", ["", "two words", "/weather", "／weather", "!", None, "a\n"])
def test_a_bad_command_name_is_refused(name):
    with pytest.raises(SkillError, match="without the prefix"):
        on_command(name)(lambda: None)


def test_aliases_as_one_string_are_refused():
    with pytest.raises(SkillError, match=r"aliases=\('w',\)"):
        on_command("weather", aliases="w")(lambda: None)


async def test_on_pattern_searches_or_matches_whole(say):
    @on_pattern(r"#(?P<n>\d+)", re.IGNORECASE)
    async def anywhere(match):
        return match["n"]

    @on_pattern(re.compile(r"\d+"), full=True)
    async def whole(match):
        return match[0]

    assert await answer(anywhere, say("see #12")) == "12"
    assert await answer(anywhere, say("see 12")) is None
    assert await answer(whole, say("12")) == "12"
    assert await answer(whole, say("12!")) is None


async def test_on_pattern_does_not_look_at_long_texts(say):
    @on_pattern("a", max_length=5)
    async def short():
        return "found"

    assert await answer(short, say("aaaaa")) == "found"
    assert await answer(short, say("aaaaaa")) is None


@pytest.mark.parametrize(("pattern", "flags"), [("(", 0), (re.compile("a"), re.IGNORECASE), (b"a", 0), (3, 0)])
def test_a_bad_pattern_is_refused_where_it_is_written(pattern, flags):
    with pytest.raises(SkillError, match="on_pattern"):
        on_pattern(pattern, flags)


async def test_on_mention(say):
    @on_mention
    async def called(text):
        return text

    assert await answer(called, say("hi", mentioned=True)) == "hi"
    assert await answer(called, say("hi")) is None


async def test_on_element_by_name_class_and_base(say):
    def handler(*kinds):
        @on_element(*kinds)
        async def found(element, elements):
            return element, elements

        return found

    image, file = Image(key="i"), File(key="f", name="a.txt")
    message = say("look", image, file)
    assert await answer(handler("image"), message) == (image, (image,))
    assert await answer(handler(File), message) == (file, (file,))
    assert await answer(handler(Media), message) == (image, (image, file))
    assert await answer(handler("audio", "video"), message) is None


async def test_on_event_by_class_name_and_base():
    @on_event(ButtonClicked, "member_joined")
    async def some(event):
        return event.id

    class Some(BaseSkill):
        seen = on_event("button_clicked", MemberJoined)(some)

    class All(BaseSkill):
        @on_event(Event)
        async def every(self, event, sender, channel):
            return event.type, sender, channel

    joined = MemberJoined(id="e2", platform="console", account="a", timestamp=NOW)
    actor, channel = Sender(id="u"), Channel(platform="console", account="a", kind="group", id="g")
    assert (await SkillSet([All()]).run(clicked(actor=actor, channel=channel))).content == (
        "button_clicked",
        actor,
        channel,
    )
    assert (await SkillSet([message_skill(some)]).run(joined)).content == "e2"
    assert Some.seen is some


@pytest.mark.parametrize(
    "declare",
    [
        on_element,
        lambda: on_element("picture"),
        lambda: on_element(ButtonClicked),
        on_event,
        lambda: on_event("click"),
        lambda: on_event(Text),
        lambda: on_event(lambda event: None),
    ],
)
def test_unknown_kinds_are_refused_with_what_to_write(declare):
    with pytest.raises(SkillError, match="write on_"):
        declare()


async def test_a_handler_gets_what_it_names(say, conversation):
    conversation.state["n"] = 1

    @on_message()
    async def everything(session, sender, text, channel, elements, msg, message):
        return session["n"], sender.id, text, channel.id, len(elements), msg is message

    assert await answer(everything, say("hi")) == (1, "u1", "hi", "c1", 1, True)


async def test_a_handler_may_want_nothing_and_keep_its_defaults(say):
    @on_message
    async def nothing():
        return "nothing"

    @on_message
    async def default(city="Beijing", *, text):
        return city + text

    assert await answer(nothing, say("x")) == "nothing"
    assert await answer(default, say("x")) == "Beijingx"


@pytest.mark.parametrize(
    ("decorator", "function", "told"),
    [
        (on_message, lambda weather: None, r"'weather' cannot be filled by on_message; name any of .*channel"),
        (on_message, lambda args: None, "'args'"),
        (on_command("w"), lambda match: None, r"on_command\('w'\); name any of args, argument"),
        (on_pattern("w"), lambda args: None, "match"),
        (on_event(ButtonClicked), lambda msg: None, "name any of channel, event, sender"),
        (on_event(ButtonClicked), lambda session: None, "'session'"),
        (on_message, lambda *msg: None, r"'\*msg'"),
        (on_message, lambda **values: None, r"'\*\*values'"),
        (on_message, lambda msg, /: None, "'msg'"),
    ],
)
def test_an_unknown_parameter_is_refused_where_it_is_declared(decorator, function, told):
    with pytest.raises(SkillError, match=told):
        decorator(function)


def test_a_decorator_on_something_else_is_refused():
    with pytest.raises(SkillError, match="directly above a function"):
        on_message(staticmethod(lambda: None))
    with pytest.raises(SkillError, match="directly above a function"):
        on_command("a")(Weather)
    with pytest.raises(SkillError, match="not a function"):
        message_skill("text")


async def test_static_methods_and_inherited_handlers_work(say):
    class Above(BaseSkill):
        @staticmethod
        @on_command("static")
        async def static(argument):
            return argument

        @on_command("kept")
        async def kept(self):
            return "kept"

        @on_command("gone")
        async def gone(self):
            return "gone"

    class Below(Above):
        async def gone(self):
            return "still here"

    skills = SkillSet([Below()])
    assert (await skills.run(say("/static x"))).content == "x"
    assert (await skills.run(say("/kept"))).content == "kept"
    assert not (await skills.run(say("/gone"))).handled


async def test_the_particular_is_tried_before_the_general(say):
    class Mixed(BaseSkill):
        async def handle_message(self, msg):
            return "handle_message"

        @on_message
        async def every(self, text):
            return NOT_MINE if "skip" in text else "message"

        @on_mention
        async def mention(self):
            return "mention"

        @on_element("image")
        async def element(self):
            return "element"

        @on_pattern("sun")
        async def pattern(self):
            return "pattern"

        @on_command("sun")
        async def command(self):
            return "command"

    skills = SkillSet([Mixed()])
    image = Image(key="k")
    for message, expected in [
        (say("/sun", image, mentioned=True), "command"),
        (say("sun", image, mentioned=True), "pattern"),
        (say("x", image, mentioned=True), "element"),
        (say("x", mentioned=True), "mention"),
        (say("x"), "message"),
        (say("skip"), "handle_message"),
    ]:
        assert (await skills.run(message)).content == expected


async def test_decorators_can_be_stacked(say):
    class Both(BaseSkill):
        @on_command("sun")
        @on_pattern("^sun$")
        @on_event(ButtonClicked)
        async def sun(self, argument="none"):
            return argument

    skills = SkillSet([Both()])
    assert (await skills.run(say("/sun high"))).content == "high"
    assert (await skills.run(say("sun"))).content == "none"
    assert (await skills.run(clicked())).content == "none"


async def test_functions_become_skills(say):
    async def weather(argument):
        """Tells the weather."""
        return argument

    skill = command_skill(weather, "weather", aliases=("w",))
    assert (skill.name, skill.description) == ("weather", "Tells the weather.")
    assert (await SkillSet([skill]).run(say("/w x"))).content == "x"
    with pytest.raises(SkillError, match="write name ="):
        SkillSet([message_skill(lambda msg: None)])
    with pytest.raises(SkillError, match="'argument'"):
        message_skill(weather)
