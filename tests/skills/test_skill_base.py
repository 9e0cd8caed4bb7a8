import pytest

from imbridge.protocol import SkillError
from imbridge.skills import NOT_MINE, BaseSkill, NotMine, SkillSet


class Answering(BaseSkill):
    async def handle_message(self, msg):
        return "yes"


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("WeatherReportSkill", "weather_report"),
        ("Echo", "echo"),
        ("HTTPProbe", "http_probe"),
        ("Skill", "skill"),
        ("Base64", "base64"),
    ],
)
def test_the_default_name_comes_from_the_class(class_name, name):
    assert type(class_name, (BaseSkill,), {}).name == name


def test_a_stated_name_is_inherited_a_derived_one_is_not():
    class Stated(BaseSkill):
        name = "stated"

    class Below(Stated):
        pass

    class BelowAnswering(Answering):
        pass

    assert (Below.name, Answering.name, BelowAnswering.name) == ("stated", "answering", "below_answering")


def test_the_older_constructor_sets_what_it_is_given():
    skill = BaseSkill(name="a", description="b", version="2.0")
    assert (skill.name, skill.description, skill.version, skill.priority) == ("a", "b", "2.0", 0)
    assert Answering(priority=3).name == "answering"
    assert Answering.priority == 0


def test_not_mine_is_one_typed_thing():
    assert repr(NOT_MINE) == "NOT_MINE"
    assert isinstance(NOT_MINE, NotMine)


@pytest.mark.parametrize("name", ["", " ", "two words", "a/b", "a:b", "a#b", "-a", "x" * 65, "a\n", None, 7])
def test_a_name_that_cannot_be_used_is_refused(name):
    skill = Answering()
    skill.name = name
    with pytest.raises(SkillError, match="write name ="):
        SkillSet([skill])


@pytest.mark.parametrize("name", ["echo", "天气", "a.b-c_d", "x" * 64])
def test_usual_names_are_accepted(name):
    assert name in SkillSet([Answering(name=name)])


def test_a_skill_without_handlers_is_told_what_to_write():
    class Mute(BaseSkill):
        pass

    with pytest.raises(SkillError, match=r"async def handle_message\(self, msg\)"):
        SkillSet([Mute()])


def test_a_class_or_a_stranger_is_refused():
    with pytest.raises(SkillError, match=r"write Answering\(\)"):
        SkillSet([Answering])
    with pytest.raises(SkillError, match="derive its class"):
        SkillSet([object()])


@pytest.mark.parametrize(("attribute", "value"), [("description", None), ("version", 1.0), ("priority", "high")])
def test_attributes_of_the_wrong_type_are_refused(attribute, value):
    skill = Answering()
    setattr(skill, attribute, value)
    with pytest.raises(SkillError, match=attribute):
        SkillSet([skill])


def test_handle_message_must_take_the_message():
    class Deaf(BaseSkill):
        async def handle_message(self):
            return "?"

    class Greedy(BaseSkill):
        async def handle_message(self, msg, weather):
            return "?"

    with pytest.raises(SkillError, match=r"write async def handle_message\(self, msg\)"):
        SkillSet([Deaf()])
    with pytest.raises(SkillError, match="'weather' cannot be filled"):
        SkillSet([Greedy()])


def test_a_plain_generator_is_refused():
    class Old(BaseSkill):
        def handle_message(self, msg):
            yield "a"

    with pytest.raises(SkillError, match="write `async def`"):
        SkillSet([Old()])
