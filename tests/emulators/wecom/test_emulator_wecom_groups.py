"""Groups of apps, and group robots."""

import base64
import hashlib
from typing import Any

import aiohttp
import pytest
from wecom_app_side import Client, in_thread
from wecom_raw_api import AMR, PNG, Api, button_card, text_card

from imbridge.emulators.wecom import App, EmulatorSettings, GroupRobot, User, WeComEmulator


async def test_wechatpy_makes_a_group(
    wecom: WeComEmulator, app: App, alice: User, bob: User, client: Client, api: Api
) -> None:
    chat = client.appchat
    made = await in_thread(chat.create, "chat1", "Team", "alice", ["alice", "bob"])
    assert made["chatid"] == "chat1"
    await in_thread(chat.send_text, "chat1", "hello")
    for user in (alice, bob):
        assert (await user.receives("hello", app=app)).chatid == "chat1"
    carol = wecom.add_user("Carol")
    await in_thread(chat.update, "chat1", "New", None, ["carol"], ["alice"])
    info = await in_thread(chat.get, "chat1")
    assert (info["name"], info["owner"], info["userlist"]) == ("New", "bob", ["bob", "carol"])
    text = {"content": "x", "mentioned_list": ["carol"]}
    body = {"chatid": "chat1", "msgtype": "text", "text": text, "safe": 0}
    assert (await api.call("appchat/send", body))["errcode"] == 0
    assert (await carol.receives()).mentioned == ("carol",)
    assert wecom.stats.appchat_sends == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"userlist": ["alice"]}, 86216),
        ({"userlist": "alice"}, 40058),
        ({"userlist": ["alice", "nobody"]}, 40031),
        ({"userlist": ["alice", "bob"], "chatid": "no-dash"}, 86001),
        ({"userlist": ["alice", "bob"], "chatid": "x" * 33}, 86001),
        ({"userlist": ["alice", "bob"], "chatid": "old"}, 86215),
        ({"userlist": ["alice", "bob"], "owner": "nobody"}, 40003),
        ({"userlist": ["alice", "bob"], "name": 7}, 86004),
    ],
)
async def test_a_wrong_group_is_refused(alice: User, bob: User, api: Api, body: dict[str, Any], code: int) -> None:
    await api.call("appchat/create", {"userlist": ["alice", "bob"], "chatid": "old"})
    assert (await api.call("appchat/create", body))["errcode"] == code


async def test_a_group_is_its_apps(wecom: WeComEmulator, app: App, alice: User, bob: User, api: Api) -> None:
    chatid = (await api.call("appchat/create", {"userlist": ["alice", "bob"]}))["chatid"]
    other = Api(api.session, wecom.base_url, wecom.add_app())
    body = {"chatid": chatid, "msgtype": "text", "text": {"content": "x"}}
    assert (await other.call("appchat/send", body))["errcode"] == 86008
    assert (await api.call("appchat/send", body | {"chatid": "never"}))["errcode"] == 86001
    assert (await api.call("appchat/send", body | {"msgtype": "template_card"}))["errcode"] == 40008
    app.visible = {"alice", "bob"}
    assert (await api.call("appchat/create", {"userlist": ["alice", "bob"]}))["errcode"] == 60011


async def test_rates_of_groups(alice: User) -> None:
    settings = EmulatorSettings(group_rate_minute=1, appchat_rate_minute=5)
    async with WeComEmulator(settings=settings) as wecom, aiohttp.ClientSession() as session:
        api = Api(session, wecom.base_url, wecom.add_app())
        ann, ben = wecom.add_user("Ann"), wecom.add_user("Ben")
        await api.call("appchat/create", {"userlist": ["ann", "ben"], "chatid": "c"})
        body = {"chatid": "c", "msgtype": "text", "text": {"content": "x"}}
        assert [(await api.call("appchat/send", body))["errcode"] for _ in range(3)] == [0, 0, 45009]
        assert [message.recipients for message in wecom.messages] == [(ann, ben), ()]
        assert wecom.stats.silently_dropped == 2


PNG_MD5 = hashlib.md5(PNG, usedforsecurity=False).hexdigest()


class Hook:
    def __init__(self, session: aiohttp.ClientSession, robot: GroupRobot) -> None:
        self.session = session
        self.url = robot.webhook_url

    async def send(self, kind: str, content: Any) -> dict[str, Any]:
        async with self.session.post(self.url, json={"msgtype": kind, kind: content}) as answer:
            assert answer.status == 200
            data: dict[str, Any] = await answer.json()
            return data

    async def upload(self, kind: str, data: bytes) -> dict[str, Any]:
        form = aiohttp.FormData()
        form.add_field("media", data, filename="a.bin")
        url = self.url.replace("/send?", "/upload_media?")
        async with self.session.post(url, params={"type": kind}, data=form) as answer:
            uploaded: dict[str, Any] = await answer.json()
            return uploaded


@pytest.fixture
def robot(wecom: WeComEmulator, alice: User, bob: User) -> GroupRobot:
    return wecom.add_group_robot("Alerts", [alice, bob])


@pytest.fixture
def hook(api: Api, robot: GroupRobot) -> Hook:
    return Hook(api.session, robot)


async def test_a_robot_posts_every_kind(wecom: WeComEmulator, robot: GroupRobot, hook: Hook, bob: User) -> None:
    picture = {"base64": base64.b64encode(PNG).decode(), "md5": PNG_MD5}
    files = {kind: await hook.upload(kind, data) for kind, data in {"file": b"123456", "voice": AMR}.items()}
    posts = [
        ("text", {"content": "t", "mentioned_list": ["bob"], "mentioned_mobile_list": ["13800000001", "@all"]}),
        ("markdown", {"content": "**m** <@alice>"}),
        ("markdown_v2", {"content": "# v <@alice>"}),
        ("image", picture),
        ("news", {"articles": [{"title": "n", "url": "https://e.com"}]}),
        ("file", {"media_id": files["file"]["media_id"]}),
        ("voice", {"media_id": files["voice"]["media_id"]}),
        ("template_card", text_card()),
    ]
    for kind, content in posts:
        assert (await hook.send(kind, content)) == {"errcode": 0, "errmsg": "ok"}, kind
    assert [message.kind for message in robot.messages] == [kind for kind, _ in posts]
    mentioned = [message.mentioned for message in robot.messages[:3]]
    assert mentioned == [("bob", "alice", "@all"), ("alice",), ()]
    assert (await bob.receives("t")).chatid == robot.chatid
    assert (wecom.stats.robot_sends, wecom.violations) == (8, [])


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("textcard", {}, 40008),
        ("video", {}, 40008),
        ("text", {"content": ""}, 44004),
        ("text", {"content": "字" * 683}, 40058),
        ("text", {"content": "x", "mentioned_list": "bob"}, 40058),
        ("markdown", {"content": "x" * 4097}, 40058),
        ("markdown_v2", {"content": "x" * 4097}, 40058),
        ("image", {"base64": "x", "md5": "y"}, 40058),
        ("image", {"base64": base64.b64encode(PNG).decode(), "md5": "0" * 32}, 301019),
        ("image", {"base64": base64.b64encode(bytes(9)).decode(), "md5": "0" * 32}, 40004),
        ("file", {"media_id": "never"}, 40007),
        ("news", {"articles": []}, 45008),
        ("template_card", button_card(), 40058),
        ("template_card", text_card(action_menu={"action_list": [{"text": "a", "key": "k"}]}, task_id="t"), 40058),
    ],
)
async def test_a_wrong_post_is_refused(robot: GroupRobot, hook: Hook, kind: str, content: Any, code: int) -> None:
    answer = await hook.send(kind, content)
    assert answer["errcode"] == code
    assert robot.messages == []


async def test_a_long_text_is_refused_by_name(hook: Hook) -> None:
    answer = await hook.send("text", {"content": "x" * 2049})
    assert answer["errmsg"].startswith("text.content exceed max length 2048. invalid Request Parameter, hint: [")


async def test_twenty_a_minute(wecom: WeComEmulator, robot: GroupRobot, hook: Hook) -> None:
    codes = [(await hook.send("text", {"content": "x"}))["errcode"] for _ in range(21)]
    assert codes == [0] * 20 + [45009]
    assert [violation.kind for violation in wecom.violations] == ["rate_exceeded"]


async def test_a_wrong_key(wecom: WeComEmulator, robot: GroupRobot, hook: Hook, settings: EmulatorSettings) -> None:
    robot.removed = True
    assert (await hook.send("text", {"content": "x"}))["errcode"] == 93000
    robot.removed = False
    hook.url += "0"
    answer = await hook.send("text", {"content": "x"})
    assert (answer["errcode"], answer["errmsg"].partition(",")[0]) == (93000, "invalid webhook url")
    assert (await hook.upload("file", b"123456"))["errcode"] == 93000


async def test_a_robots_files_are_its_own(wecom: WeComEmulator, hook: Hook, api: Api, alice: User) -> None:
    other = Hook(api.session, wecom.add_group_robot())
    media_id = (await hook.upload("file", b"123456"))["media_id"]
    assert (await other.send("file", {"media_id": media_id}))["errcode"] == 40007
    assert (await api.send("file", {"media_id": media_id}))["errcode"] == 40007
    assert (await hook.upload("image", PNG))["errcode"] == 40005


async def test_the_limits_of_a_robots_picture(settings: EmulatorSettings, hook: Hook) -> None:
    settings.robot_image_limit = len(PNG) - 1
    picture = {"base64": base64.b64encode(PNG).decode(), "md5": PNG_MD5}
    assert (await hook.send("image", picture))["errcode"] == 40009
