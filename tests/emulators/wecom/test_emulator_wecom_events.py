"""Everything people and administrators do, as wechatpy and an XML parser of its own read it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import xmltodict
from wecom_app_side import Client, in_thread, serving
from wecom_raw_api import PNG, Api

from imbridge.emulators.wecom import App, SentMessage, User, WeComEmulator

Does = Callable[[User], Awaitable[SentMessage]]


async def heard(wecom: WeComEmulator, app: App, does: Callable[[], Awaitable[Any]]) -> tuple[Any, dict[str, Any]]:
    """What wechatpy makes of what somebody does, and the plain fields."""
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        sent = await does()
        await sent.delivered()
    assert wecom.violations == []
    return server.messages[0], xmltodict.parse(server.xmls[0])["xml"]


async def test_a_picture_can_be_fetched(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    message, _ = await heard(wecom, app, lambda: alice.sends_image(PNG))
    assert message.type == "image"
    await api.gettoken()
    query = {"access_token": api.token, "media_id": message.media_id}
    async with api.session.get(f"{wecom.base_url}/cgi-bin/media/get", params=query) as answer:
        assert (await answer.read(), answer.content_type) == (PNG, "image/png")
    async with api.session.get(message.image) as answer:
        assert await answer.read() == PNG
    async with api.session.get(f"{wecom.base_url}/wwpic/never/0") as answer:
        assert answer.status == 404


async def test_a_voice(wecom: WeComEmulator, app: App, alice: User) -> None:
    message, _ = await heard(wecom, app, lambda: alice.sends_voice(recognition="你好"))
    assert (message.type, message.format, message.recognition) == ("voice", "amr", "你好")
    wecom.settings.recognition = False
    _, fields = await heard(wecom, app, lambda: alice.sends_voice(recognition="你好"))
    assert "Recognition" not in fields


async def test_a_video(wecom: WeComEmulator, app: App, alice: User) -> None:
    message, _ = await heard(wecom, app, alice.sends_video)
    uploads = wecom.world.uploads
    kinds = [uploads.get(one).kind for one in (message.media_id, message.thumb_media_id)]  # type: ignore[union-attr]
    assert kinds == ["video", "image"]


async def test_a_place(wecom: WeComEmulator, app: App, alice: User) -> None:
    message, fields = await heard(wecom, app, lambda: alice.sends_location(23.134, 113.358, "Guangzhou", scale=20))
    assert (message.location, message.scale, message.label) == (("23.134", "113.358"), "20", "Guangzhou")
    assert (fields["Location_X"], fields["Location_Y"], fields["AppType"]) == ("23.134", "113.358", "wxwork")


async def test_a_link(wecom: WeComEmulator, app: App, alice: User) -> None:
    message, _ = await heard(wecom, app, lambda: alice.sends_link("T", "https://e.com/?a=1&b=2", "D"))
    assert (message.title, message.url, message.description) == ("T", "https://e.com/?a=1&b=2", "D")


async def test_a_file_and_any_other_kind(wecom: WeComEmulator, app: App, alice: User) -> None:
    _, fields = await heard(wecom, app, lambda: alice.sends_file(b"123", "a.pdf"))
    assert (fields["MsgType"], fields["FileName"], fields["FileSize"]) == ("file", "a.pdf", "3")
    message, fields = await heard(wecom, app, lambda: alice.sends({"MsgType": "hologram", "Depth": 3}))
    assert (message.type, fields["Depth"]) == ("unknown", "3")


@pytest.mark.parametrize(
    ("does", "event", "fields"),
    [
        (lambda one: one.subscribes(), "subscribe", {}),
        (lambda one: one.unsubscribes(), "unsubscribe", {}),
        (lambda one: one.enters(), "enter_agent", {"EventKey": None}),
        (lambda one: one.clicks_menu(key="K"), "click", {"EventKey": "K"}),
        (lambda one: one.views_page(url="https://e.com"), "view", {"EventKey": "https://e.com"}),
        (
            lambda one: one.reports_location(23.104, 113.32),
            "LOCATION",
            {"Latitude": "23.104", "Longitude": "113.32", "Precision": "65.0"},
        ),
        (
            lambda one: one.scans_code(key="K", result="R"),
            "scancode_push",
            {"EventKey": "K", "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "R"}},
        ),
        (lambda one: one.scans_code(key="K", result="R", waits=True), "scancode_waitmsg", {"EventKey": "K"}),
        (
            lambda one: one.picks_pictures(key="K", md5s=("a", "b")),
            "pic_sysphoto",
            {"SendPicsInfo": {"Count": "2", "PicList": {"item": [{"PicMd5Sum": "a"}, {"PicMd5Sum": "b"}]}}},
        ),
        (lambda one: one.picks_pictures(key="K", event="pic_photo_or_album"), "pic_photo_or_album", {}),
        (lambda one: one.picks_pictures(key="K", event="pic_weixin"), "pic_weixin", {}),
        (
            lambda one: one.picks_location(key="K", latitude=23.0, longitude=113.0, label="L", name="P"),
            "location_select",
            {
                "EventKey": "K",
                "SendLocationInfo": {
                    "Location_X": "23.0",
                    "Location_Y": "113.0",
                    "Scale": "16",
                    "Label": "L",
                    "Poiname": "P",
                },
            },
        ),
    ],
)
async def test_what_a_member_does(
    wecom: WeComEmulator, app: App, alice: User, does: Does, event: str, fields: dict[str, Any]
) -> None:
    message, seen = await heard(wecom, app, lambda: does(alice))
    assert message.type == "event"
    assert (seen["FromUserName"], seen["ToUserName"], seen["AgentID"]) == ("alice", app.corp_id, str(app.agent_id))
    assert seen["Event"] == event
    assert "MsgId" not in seen
    assert {name: seen[name] for name in fields} == fields


async def test_changes_of_the_directory(wecom: WeComEmulator, app: App, alice: User, bob: User) -> None:
    contacts = wecom.contacts
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        department = wecom.add_department("Sales")
        tag = wecom.add_tag("Tag", [bob])
        pushed = [
            *contacts.user_joins(alice),
            *contacts.user_changes(alice, name="Alicia", new_userid="alicia", departments=[department.id]),
            *contacts.department_created(department),
            *contacts.department_changes(department, name="Sales 2"),
            *contacts.tag_changes(tag, add_users=[alice], del_users=[bob], add_parties=[department.id]),
            *contacts.user_leaves(alice),
            *contacts.department_deleted(department),
        ]
        for sent in pushed:
            await sent.delivered()
    seen = {fields["ChangeType"]: fields for fields in (xmltodict.parse(xml)["xml"] for xml in server.xmls)}
    assert {fields["Event"] for fields in seen.values()} == {"change_contact"}
    assert {fields["FromUserName"] for fields in seen.values()} == {"sys"}
    assert seen["create_user"]["UserID"] == "alice"
    assert (seen["update_user"]["UserID"], seen["update_user"]["NewUserID"]) == ("alice", "alicia")
    assert (seen["update_user"]["Name"], seen["update_user"]["Department"]) == ("Alicia", str(department.id))
    assert seen["create_party"]["Name"] == "Sales"
    assert seen["update_party"]["Name"] == "Sales 2"
    assert (seen["update_tag"]["AddUserItems"], seen["update_tag"]["DelUserItems"]) == ("alicia", "bob")
    assert seen["delete_user"]["UserID"] == "alicia"
    assert seen["delete_party"]["Id"] == str(department.id)
    assert wecom.world.directory.user("alicia") is None


async def test_what_nobody_does_by_hand(wecom: WeComEmulator, app: App, alice: User, bob: User) -> None:
    happen = wecom.happenings
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        for sent in [
            happen.batch_job_ends("replace_user", job_id="J"),
            happen.app_is_shared(),
            happen.open_approval_changes(alice, [bob], third_no="T", status=2),
            happen.external_contact(alice, "woCUSTOMER", State="S", WelcomeCode="W"),
            happen.external_chat("wrCHAT", "update", UpdateDetail="add_member", MemChangeCnt=1),
            happen.external_tag("etTAG"),
            happen.messages_are_archived(),
            wecom.push_event(app, {"Event": "inactive_alert", "EffectTime": 7}),
            wecom.push_event(app, "<MsgType>event</MsgType><Event>mine</Event>"),
        ]:
            await sent.delivered()
    seen = {fields["Event"]: fields for fields in (xmltodict.parse(xml)["xml"] for xml in server.xmls)}
    assert list(seen) == [
        "batch_job_result",
        "share_agent_change",
        "open_approval_change",
        "change_external_contact",
        "change_external_chat",
        "change_external_tag",
        "msgaudit_notify",
        "inactive_alert",
        "mine",
    ]
    job = {"JobId": "J", "JobType": "replace_user", "ErrCode": "0", "ErrMsg": "ok"}
    assert seen["batch_job_result"]["BatchJob"] == job
    assert seen["open_approval_change"]["ApprovalInfo"]["OpenSpStatus"] == "2"
    assert seen["change_external_contact"]["WelcomeCode"] == "W"
    assert seen["inactive_alert"]["FromUserName"] == "sys"
    assert list(seen["mine"]) == ["MsgType", "Event"]


async def test_an_event_that_can_be_answered_and_one_that_can_not(wecom: WeComEmulator, app: App, alice: User) -> None:
    async with serving(app, lambda message: "welcome") as server:
        await wecom.set_callback(app, server.url)
        await alice.enters(app)
        assert (await alice.receives("welcome")).passive
        sent = await alice.unsubscribes(app)
        await sent.delivered()
        await alice.receives_nothing(within=0)
        sent = wecom.happenings.messages_are_archived()
        await sent.delivered()
    assert [one.detail.partition(":")[0] for one in wecom.violations] == [
        "the answer to unsubscribe",
        "the answer to msgaudit_notify",
    ]


async def test_an_approval(wecom: WeComEmulator, app: App, alice: User, bob: User, client: Client) -> None:
    carol = wecom.add_user("Carol")
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        contents = [{"control": "Text", "id": "Text-1", "value": {"text": "holiday"}}]
        approval, sent = wecom.approvals.start(alice, [bob, carol], contents=contents)
        await sent.delivered()
        await wecom.approvals.comment(approval, bob, "why?").delivered()
        await wecom.approvals.approve(approval, bob, "fine").delivered()
        with pytest.raises(ValueError, match="nothing to decide"):
            wecom.approvals.approve(approval, bob)
        await wecom.approvals.approve(approval, carol).delivered()
    infos = [xmltodict.parse(xml)["xml"]["ApprovalInfo"] for xml in server.xmls]
    assert [info["StatuChangeEvent"] for info in infos] == ["1", "10", "2", "2"]
    assert [info["SpStatus"] for info in infos] == ["1", "1", "1", "2"]
    assert infos[0]["Applyer"] == {"UserId": "alice", "Party": "1"}
    assert [record["Details"]["SpStatus"] for record in infos[2]["SpRecord"]] == ["2", "1"]
    detail = await in_thread(client.OA.get_approval_detail, approval.sp_no)
    assert detail["info"]["sp_status"] == 2
    assert detail["info"]["apply_data"]["contents"] == contents
    assert detail["info"]["comments"][0]["commentcontent"] == "why?"


async def test_an_approval_that_is_refused_and_one_that_is_withdrawn(
    wecom: WeComEmulator, app: App, alice: User, bob: User, api: Api
) -> None:
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        refused, _ = wecom.approvals.start(alice, [bob])
        await wecom.approvals.reject(refused, bob, "no").delivered()
        withdrawn, _ = wecom.approvals.start(alice, [bob])
        await wecom.approvals.withdraw(withdrawn).delivered()
    assert (refused.status, withdrawn.status) == (3, 4)
    assert (await api.call("oa/getapprovaldetail", {"sp_no": "never"}))["errcode"] == 301025
