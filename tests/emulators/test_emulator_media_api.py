"""Uploads, downloads, chats and people, called over plain HTTP."""

import io
from collections.abc import Callable

import aiohttp
import pytest
from feishu_raw_client import Bot

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User

PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


def image_form(data: bytes, image_type: str = "message") -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("image_type", image_type)
    form.add_field("image", io.BytesIO(data), filename="a.png")
    return form


def file_form(data: bytes, file_type: str = "stream", name: str = "a.txt", **fields: str) -> aiohttp.FormData:
    form = aiohttp.FormData()
    for key, value in {"file_type": file_type, "file_name": name, **fields}.items():
        form.add_field(key, value)
    form.add_field("file", io.BytesIO(data), filename=name)
    return form


async def test_image_round_trip(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot) -> None:
    key = (await bot.call("POST", "im/v1/images", data=image_form(PNG))).data["image_key"]
    assert await bot.download(f"im/v1/images/{key}") == (200, PNG, "image/png")
    sent = await bot.send(chat.chat_id, {"image_key": key}, msg_type="image")
    message = await alice.receives("[image]")
    assert message.content == {"image_key": key}
    path = f"im/v1/messages/{sent.data['message_id']}/resources/{key}?type=image"
    assert (await bot.download(path))[1] == PNG
    assert (feishu.stats.uploads, feishu.stats.downloads) == (1, 2)


async def test_file_round_trip(alice: User, chat: Chat, bot: Bot) -> None:
    key = (await bot.call("POST", "im/v1/files", data=file_form(b"text"))).data["file_key"]
    assert (await bot.download(f"im/v1/files/{key}"))[1] == b"text"
    assert (await bot.send(chat.chat_id, {"file_key": key}, msg_type="file")).code == 0
    assert (await bot.send(chat.chat_id, {"file_key": key}, msg_type="audio")).code == 230055
    voice = (await bot.call("POST", "im/v1/files", data=file_form(b"OggS", "opus", "v.opus", duration="900"))).data
    assert (await bot.send(chat.chat_id, {"file_key": voice["file_key"]}, msg_type="file")).code == 230055
    assert (await bot.send(chat.chat_id, {"file_key": voice["file_key"]}, msg_type="audio")).code == 0


@pytest.mark.parametrize(
    ("path", "form", "code"),
    [
        ("im/v1/images", lambda: image_form(b""), 234010),
        ("im/v1/images", lambda: image_form(b"no image"), 234011),
        ("im/v1/images", lambda: image_form(PNG, "poster"), 234001),
        ("im/v1/images", lambda: image_form(PNG + bytes(100)), 234006),
        ("im/v1/files", lambda: file_form(b""), 234010),
        ("im/v1/files", lambda: file_form(bytes(200)), 234006),
        ("im/v1/files", lambda: file_form(b"x", "exe"), 234001),
        ("im/v1/files", lambda: file_form(b"x", duration="1.5"), 234001),
    ],
)
async def test_wrong_uploads(
    settings: EmulatorSettings, app: App, bot: Bot, path: str, form: Callable[[], aiohttp.FormData], code: int
) -> None:
    settings.image_limit = settings.file_limit = 100
    answer = await bot.call("POST", path, data=form())
    assert (answer.status, answer.code) == (400, code)


async def test_upload_that_is_not_multipart(app: App, bot: Bot) -> None:
    assert (await bot.call("POST", "im/v1/images", {"image_type": "message"})).code == 234001


async def test_large_upload_goes_through(app: App, bot: Bot) -> None:
    data = bytes(20 * 1024 * 1024)
    key = (await bot.call("POST", "im/v1/files", data=file_form(data))).data["file_key"]
    assert len((await bot.download(f"im/v1/files/{key}"))[1]) == len(data)


async def test_resources_of_a_persons_message(alice: User, bot: Bot) -> None:
    image, file = await alice.sends_image(PNG), await alice.sends_file(b"text", name="notes.txt")
    image_key, file_key = image.content["image_key"], file.content["file_key"]
    assert (await bot.download(f"im/v1/messages/{image.message_id}/resources/{image_key}?type=image"))[1] == PNG
    assert (await bot.download(f"im/v1/messages/{file.message_id}/resources/{file_key}?type=file"))[1] == b"text"
    wrong = await bot.call("GET", f"im/v1/messages/{file.message_id}/resources/{image_key}?type=image")
    assert wrong.code == 234003
    assert (await bot.call("GET", f"im/v1/images/{image_key}")).code == 234008
    assert (await bot.call("GET", f"im/v1/messages/{file.message_id}/resources/{file_key}")).code == 234001


async def test_downloads_in_parts(settings: EmulatorSettings, app: App, bot: Bot) -> None:
    key = (await bot.call("POST", "im/v1/files", data=file_form(b"0123456789"))).data["file_key"]
    url = f"{bot.base_url}/open-apis/im/v1/files/{key}"

    async def part(wanted: str) -> tuple[int, bytes, str | None]:
        headers = {"Authorization": f"Bearer {bot.token}", "Range": wanted}
        async with bot.session.get(url, headers=headers) as response:
            return response.status, await response.read(), response.headers.get("Content-Range")

    assert await part("bytes=0-3") == (206, b"0123", "bytes 0-3/10")
    assert await part("bytes=8-99") == (206, b"89", "bytes 8-9/10")
    assert await part("bytes=-2") == (206, b"89", "bytes 8-9/10")
    assert await part("bytes=20-") == (416, b"", "bytes */10")
    assert await part("lines=1") == (200, b"0123456789", None)
    settings.download_limit = 5
    assert (await bot.call("GET", f"im/v1/files/{key}")).code == 234037
    assert (await part("bytes=0-3"))[0] == 206


async def test_what_has_no_resources(alice: User, chat: Chat, bot: Bot) -> None:
    key = (await bot.call("POST", "im/v1/images", data=image_form(PNG))).data["image_key"]
    content = {"elements": [{"tag": "img", "img_key": key}]}
    sent = await bot.send(chat.chat_id, content, msg_type="interactive")
    assert (
        await bot.call("GET", f"im/v1/messages/{sent.data['message_id']}/resources/{key}?type=image")
    ).code == 234043
    sticker = await alice.sends_sticker()
    path = f"im/v1/messages/{sticker.message_id}/resources/{sticker.content['file_key']}?type=image"
    assert (await bot.call("GET", path)).code == 234003
    assert (await bot.call("GET", "im/v1/messages/om_never/resources/x?type=image")).code == 234001


async def test_what_a_message_may_refer_to(
    feishu: FeishuEmulator, settings: EmulatorSettings, app: App, alice: User, chat: Chat, bot: Bot
) -> None:
    settings.rate_limits = False
    group = feishu.add_group("team", members=[alice], apps=[app])
    foreign = feishu.add_group("other", members=[alice])
    received = await alice.sends_file(b"text", name="a.txt")
    sticker = (await alice.sends_sticker()).content["file_key"]
    image = (await bot.call("POST", "im/v1/images", data=image_form(PNG))).data["image_key"]
    video = (await bot.call("POST", "im/v1/files", data=file_form(b"mp4", "mp4", "v.mp4"))).data["file_key"]
    for msg_type, content, code in (
        ("share_chat", {"chat_id": group.chat_id}, 0),
        ("share_chat", {"chat_id": foreign.chat_id}, 230002),
        ("share_chat", {"chat_id": chat.chat_id}, 230015),
        ("share_chat", {"chat_id": "oc_never"}, 230001),
        ("share_user", {"user_id": alice.open_id}, 0),
        ("share_user", {"user_id": app.bot_open_id}, 230001),
        ("share_user", {"user_id": alice.user_id}, 230001),
        ("sticker", {"file_key": sticker}, 0),
        ("sticker", {"file_key": "file_v3_never"}, 230001),
        ("file", {"file_key": received.content["file_key"]}, 230017),
        ("media", {"file_key": video, "image_key": image}, 0),
        ("media", {"file_key": video, "image_key": "img_v3_never"}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "img", "image_key": image}]]}}, 0),
        ("post", {"zh_cn": {"content": [[{"tag": "img", "image_key": "img_v3_never"}]]}}, 230001),
        ("post", {"zh_cn": {"content": [[{"tag": "md", "text": "a"}, {"tag": "text", "text": "b"}]]}}, 230001),
    ):
        assert (await bot.send(chat.chat_id, content, msg_type=msg_type)).code == code, (msg_type, content)


async def test_old_uploads_are_forgotten(session: aiohttp.ClientSession) -> None:
    async with FeishuEmulator(settings=EmulatorSettings(resource_bytes=100)) as feishu:
        app = feishu.add_app()
        bot = Bot(session, feishu.base_url, app.app_id, app.app_secret)
        keys = [(await bot.call("POST", "im/v1/images", data=image_form(PNG))).data["image_key"] for _ in range(4)]
        answers = [await bot.download(f"im/v1/images/{key}") for key in keys]
        assert [status for status, _, _ in answers] == [400, 400, 200, 200]


async def test_chat_and_members(feishu: FeishuEmulator, app: App, alice: User, bot: Bot) -> None:
    bob, carol = feishu.add_user("Bob"), feishu.add_user("Carol")
    group = feishu.add_group("team", members=[alice, bob, carol], apps=[app])
    info = (await bot.call("GET", f"im/v1/chats/{group.chat_id}")).data
    assert (info["name"], info["chat_mode"], info["user_count"], info["bot_count"]) == ("team", "group", "3", "1")
    path = f"im/v1/chats/{group.chat_id}/members?page_size=2"
    page = (await bot.call("GET", path)).data
    assert ([item["name"] for item in page["items"]], page["has_more"]) == (["Alice", "Bob"], True)
    assert page["items"][0]["member_id"] == alice.open_id
    page = (await bot.call("GET", f"{path}&page_token={page['page_token']}&member_id_type=user_id")).data
    assert ([item["member_id"] for item in page["items"]], page["has_more"]) == ([carol.user_id], False)
    private = feishu.private_chat(alice, app)
    assert (await bot.call("GET", f"im/v1/chats/{private.chat_id}")).data["chat_mode"] == "p2p"
    assert (await bot.call("GET", "im/v1/chats/oc_never")).code == 232006
    foreign = feishu.add_group("without bot", members=[alice])
    assert (await bot.call("GET", f"im/v1/chats/{foreign.chat_id}")).code == 232011


async def test_users(alice: User, bot: Bot) -> None:
    user = (await bot.call("GET", f"contact/v3/users/{alice.open_id}")).data["user"]
    assert (user["name"], user["open_id"], user["union_id"]) == ("Alice", alice.open_id, alice.union_id)
    by_id = await bot.call("GET", f"contact/v3/users/{alice.user_id}?user_id_type=user_id")
    assert by_id.data["user"]["open_id"] == alice.open_id
    assert (await bot.call("GET", "contact/v3/users/ou_never")).code == 99992351
    batch = await bot.call("GET", f"contact/v3/users/batch?user_ids={alice.open_id}&user_ids=ou_never")
    assert [item["name"] for item in batch.data["items"]] == ["Alice"]
