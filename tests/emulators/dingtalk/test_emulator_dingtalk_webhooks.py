"""Session webhooks and custom robots: kinds, mentions, limits, signatures."""

import time
from typing import Any
from urllib.parse import quote

import pytest
from dingtalk_raw_api import Api

from imbridge.emulators.dingtalk import App, CustomRobot, DingTalkEmulator, EmulatorSettings, Group, User
from imbridge.emulators.dingtalk.api_custom_robot import signature

LINK = {"title": "t", "text": "x", "messageUrl": "https://x.cn"}
FEED = {"links": [{"title": "one", "messageURL": "https://x.cn", "picURL": "https://x.cn/p"}]}
BUTTONS = [{"title": "yes", "actionURL": "https://x.cn/y"}, {"title": "no", "actionURL": "https://x.cn/n"}]
KINDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "text": ("text", {"content": "hi"}, "hi"),
    "markdown": ("markdown", {"title": "t", "text": "# hi"}, "# hi"),
    "link": ("link", LINK, "t\nx"),
    "one button": ("actionCard", {"title": "t", "text": "x", "singleTitle": "go", "singleURL": "https://x.cn"}, "x"),
    "buttons": ("actionCard", {"title": "t", "text": "x", "btnOrientation": "1", "btns": BUTTONS}, "x"),
    "feedCard": ("feedCard", FEED, "one"),
}
WRONG: dict[str, tuple[Any, int]] = {
    "no kind": ({}, 400105),
    "an image": ({"msgtype": "image", "image": {"media_id": "@lAD"}}, 400105),
    "no content": ({"msgtype": "text"}, 40035),
    "an empty text": ({"msgtype": "text", "text": {"content": ""}}, 40035),
    "no title": ({"msgtype": "markdown", "markdown": {"text": "x"}}, 40035),
    "a link to nowhere": ({"msgtype": "link", "link": {"title": "t", "text": "x"}}, 40035),
    "no buttons": ({"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x"}}, 40035),
    "half a button": ({"msgtype": "actionCard", "actionCard": {"title": "t", "text": "x", "singleTitle": "g"}}, 40035),
    "an empty feed": ({"msgtype": "feedCard", "feedCard": {"links": []}}, 40035),
    "a feed without pictures": ({"msgtype": "feedCard", "feedCard": {"links": [{"title": "t"}]}}, 40035),
    "mentions that are no list": ({"msgtype": "text", "text": {"content": "x"}, "at": {"atUserIds": "bob"}}, 40035),
    "mentions that are no object": ({"msgtype": "text", "text": {"content": "x"}, "at": ["bob"]}, 40035),
    "too much": ({"msgtype": "text", "text": {"content": "x" * 20_000}}, 460101),
    "a list": ([], 40035),
}


def text(content: str = "hi", **at: Any) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}, "at": at}


@pytest.fixture
async def single(alice: User) -> str:
    address: str = (await alice.says("hi")).data["sessionWebhook"]
    return address


@pytest.fixture
async def in_group(app: App, alice: User, group: Group) -> str:
    address: str = (await alice.says("hi", chat=group, mentions=[app])).data["sessionWebhook"]
    return address


@pytest.fixture
def robot(ding: DingTalkEmulator, group: Group) -> CustomRobot:
    return ding.add_custom_robot("Alerts", group, secret=False)


# --- session webhooks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", KINDS)
async def test_a_session_takes_these_kinds(app: App, alice: User, single: str, api: Api, what: str) -> None:
    kind, content, shown = KINDS[what]
    body = {"msgtype": kind, kind: content}
    assert await api.post(single, body) == {"errcode": 0, "errmsg": "ok"}
    message = await alice.receives(app=app)
    assert (message.kind, message.text, message.way, message.message_id) == (kind, shown, "session", "")
    assert message.body == body


@pytest.mark.parametrize("what", WRONG)
async def test_a_session_refuses_the_rest(ding: DingTalkEmulator, single: str, api: Api, what: str) -> None:
    body, code = WRONG[what]
    answer = await api.post(single, body)
    assert (api.status, answer["errcode"]) == (200, code)
    assert ding.messages == ()


async def test_a_session_wants_json(single: str, api: Api) -> None:
    async with api.session.post(single, data="msgtype=text") as answer:
        assert (await answer.json())["errcode"] == 43004
    async with api.session.get(single) as answer:
        assert (await answer.json())["errcode"] == 43002


async def test_a_session_answers_where_it_was_asked(
    alice: User, bob: User, group: Group, in_group: str, api: Api
) -> None:
    await api.post(in_group, text())
    for user in (alice, bob):
        assert (await user.receives("hi")).chat is group


async def test_a_session_ends(ding: DingTalkEmulator, alice: User, single: str, api: Api) -> None:
    gone = {"errcode": 300001, "errmsg": "session 不存在"}
    assert await api.post(f"{ding.base_url}/robot/sendBySession?session=unknown", text()) == gone
    assert ding.violations == []
    assert ding.faults.expire_session_webhooks() == 1
    assert await api.post(single, text()) == gone
    assert ding.violations == []  # it ended before its time: nobody could know
    await alice.receives_nothing(within=0.01)


async def test_a_session_is_used_after_its_time(api: Api) -> None:
    async with DingTalkEmulator(settings=EmulatorSettings(session_lifetime=0.0)) as ding:
        ding.add_app("Bot")
        sent = await ding.add_user("Alice").says("hi")
        assert (await api.post(sent.data["sessionWebhook"], text()))["errcode"] == 300001
        assert [one.kind for one in ding.violations] == ["session_expired"]


async def test_a_session_ends_with_its_group(app: App, group: Group, in_group: str, api: Api) -> None:
    group.apps.remove(app)
    assert (await api.post(in_group, text()))["errcode"] == 400013


async def test_sessions_are_not_billed(ding: DingTalkEmulator, single: str, api: Api) -> None:
    await api.post(single, text())
    assert (ding.stats.session_sends, ding.stats.billed_calls) == (1, 0)


async def test_mentions(alice: User, bob: User, in_group: str, api: Api) -> None:
    asked = {"atUserIds": ["alice", "nobody"], "atMobiles": ["13800000002", "1"], "atDingtalkIds": [bob.dingtalk_id]}
    await api.post(in_group, text("look", **asked, isAtAll=True))
    assert (await bob.receives("look")).mentioned == ("alice", "13800000002", bob.dingtalk_id, "all")


async def test_markdown_mentions_who_is_in_its_text(bob: User, in_group: str, api: Api) -> None:
    body = {"msgtype": "markdown", "markdown": {"title": "t", "text": "@alice look"}}
    await api.post(in_group, body | {"at": {"atUserIds": ["alice", "bob"]}})
    assert (await bob.receives()).mentioned == ("alice",)


async def test_in_a_single_chat_nobody_is_mentioned(alice: User, single: str, api: Api) -> None:
    await api.post(single, text("look", atUserIds=["alice"], isAtAll=True))
    assert (await alice.receives("look")).mentioned == ()


# --- custom robots ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", KINDS)
async def test_a_custom_robot_posts_these_kinds(
    alice: User, group: Group, robot: CustomRobot, api: Api, what: str
) -> None:
    kind, content, shown = KINDS[what]
    assert await api.post(robot.webhook_url, {"msgtype": kind, kind: content}) == {"errcode": 0, "errmsg": "ok"}
    message = await alice.receives(chat=group)
    assert (message.kind, message.text, message.way) == (kind, shown, "robot")
    assert (message.robot, message.app) == (robot, None)


@pytest.mark.parametrize("what", WRONG)
async def test_a_custom_robots_errors_come_with_200(robot: CustomRobot, api: Api, what: str) -> None:
    body, code = WRONG[what]
    answer = await api.post(robot.webhook_url, body)
    assert (api.status, answer["errcode"]) == (200, code)


@pytest.mark.parametrize(
    ("what", "code"),
    [("removed", 400106), ("stopped", 400102), ("disbanded", 400013), ("unknown", 300005), ("elsewhere", 310000)],
)
async def test_a_custom_robot_that_can_not(
    ding: DingTalkEmulator, group: Group, robot: CustomRobot, api: Api, what: str, code: int
) -> None:
    url = robot.webhook_url
    if what == "unknown":
        url = f"{ding.base_url}/robot/send?access_token=x"
    elif what == "disbanded":
        group.disbanded = True
    elif what == "elsewhere":
        robot.trusted_ips = {"203.0.113.9"}
    else:
        setattr(robot, what, True)
    answer = await api.post(url, text())
    assert answer["errcode"] == code
    if what == "elsewhere":
        assert answer["errmsg"] == "ip 127.0.0.1 not in whitelist"


async def test_keywords(ding: DingTalkEmulator, alice: User, group: Group, api: Api) -> None:
    robot = ding.add_custom_robot("Alerts", group, secret=False, keywords=("alarm", "note"))
    refused = await api.post(robot.webhook_url, text("hi"))
    assert refused["errcode"] == 310000
    assert refused["errmsg"].startswith("description:关键词不匹配;solution:")
    await api.post(robot.webhook_url, text("an alarm"))
    await api.post(robot.webhook_url, {"msgtype": "markdown", "markdown": {"title": "a note", "text": "x"}})
    assert [(await alice.receives()).text for _ in range(2)] == ["an alarm", "x"]


async def test_the_signature(ding: DingTalkEmulator, alice: User, group: Group, api: Api) -> None:
    robot = ding.add_custom_robot("Alerts", group)
    assert robot.secret.startswith("SEC")
    now = str(int(time.time() * 1000))
    good = f"&timestamp={now}&sign={quote(signature(now, robot.secret), safe='')}"
    assert (await api.post(robot.webhook_url + good, text()))["errcode"] == 0
    old = str(int(time.time() * 1000) - 3_700_000)
    for query, why in {
        "": "签名过期",
        f"&timestamp={old}&sign={quote(signature(old, robot.secret), safe='')}": "签名过期",
        "&timestamp=soon&sign=x": "签名过期",
        f"&timestamp={now}": "签名不匹配",
        f"&timestamp={now}&sign={quote(signature(now, 'SECother'), safe='')}": "签名不匹配",
    }.items():
        answer = await api.post(robot.webhook_url + query, text())
        assert answer["errcode"] == 310000
        assert why in answer["errmsg"]
    await alice.receives("hi")
    await alice.receives_nothing(within=0.01)


async def test_refusals_can_have_their_older_texts(ding: DingTalkEmulator, group: Group, api: Api) -> None:
    ding.settings.english_errors = True
    signed = ding.add_custom_robot("Signed", group)
    worded = ding.add_custom_robot("Worded", group, secret=False, keywords=["alarm"])
    now = str(int(time.time() * 1000))
    texts = [
        (await api.post(url, body))["errmsg"]
        for url, body in (
            (signed.webhook_url, text()),
            (f"{signed.webhook_url}&timestamp={now}&sign=x", text()),
            (worded.webhook_url, text()),
            (worded.webhook_url, text("x" * 20_000)),
        )
    ]
    assert texts == [
        "invalid timestamp",
        "sign not match",
        "keywords not in content",
        "message too long, exceed 20000 bytes",
    ]


def test_the_signature_is_the_documents() -> None:
    """The value was computed with the function that the document on custom robots shows."""
    assert signature("1700000000000", "SECinvented") == "JiSA/cxCsolYn5LwQ7N3g2IjY/GBj1+IFM138uGq1zA="


async def test_twenty_a_minute_then_silence(ding: DingTalkEmulator, group: Group, robot: CustomRobot, api: Api) -> None:
    answers = [await api.post(robot.webhook_url, text()) for _ in range(22)]
    assert [one["errcode"] for one in answers] == [0] * 20 + [130101] * 2
    assert answers[-1]["errmsg"] == "send too fast, exceed 20 times per minute"
    assert [one.kind for one in ding.violations] == ["robot_rate_exceeded"]
    another = ding.add_custom_robot("Other", group, secret=False)
    assert (await api.post(another.webhook_url, text()))["errcode"] == 0


async def test_the_ban_ends(ding: DingTalkEmulator, robot: CustomRobot, api: Api) -> None:
    ding.settings.robot_ban = 0.0
    for _ in range(21):
        await api.post(robot.webhook_url, text())
    ding.world.robot_rates = type(ding.world.robot_rates)((20, 60.0))
    assert (await api.post(robot.webhook_url, text()))["errcode"] == 0


async def test_a_uuid_holds_repetitions_back(ding: DingTalkEmulator, alice: User, robot: CustomRobot, api: Api) -> None:
    for uuid in ("one", "one", "two"):
        assert (await api.post(robot.webhook_url, text(uuid) | {"msgUuid": uuid}))["errcode"] == 0
    assert [message.text for message in ding.messages] == ["one", "two"]
    assert ding.stats.duplicates_absorbed == 1
