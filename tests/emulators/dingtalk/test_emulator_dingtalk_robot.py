"""What the robot sends of itself: templates, refusals, recall, readers, emotions."""

import json
from typing import Any

import pytest
from dingtalk_raw_api import Api

from imbridge.emulators.dingtalk import App, DingTalkEmulator, Group, User

BUTTONS = {f"action{what}{number}": f"{what}{number}" for number in range(1, 6) for what in ("Title", "URL")}
CARD = {"title": "t", "text": "body"}
PLAIN: dict[str, tuple[dict[str, str], str, str]] = {
    "sampleText": ({"content": "hi"}, "text", "hi"),
    "sampleMarkdown": ({"title": "t", "text": "# hi"}, "markdown", "# hi"),
    "sampleImageMsg": ({"photoURL": "https://example.com/a.png"}, "image", ""),
    "sampleLink": ({"text": "x", "title": "t", "picUrl": "@lAD", "messageUrl": "https://x.cn"}, "link", "t\nx"),
    "sampleActionCard": (CARD | {"singleTitle": "go", "singleURL": "https://x.cn"}, "actionCard", "body"),
    "sampleActionCard2": (CARD | BUTTONS, "actionCard", "body"),
    "sampleActionCard3": (CARD | BUTTONS, "actionCard", "body"),
    "sampleActionCard4": (CARD | BUTTONS, "actionCard", "body"),
    "sampleActionCard5": (CARD | BUTTONS, "actionCard", "body"),
    "sampleActionCard6": (
        CARD | {"buttonTitle1": "a", "buttonUrl1": "b", "buttonTitle2": "c", "buttonUrl2": "d"},
        "actionCard",
        "body",
    ),
}


@pytest.mark.parametrize("key", PLAIN)
async def test_templates(alice: User, bob: User, app: App, group: Group, api: Api, key: str) -> None:
    param, kind, text = PLAIN[key]
    single = await api.to_people(key, param)
    assert single == {
        "processQueryKey": single["processQueryKey"],
        "invalidStaffIdList": [],
        "flowControlledStaffIdList": [],
    }
    message = await alice.receives(app=app)
    assert (message.kind, message.text, message.way, message.chat) == (kind, text, "api", None)
    assert (message.message_id, message.body["msgParam"]) == (single["processQueryKey"], param)
    grouped = await api.to_group(key, param, group.open_conversation_id)
    assert set(grouped) == {"processQueryKey"}
    for user in (alice, bob):
        message = await user.receives(chat=group)
        assert (message.message_id, message.recipients) == (grouped["processQueryKey"], (alice, bob))


async def test_templates_with_media(alice: User, api: Api) -> None:
    media = {kind: await api.media_id(kind) for kind in ("image", "voice", "video", "file")}
    params = {
        "sampleImageMsg": {"photoURL": media["image"]},
        "sampleAudio": {"mediaId": media["voice"], "duration": "3000"},
        "sampleFile": {"mediaId": media["file"], "fileName": "a.zip", "fileType": "zip"},
        "sampleVideo": {
            "duration": "5",
            "videoMediaId": media["video"],
            "videoType": "mp4",
            "picMediaId": media["image"],
        },
    }
    for key, param in params.items():
        await api.to_people(key, param)
        assert api.status == 200
    assert [(await alice.receives()).kind for _ in params] == ["image", "audio", "file", "video"]


PATH = "/v1.0/robot/oToMessages/batchSend"
GOOD: dict[str, Any] = {
    "robotCode": "dingdemo",
    "userIds": ["alice"],
    "msgKey": "sampleText",
    "msgParam": '{"content": "hi"}',
}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"robotCode": ""}, "invalidParameter.robotCode.empty"),
        ({"robotCode": "other"}, "invalidParameter.robotCode.auth"),
        ({"userIds": []}, "invalidParameter.userIds.empty"),
        ({"userIds": "alice"}, "invalidParameter.userIds.empty"),
        ({"userIds": ["nobody"]}, "staffId.notExisted"),
        ({"userIds": ["alice"] * 21}, "invalidParameter.userIds.overMax"),
        ({"msgKey": ""}, "invalidParameter.msgKey.empty"),
        ({"msgKey": "sampleActionCard1"}, "invalidParameter.msgKey.invalid"),
        ({"msgParam": {"content": "hi"}}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "no JSON"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "[]"}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": json.dumps({"content": "x" * 15_000})}, "invalidParameter.msgParam.invalid"),
        ({"msgParam": "{}"}, "invalidParameter.param.invalid"),
        ({"msgParam": '{"content": 1}'}, "invalidParameter.param.invalid"),
        ({"msgKey": "sampleMarkdown", "msgParam": '{"text": "x"}'}, "invalidParameter.param.invalid"),
        ({"msgKey": "sampleImageMsg", "msgParam": '{"photoURL": "@lADx"}'}, "invalidParameter.param.invalid"),
        ({"msgKey": "sampleAudio", "msgParam": '{"mediaId": "x", "duration": "1"}'}, "invalidParameter.param.invalid"),
    ],
)
async def test_refusals(ding: DingTalkEmulator, alice: User, api: Api, changes: dict[str, Any], code: str) -> None:
    answer = await api.call(PATH, GOOD | changes)
    assert (api.status, answer["code"]) == (400, code)
    assert set(answer) == {"code", "message", "requestid"}
    assert ding.messages == ()


async def test_msg_param_that_is_no_text_is_noticed(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    await api.call(PATH, GOOD | {"msgParam": {"content": "hi"}})
    await api.call(PATH, GOOD | {"msgKey": "sampleEverything"})
    assert [one.kind for one in ding.violations] == ["msg_param", "msg_key"]


async def test_a_file_of_another_kind_is_no_voice(alice: User, api: Api) -> None:
    media_id = await api.media_id("file")
    answer = await api.to_people("sampleAudio", {"mediaId": media_id, "duration": "1"})
    assert answer["code"] == "invalidParameter.param.invalid"


async def test_file_types_can_be_strict(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    param = {"mediaId": await api.media_id("file"), "fileName": "a.txt", "fileType": "txt"}
    assert "processQueryKey" in await api.to_people("sampleFile", param)
    ding.settings.strict_formats = True
    assert (await api.to_people("sampleFile", param))["code"] == "invalidParameter.param.invalid"


async def test_a_part_of_the_people_is_reached(ding: DingTalkEmulator, alice: User, bob: User, api: Api) -> None:
    with ding.faults.flow_control(["bob"]):
        answer = await api.to_people("sampleText", {"content": "hi"}, "alice", "bob", "nobody", "alice")
    assert (answer["invalidStaffIdList"], answer["flowControlledStaffIdList"]) == (["nobody"], ["bob"])
    message = await alice.receives("hi")
    assert message.recipients == (alice,)
    await alice.receives_nothing(within=0.01)
    await bob.receives_nothing(within=0.01)


@pytest.mark.parametrize("what", ["unknown", "without the robot", "disbanded", "empty"])
async def test_groups_the_robot_can_not_write_to(
    ding: DingTalkEmulator, alice: User, group: Group, api: Api, what: str
) -> None:
    cid = group.open_conversation_id
    if what == "without the robot":
        cid = ding.add_group("Elsewhere", members=[alice]).open_conversation_id
    elif what == "disbanded":
        group.disbanded = True
    else:
        cid = "" if what == "empty" else "cidunknown"
    answer = await api.to_group("sampleText", {"content": "hi"}, cid)
    assert answer["code"] == f"invalidParameter.openConversationId.{'empty' if what == 'empty' else 'invalid'}"


# --- recall and readers -----------------------------------------------------------------------------------------------


async def test_recall_in_a_single_chat(ding: DingTalkEmulator, app: App, alice: User, api: Api) -> None:
    key = (await api.to_people("sampleText", {"content": "oops"}))["processQueryKey"]
    message = await alice.receives("oops")
    body = {"robotCode": app.robot_code, "processQueryKeys": [key, "unknown"]}
    answer = await api.call("/v1.0/robot/otoMessages/batchRecall", body)
    assert (answer["successResult"], list(answer["failedResult"])) == ([key], ["unknown"])
    assert message.recalled
    assert ding.stats.recalls == 1


async def test_recall_in_a_group(app: App, alice: User, group: Group, api: Api) -> None:
    key = (await api.to_group("sampleText", {"content": "oops"}, group.open_conversation_id))["processQueryKey"]
    message = await alice.receives("oops")
    body = {"robotCode": app.robot_code, "processQueryKeys": [key]}
    single = await api.call("/v1.0/robot/otoMessages/batchRecall", body)
    assert (single["successResult"], message.recalled) == ([], False)
    body |= {"openConversationId": group.open_conversation_id}
    assert await api.call("/v1.0/robot/groupMessages/recall", body) == {"successResult": [key], "failedResult": {}}
    assert message.recalled


async def test_recall_is_for_a_day_and_for_the_own_robot(
    ding: DingTalkEmulator, app: App, alice: User, api: Api
) -> None:
    key = (await api.to_people("sampleText", {"content": "x"}))["processQueryKey"]
    path = "/v1.0/robot/otoMessages/batchRecall"
    other = Api(api.session, api.base_url, ding.add_app("Other"))
    foreign = await other.call(path, {"robotCode": other.app.robot_code, "processQueryKeys": [key]})
    assert foreign["successResult"] == []
    ding.settings.recall_window = -1
    late = await api.call(path, {"robotCode": app.robot_code, "processQueryKeys": [key]})
    assert "time limit" in late["failedResult"][key]
    for keys, code in (([], "empty"), (["k"] * 21, "overMax")):
        answer = await api.call(path, {"robotCode": app.robot_code, "processQueryKeys": keys})
        assert answer["code"] == f"invalidParameter.processQueryKeys.{code}"


async def test_readers_of_a_single_chat(app: App, alice: User, bob: User, api: Api) -> None:
    key = (await api.to_people("sampleText", {"content": "x"}, "alice", "bob"))["processQueryKey"]
    await alice.receives("x")
    answer = await api.call("/v1.0/robot/oToMessages/readStatus", robotCode=app.robot_code, processQueryKey=key)
    assert answer == {
        "sendStatus": "SUCCESS",
        "messageReadInfoList": [
            {"name": "Alice", "userId": "alice", "readStatus": "READ"},
            {"name": "Bob", "userId": "bob", "readStatus": "UNREAD"},
        ],
    }
    unknown = await api.call("/v1.0/robot/oToMessages/readStatus", robotCode=app.robot_code, processQueryKey="k")
    assert unknown["code"] == "invalidParameter.processQueryKey.invalid"


async def test_readers_of_a_group_by_pages(app: App, alice: User, bob: User, group: Group, api: Api) -> None:
    cid = group.open_conversation_id
    key = (await api.to_group("sampleText", {"content": "x"}, cid))["processQueryKey"]
    for user in (alice, bob):
        await user.receives("x")
    body = {"robotCode": app.robot_code, "openConversationId": cid, "processQueryKey": key, "maxResults": 1}
    first = await api.call("/v1.0/robot/groupMessages/query", body)
    assert (first["readUserIds"], first["hasMore"]) == (["alice"], True)
    second = await api.call("/v1.0/robot/groupMessages/query", body | {"nextToken": first["nextToken"]})
    assert (second["readUserIds"], second["hasMore"]) == (["bob"], False)


# --- emotions ---------------------------------------------------------------------------------------------------------


def emotion(app: App, message_id: str, conversation_id: str, name: str = "thinking") -> dict[str, Any]:
    picture = {"emotionId": "2659900", "emotionName": name, "text": name, "backgroundId": "im_bg_1"}
    return {
        "robotCode": app.robot_code,
        "openMsgId": message_id,
        "openConversationId": conversation_id,
        "emotionType": 2,
        "emotionName": name,
        "textEmotion": picture,
    }


async def test_emotions_come_and_go(app: App, alice: User, api: Api) -> None:
    sent = await alice.says("hi")
    asked = emotion(app, sent.msg_id, sent.conversation_id)
    assert await api.call("/v1.0/robot/emotion/reply", asked) == {"success": True}
    assert await api.call("/v1.0/robot/emotion/reply", asked) == {"success": True}
    assert alice.reactions_on(sent) == ("thinking",)
    assert await api.call("/v1.0/robot/emotion/recall", asked) == {"success": True}
    assert alice.reactions_on(sent) == ()
    assert await api.call("/v1.0/robot/emotion/recall", asked) == {"success": False}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"openMsgId": "other"}, "invalidParameter.openMsgId.invalid"),
        ({"openConversationId": "cidother"}, "invalidParameter.openMsgId.invalid"),
        ({"emotionType": 1}, "invalidParameter.emotionType.invalid"),
        ({"emotionName": ""}, "invalidParameter.emotionName.empty"),
        ({"textEmotion": {"text": "x"}}, "invalidParameter.textEmotion.invalid"),
    ],
)
async def test_emotions_must_be_whole(app: App, alice: User, api: Api, changes: dict[str, Any], code: str) -> None:
    sent = await alice.says("hi")
    asked = emotion(app, sent.msg_id, sent.conversation_id) | changes
    answer = await api.call("/v1.0/robot/emotion/reply", asked)
    assert answer["code"] == code
    assert alice.reactions_on(sent) == ()
