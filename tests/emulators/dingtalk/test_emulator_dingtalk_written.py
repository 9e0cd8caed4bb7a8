"""What people write: every kind has the documents' fields, exactly named."""

import json
from typing import Any

import pytest
from dingtalk_raw_api import MP4, PNG, Api
from dingtalk_raw_stream import RawStream

from imbridge.emulators.dingtalk import App, DingTalkEmulator, Group, SentMessage, User

ALWAYS = {
    "chatbotCorpId",
    "chatbotUserId",
    "conversationId",
    "conversationType",
    "createAt",
    "isAdmin",
    "msgId",
    "msgtype",
    "robotCode",
    "senderCorpId",
    "senderId",
    "senderNick",
    "sessionWebhook",
    "sessionWebhookExpiredTime",
}


async def received(sent: SentMessage, link: RawStream) -> dict[str, Any]:
    data = await link.message()
    assert data == sent.data
    return data


async def test_a_text_in_a_single_chat(ding: DingTalkEmulator, app: App, alice: User, link: RawStream) -> None:
    data = await received(await alice.says("hi"), link)
    assert set(data) == ALWAYS | {"senderStaffId", "text"}
    assert (data["msgtype"], data["text"], data["conversationType"]) == ("text", {"content": "hi"}, "1")
    assert data["conversationId"].startswith("cid")
    assert data["msgId"].startswith("msg")
    assert (data["senderStaffId"], data["senderNick"], data["isAdmin"]) == ("alice", "Alice", False)
    assert data["senderId"] == alice.dingtalk_id
    assert (data["senderCorpId"], data["chatbotCorpId"]) == (ding.corp_id, ding.corp_id)
    assert (data["robotCode"], data["chatbotUserId"]) == (app.robot_code, app.chatbot_user_id)
    assert data["chatbotUserId"].startswith("$:LWCP_v1:$")
    assert data["sessionWebhook"].startswith(f"{ding.base_url}/robot/sendBySession?session=")
    assert abs(data["sessionWebhookExpiredTime"] - data["createAt"] - 5_400_000) < 60_000


async def test_a_single_chat_keeps_its_id(ding: DingTalkEmulator, alice: User, bob: User) -> None:
    one, two, other = await alice.says("1"), await alice.says("2"), await bob.says("3")
    assert one.conversation_id == two.conversation_id != other.conversation_id
    assert one.msg_id != two.msg_id


async def test_a_text_in_a_group(app: App, alice: User, bob: User, group: Group, link: RawStream) -> None:
    data = await received(await alice.says("look", chat=group, mentions=[app, bob]), link)
    assert set(data) == ALWAYS | {"senderStaffId", "text", "atUsers", "conversationTitle", "isInAtList"}
    assert (data["conversationType"], data["conversationTitle"], data["isInAtList"]) == ("2", "Team", True)
    assert data["conversationId"] == group.open_conversation_id
    assert data["text"]["content"] == " @Bob look"
    assert data["atUsers"] == [
        {"dingtalkId": app.chatbot_user_id},
        {"dingtalkId": bob.dingtalk_id, "staffId": "bob"},
    ]


async def test_in_a_group_only_a_mention_reaches_the_robot(
    app: App, alice: User, bob: User, group: Group, link: RawStream
) -> None:
    unheard = await alice.says("nobody", chat=group)
    assert not await unheard.taken()
    assert (unheard.data, unheard.lost) == ({}, True)
    assert not await (await alice.says("to Bob", chat=group, mentions=[bob])).taken()
    await alice.says("to the robot", chat=group, mentions=[app])
    assert (await link.message())["text"]["content"] == " to the robot"


async def test_every_mentioned_robot_gets_the_message(
    ding: DingTalkEmulator, app: App, alice: User, group: Group, link: RawStream
) -> None:
    other = ding.add_app("Other")
    group.apps.append(other)
    await alice.says("both", chat=group, mentions=[app, other])
    await link.message()
    assert (ding.stats.messages, ding.stats.messages_lost) == (2, 1)


async def test_who_is_not_there_can_not_write_or_be_mentioned(
    ding: DingTalkEmulator, app: App, alice: User, group: Group
) -> None:
    carol, stranger = ding.add_user("Carol"), ding.add_app("Stranger")
    with pytest.raises(ValueError, match="Carol is not in the group"):
        await carol.says("hi", chat=group, mentions=[app])
    with pytest.raises(ValueError, match="Stranger is not in the group"):
        await alice.says("hi", chat=group, mentions=[stranger])
    group.disbanded = True
    with pytest.raises(ValueError, match="disbanded"):
        await alice.says("hi", chat=group, mentions=[app])
    with pytest.raises(ValueError, match="2 apps"):
        await alice.says("hi")


async def test_somebody_external_has_no_staff_id(
    ding: DingTalkEmulator, app: App, group: Group, link: RawStream
) -> None:
    eve = ding.add_user("Eve", external=True)
    group.members.append(eve)
    data = await received(await eve.says("hi", chat=group, mentions=[app, eve]), link)
    assert "senderStaffId" not in data
    assert data["senderId"] == eve.dingtalk_id
    assert data["senderCorpId"] != ding.corp_id
    assert data["atUsers"][1] == {"dingtalkId": eve.dingtalk_id}
    with pytest.raises(ValueError, match="no userid"):
        ding.add_user("Mallory", userid="m", external=True)


async def test_the_list_of_mentions_can_be_null(
    ding: DingTalkEmulator, app: App, alice: User, group: Group, link: RawStream
) -> None:
    ding.settings.null_at_users = True
    await alice.says("hi")
    assert (await link.message())["atUsers"] is None
    await alice.says("hi", chat=group, mentions=[app])
    data = await link.message()
    assert (data["atUsers"], data["isInAtList"]) == (None, True)


async def test_an_administrator(ding: DingTalkEmulator, app: App, link: RawStream) -> None:
    boss = ding.add_user("Boss", admin=True)
    assert (await received(await boss.says("hi"), link))["isAdmin"] is True


# --- media ------------------------------------------------------------------------------------------------------------


async def downloaded(api: Api, code: str) -> bytes:
    answer = await api.call(
        "/v1.0/robot/messageFiles/download", {"downloadCode": code, "robotCode": api.app.robot_code}
    )
    async with api.session.get(answer["downloadUrl"]) as file:
        assert file.status == 200
        return await file.read()


async def test_a_picture(alice: User, link: RawStream, api: Api) -> None:
    data = await received(await alice.sends_image(PNG), link)
    assert set(data) == ALWAYS | {"senderStaffId", "content"}
    assert (data["msgtype"], set(data["content"])) == ("picture", {"pictureDownloadCode", "downloadCode"})
    assert await downloaded(api, data["content"]["downloadCode"]) == PNG
    assert await downloaded(api, data["content"]["pictureDownloadCode"]) == PNG


async def test_a_voice_message(ding: DingTalkEmulator, alice: User, link: RawStream, api: Api) -> None:
    content = (await received(await alice.sends_audio(b"#!AMR\nx", recognition="hello", duration=1200), link))[
        "content"
    ]
    assert content == {"downloadCode": content["downloadCode"], "recognition": "hello", "duration": 1200}
    assert await downloaded(api, content["downloadCode"]) == b"#!AMR\nx"
    ding.settings.recognition = False
    data = await received(await alice.sends_audio(recognition="hello"), link)
    assert (data["msgtype"], set(data["content"])) == ("audio", {"downloadCode", "duration"})


async def test_a_video(alice: User, link: RawStream, api: Api) -> None:
    data = await received(await alice.sends_video(MP4, duration=7), link)
    content = data["content"]
    assert data["msgtype"] == "video"
    assert content == {"duration": "7", "videoType": "mp4", "downloadCode": content["downloadCode"]}
    assert await downloaded(api, content["downloadCode"]) == MP4


async def test_a_file(alice: User, link: RawStream, api: Api) -> None:
    data = await received(await alice.sends_file(b"PK", "plan.zip"), link)
    content = data["content"]
    assert (data["msgtype"], set(content)) == ("file", {"spaceId", "fileName", "downloadCode", "fileId"})
    assert content["fileName"] == "plan.zip"
    assert await downloaded(api, content["downloadCode"]) == b"PK"


async def test_files_and_sound_reach_no_robot_in_a_group(app: App, alice: User, group: Group, link: RawStream) -> None:
    for sent in (
        await alice.sends_file(b"PK", chat=group),
        await alice.sends_audio(chat=group),
        await alice.sends_video(chat=group),
    ):
        assert not await sent.taken()
    await alice.sends_image(chat=group, mentions=[app])
    assert (await link.message())["msgtype"] == "picture"


async def test_rich_text_keeps_its_order(app: App, alice: User, bob: User, group: Group, link: RawStream) -> None:
    data = await received(await alice.sends_rich(["before", PNG, "after"]), link)
    first, picture, last = data["content"]["richText"]
    assert (data["msgtype"], first, last) == ("richText", {"text": "before"}, {"text": "after"})
    assert (set(picture), picture["type"]) == ({"pictureDownloadCode", "downloadCode", "type"}, "picture")
    await alice.sends_rich(["x"], chat=group, mentions=[app, bob])
    assert (await link.message())["content"]["richText"] == [{"text": "@Bob "}, {"text": "x"}]


async def test_a_chat_record(alice: User, link: RawStream) -> None:
    data = await received(
        await alice.sends_chat_record([("Bob", "one"), ("Carol", "two")], title="Bob and Carol"), link
    )
    content = data["content"]
    assert (data["msgtype"], content["title"], content["summary"]) == (
        "chatRecord",
        "Bob and Carol",
        "Bob:one\nCarol:two",
    )
    assert json.loads(content["chatRecord"])[1] == {"senderName": "Carol", "content": "two"}
    await alice.sends_chat_record([("Bob", "one")], detailed=False)
    assert set((await link.message())["content"]) == {"title", "summary"}


async def test_a_card_of_another(alice: User, link: RawStream) -> None:
    data = await received(await alice.sends_card("Plan"), link)
    assert (data["msgtype"], data["content"]["title"]) == ("interactiveCard", "Plan")
    assert "spaceId=" in data["content"]["biz_custom_action_url"]
    await alice.sends_card(url="https://example.com/x")
    assert (await link.message())["content"]["biz_custom_action_url"] == "https://example.com/x"


async def test_what_robots_can_not_receive(alice: User, link: RawStream) -> None:
    data = await received(await alice.sends_unknown(), link)
    assert (data["msgtype"], set(data["content"])) == ("unknownMsgType", {"unknownMsgType"})


async def test_anything_else(alice: User, link: RawStream) -> None:
    sent = await alice.sends({"msgtype": "new", "new": [1], "msgId": "given", "senderNick": None})
    data = await received(sent, link)
    assert (data["msgtype"], data["new"], data["senderNick"]) == ("new", [1], None)
    assert sent.msg_id == "given"


# --- quotes -----------------------------------------------------------------------------------------------------------


async def test_a_quoted_text(
    ding: DingTalkEmulator, alice: User, bob: User, app: App, group: Group, link: RawStream
) -> None:
    first = await bob.says("the first", chat=group)
    data = await received(await alice.says("see above", chat=group, mentions=[app], quoting=first), link)
    assert data["text"] == {
        "content": " see above",
        "isReplyMsg": True,
        "repliedMsg": {
            "createdAt": first.created_at,
            "senderId": bob.dingtalk_id,
            "msgType": "text",
            "msgId": first.msg_id,
            "content": {"text": "the first"},
        },
    }
    assert data["originalMsgId"] == first.msg_id
    assert "quoteMessage" not in data
    ding.settings.old_quotes = True
    await alice.says("again", quoting=first)
    assert (await link.message())["quoteMessage"] == {
        "msgId": first.msg_id,
        "msgtype": "text",
        "senderId": bob.dingtalk_id,
        "senderNick": "Bob",
        "text": {"content": "the first"},
    }


async def test_quoted_media(alice: User, link: RawStream, api: Api) -> None:
    file, picture = await alice.sends_file(b"PK", "plan.zip"), await alice.sends_image(PNG)
    rich = await alice.sends_rich(["text", PNG])
    for _ in range(3):
        await link.message()
    await alice.says("that", quoting=file)
    replied = (await link.message())["text"]["repliedMsg"]
    assert (replied["msgType"], replied["content"]["fileName"]) == ("file", "plan.zip")
    assert await downloaded(api, replied["content"]["downloadCode"]) == b"PK"
    await alice.says("that", quoting=picture)
    replied = (await link.message())["text"]["repliedMsg"]
    assert await downloaded(api, replied["content"]["downloadCode"]) == PNG
    await alice.says("that", quoting=rich)
    items = (await link.message())["text"]["repliedMsg"]["content"]["richText"]
    assert items[0] == {"msgType": "text", "content": "text"}
    assert (items[1]["msgType"], await downloaded(api, items[1]["downloadCode"])) == ("picture", PNG)


async def test_rich_text_quotes_too(alice: User, link: RawStream) -> None:
    first = await alice.says("first")
    await link.message()
    await alice.sends_rich(["x"], quoting=first)
    content = (await link.message())["content"]
    assert (content["isReplyMsg"], content["repliedMsg"]["msgId"]) == (True, first.msg_id)


async def test_a_quoted_message_of_the_robot(app: App, alice: User, link: RawStream, api: Api) -> None:
    key = (await api.to_people("sampleMarkdown", {"title": "t", "text": "# plan"}))["processQueryKey"]
    answer = await alice.receives("# plan")
    await alice.says("which?", quoting=answer)
    data = await link.message()
    replied = data["text"]["repliedMsg"]
    assert (replied["senderId"], replied["msgType"]) == (app.chatbot_user_id, "markdown")
    assert replied["content"] == {"text": "# plan"}
    assert (data["originalProcessQueryKey"], data["originalMsgId"]) == (key, replied["msgId"])
    await alice.says("again", quoting=answer)
    assert (await link.message())["originalMsgId"] == replied["msgId"]
