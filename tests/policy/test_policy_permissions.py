from datetime import UTC, datetime

import pytest
import yaml
from pydantic import ValidationError

from imbridge.config import AccountConfig, DirectPolicy
from imbridge.policy import DirectGate, Permissions, UseCounter
from imbridge.protocol import ButtonClicked, Channel, ChannelKind, ConfigError, MenuClicked, Message, Sender
from imbridge.skills import BaseSkill, SkillSet

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BACKGROUND = """
skills:
  echo:
    allow_groups: [123456, 654321]
    deny_users: [888888]
    rate_limit: 10/60s
  alert_forward:
    allow_groups: [987654]
    admin_only: true
"""


class Skill(BaseSkill):
    async def handle_message(self, msg):
        return msg.text


def skill(name="echo"):
    return Skill(name=name)


def said(user="u1", *, chat="g1", kind="group", platform="feishu", account="work", thread=None, name=None, ids=None):
    channel = Channel(platform=platform, account=account, kind=ChannelKind(kind), id=chat, thread=thread)
    return Message(
        id="m", channel=channel, sender=Sender(id=user, name=name, ids=ids or {}), timestamp=NOW, text="x", raw="x"
    )


def clicked(user=None, chat=None):
    channel = None if chat is None else Channel(platform="feishu", account="work", kind=ChannelKind.GROUP, id=chat)
    actor = None if user is None else Sender(id=user)
    return ButtonClicked(id="e", platform="feishu", account="work", timestamp=NOW, actor=actor, channel=channel)


def rule(**fields):
    admins = fields.pop("admins", ())
    return Permissions(skills={"echo": fields}, admins=admins)


def test_the_file_of_the_background():
    permissions = Permissions.model_validate(yaml.safe_load(BACKGROUND) | {"admins": [1, "2"]})
    echo, alert = skill("echo"), skill("alert_forward")
    assert permissions.may_use(echo, said("7", chat="123456"))
    assert not permissions.may_use(echo, said("888888", chat="123456"))
    assert not permissions.may_use(echo, said("7", chat="1"))
    assert not permissions.may_use(echo, said("7", kind="private"))
    assert not permissions.may_use(alert, said("7", chat="987654"))
    assert permissions.may_use(alert, said("1", chat="987654"))
    assert permissions.may_use(alert, said("2", kind="private"))
    assert permissions.may_use(skill("other"), said("888888"))


def test_without_rules_everybody_may():
    assert Permissions().may_use(skill(), said())
    assert Permissions(skills={"other": {"admin_only": True}}).may_use(skill(), said())


def test_the_star_rule_holds_for_skills_without_their_own():
    permissions = Permissions(skills={"*": {"admin_only": True}, "echo": {}})
    assert permissions.may_use(skill(), said())
    assert not permissions.may_use(skill("other"), said())


@pytest.mark.parametrize(
    ("fields", "item", "may"),
    [
        ({"allow_users": ["u1"]}, said(), True),
        ({"allow_users": ["u1"]}, said("u2"), False),
        ({"allow_users": []}, said(), False),
        ({"allow_groups": []}, said(), False),
        ({"allow_users": ["u1"], "allow_groups": ["g9"]}, said(), True),
        ({"allow_users": ["u9"], "allow_groups": ["g1"]}, said(), True),
        ({"allow_users": ["u9"], "allow_groups": ["g9"]}, said(), False),
        ({"allow_groups": ["u1"]}, said(chat="u1", kind="private"), False),
        ({"allow_groups": ["g1"]}, said(kind="guild"), True),
        ({"deny_users": ["u1"], "allow_users": ["u1"]}, said(), False),
        ({"deny_groups": ["g1"], "allow_users": ["u1"]}, said(), False),
        ({"deny_groups": ["g1"]}, said(chat="g1", kind="private"), True),
        ({"deny_users": ["u1"], "admins": ["u1"], "admin_only": True}, said(), False),
        ({"admins": ["u1"], "allow_users": []}, said(), True),
        ({"admin_only": True, "allow_users": ["u1"]}, said(), False),
        ({"admin_only": True, "admins": ["u1"]}, said(), True),
        # a number in YAML and the text the platform sends are one id
        ({"deny_users": [123]}, said("123"), False),
        # scoped by account
        ({"deny_users": ["feishu:work/u1"]}, said(), False),
        ({"deny_users": ["feishu:home/u1"]}, said(), True),
        ({"deny_users": ["qq:work/u1"]}, said(), True),
        ({"deny_users": ["feishu:work/user/u1"]}, said(), False),
        ({"deny_users": ["feishu:work/private/u1"]}, said(), False),
        ({"deny_users": ["feishu:work/user/u%2F1"]}, said("u/1"), False),
        ({"allow_groups": ["feishu:work/group/g1"]}, said(), True),
        ({"allow_groups": ["feishu:work/g1"]}, said(), True),
        ({"allow_groups": ["feishu:work/guild/g1"]}, said(), False),
        ({"allow_groups": ["feishu:work/group/g1#t1"]}, said(), False),
        ({"allow_groups": ["feishu:work/group/g1#t1"]}, said(thread="t1"), True),
        ({"allow_groups": ["feishu:work/group/g1"]}, said(thread="t1"), True),
        # the platform's other ids count, the name anybody can take does not
        ({"deny_users": ["on_9"]}, said(ids={"union_id": "on_9"}), False),
        ({"allow_users": ["Boss"]}, said(name="Boss"), False),
        ({"admin_only": True, "admins": ["Boss"]}, said(name="Boss"), False),
        # DingTalk's ids have these characters in them
        ({"deny_users": ["$:LWCP_v1:$a+/b=="]}, said("$:LWCP_v1:$a+/b=="), False),
        # events
        ({}, clicked(), True),
        ({"allow_users": ["u1"]}, clicked(), False),
        ({"allow_users": ["u1"]}, clicked("u1"), True),
        ({"deny_users": ["feishu:work/u1"]}, clicked("u1"), False),
        ({"allow_groups": ["g1"]}, clicked(chat="g1"), True),
        ({"admin_only": True, "admins": ["u1"]}, clicked(), False),
    ],
)
def test_who_may(fields, item, may):
    assert rule(**fields).may_use(skill(), item) is may


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"allow_group": [1]}, "allow_group"),
        ({"deny_users": [True]}, "write it in quotes"),
        ({"deny_users": [1.5]}, "write it in quotes"),
        ({"deny_users": [""]}, "not an id"),
        ({"deny_users": ["two words"]}, "not an id"),
        ({"deny_users": ["feishu:work/group/g1"]}, "write its id into a list of groups"),
        ({"allow_groups": ["feishu:work/user/u1"]}, "write its id into a list of users"),
        ({"deny_users": "u1"}, "deny_users"),
        ({"rate_limit": "often"}, "count/period"),
        ({"rate_limit": "0/60s"}, "0/60s"),
        ({"rate_limit": "5000/60s"}, "counts more than 1000"),
        ({"rate_limit": 10}, "rate_limit"),
    ],
)
def test_mistakes_are_told(fields, told):
    with pytest.raises(ValidationError, match=told):
        rule(**fields)


def test_admins_are_people():
    with pytest.raises(ValidationError, match="list of groups"):
        Permissions(admins=["feishu:work/group/g1"])


async def test_in_a_skill_set():
    permissions = rule(deny_users=["u2"])
    skills = SkillSet([skill()], may_use=permissions.may_use, limit=permissions.limit)
    assert (await skills.run(said())).content == "x"
    assert (await skills.run(said("u2"))).denied == ("echo",)


# -- rates -----------------------------------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_at_most_so_many_in_any_stretch_of_the_period():
    clock = Clock()
    counter = UseCounter(clock=clock)
    waits = []
    for at in (0, 10, 20, 30, 59, 60, 61, 70, 70):
        clock.now = float(at)
        waits.append(counter.take("key", 3, 60.0))
    assert waits == [0, 0, 0, 30, 1, 0, 9, 0, 10]


def test_the_number_of_keys_is_bounded():
    counter = UseCounter(max_keys=3, clock=Clock())
    for number in range(10):
        counter.take(number, 1, 60.0)
    assert len(counter) == 3
    assert counter.take(9, 1, 60.0) == 60
    assert counter.take(0, 1, 60.0) == 0


def test_each_person_account_and_skill_is_counted_apart():
    permissions = Permissions(skills={"echo": {"rate_limit": "1/1h"}, "other": {"rate_limit": "1/1h"}})
    for item in (said(), said("u2"), said(account="home"), said(platform="qq")):
        assert permissions.limit(skill(), item) == 0
        assert 3000 < permissions.limit(skill(), item) <= 3600
    assert permissions.limit(skill("other"), said()) == 0
    assert permissions.limit(skill("free"), said()) == 0
    assert permissions.limit(skill("free"), said()) == 0
    assert permissions.limit(skill(), said(chat="g2", name="somebody else")) > 0
    assert permissions.limit(skill(), clicked()) == 0
    assert permissions.limit(skill(), clicked("u1")) > 0


def test_a_permission_check_counts_nothing_and_two_bridges_count_apart():
    permissions = rule(rate_limit="1/1h")
    for _ in range(5):
        assert permissions.may_use(skill(), said())
    assert permissions.limit(skill(), said()) == 0
    assert rule(rate_limit="1/1h").limit(skill(), said()) == 0


# -- private chats ---------------------------------------------------------------------------------------------------


class Config(AccountConfig):
    platform = "feishu"


def gate(*allow_from, policy=DirectPolicy.ALLOWLIST):
    return DirectGate([Config(name="work", dm_policy=policy, allow_from=allow_from), Config(name="free")])


@pytest.mark.parametrize(
    ("guard", "item", "admitted"),
    [
        (gate(policy=DirectPolicy.OPEN), said(kind="private"), True),
        (gate(), said(kind="private"), False),
        (gate(), said(kind="private", account="free"), True),
        (gate(policy=DirectPolicy.OPEN), said(kind="private", account="unheard_of"), False),
        (gate(), said(), True),
        (gate(), said(kind="guild"), True),
        (gate("u1"), said(kind="private"), True),
        (gate("u1"), said("u2", kind="private"), False),
        (gate("u2"), said(kind="private", chat="u2"), False),
        (gate("Ann"), said(kind="private", name="Ann"), False),
        (gate("on_1"), said(kind="private", ids={"union_id": "on_1"}), True),
        (gate("feishu:work/u1"), said(kind="private"), True),
        (gate("feishu:work/user/u1"), said(kind="private"), True),
        (gate("feishu:home/u1"), said(kind="private"), False),
        (gate(), clicked("u1"), False),
        (gate("u1"), clicked("u1"), True),
        (gate(policy=DirectPolicy.OPEN), clicked("u2"), True),
    ],
)
def test_the_gate_for_private_chats(guard, item, admitted):
    assert guard.may_write(item) is admitted


@pytest.mark.parametrize(("actor", "admitted"), [("u1", True), ("u2", False)])
def test_where_a_chat_may_be_private_only_those_who_are_allowed_pass(actor, admitted):
    """A click names a chat without its kind: after a restart nobody knows whether it is a private one."""
    config = Config(name="work", dm_policy=DirectPolicy.ALLOWLIST, allow_from=["u1"])
    for known in (False, True):
        guard = DirectGate([config], knows_kind=lambda channel, known=known: known)
        for item in (clicked(actor, chat="g1"), said(actor)):
            assert guard.may_write(item) is (admitted or known)


def test_a_menu_is_in_a_private_chat():
    def menu(actor):
        who = Sender(id=actor)
        return MenuClicked(id="e", platform="feishu", account="work", actor=who, timestamp=datetime.now(UTC), key="k")

    assert gate("u1").may_write(menu("u1"))
    assert not gate("u1").may_write(menu("u2"))


def test_an_entry_that_cannot_be_read_is_told():
    with pytest.raises(ConfigError, match="feishu:work: allow_from: not an id"):
        gate("two words")
