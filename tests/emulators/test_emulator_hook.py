"""Custom bots: the address into a group."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import aiohttp
import pytest

from imbridge.emulators.feishu import Chat, CustomBot, EmulatorSettings, FeishuEmulator, User

SUCCESS = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}


@pytest.fixture
def group(feishu: FeishuEmulator, alice: User) -> Chat:
    return feishu.add_group("team", members=[alice])


@pytest.fixture
def hook(feishu: FeishuEmulator, group: Chat) -> CustomBot:
    return feishu.add_custom_bot(group)


async def post(session: aiohttp.ClientSession, hook: CustomBot | str, body: Any) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    url = hook if isinstance(hook, str) else hook.url
    async with session.post(url, data=data, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 200
        answer: dict[str, Any] = await response.json()
        return answer


def text(words: str) -> dict[str, Any]:
    return {"msg_type": "text", "content": {"text": words}}


def signed(secret: str, body: dict[str, Any], timestamp: int | None = None) -> dict[str, Any]:
    at = str(int(time.time()) if timestamp is None else timestamp)
    sign = base64.b64encode(hmac.digest(f"{at}\n{secret}".encode(), b"", hashlib.sha256)).decode()
    return {**body, "timestamp": at, "sign": sign}


async def test_text_with_mentions(
    session: aiohttp.ClientSession, feishu: FeishuEmulator, hook: CustomBot, group: Chat, alice: User
) -> None:
    words = f'build 7 failed <at user_id="all">everybody</at> <at user_id="{alice.open_id}"></at>'
    assert await post(session, hook, text(words)) == SUCCESS
    message = await alice.receives(chat=group)
    assert message.text == "build 7 failed @all @Alice"
    assert message.sender is hook.sender
    assert (feishu.stats.hook_sends, feishu.violations) == (1, [])


async def test_every_type(
    session: aiohttp.ClientSession, feishu: FeishuEmulator, hook: CustomBot, group: Chat, alice: User
) -> None:
    upload = feishu.world.uploads.add_image(b"\x89PNG\r\n\x1a\n" + bytes(32), alice)
    rows = [[{"tag": "text", "text": "see "}, {"tag": "a", "text": "here", "href": "https://x.example"}]]
    for body, shown in (
        ({"msg_type": "post", "content": {"post": {"zh_cn": {"title": "News", "content": rows}}}}, "News\nsee here"),
        ({"msg_type": "image", "content": {"image_key": upload.key}}, "[image]"),
        ({"msg_type": "share_chat", "content": {"share_chat_id": group.chat_id}}, "[share_chat]"),
        ({"msg_type": "interactive", "card": {"elements": [{"tag": "markdown", "content": "hi"}]}}, "hi"),
    ):
        assert await post(session, hook, body) == SUCCESS
        await alice.receives(shown, chat=group)


async def test_signature(session: aiohttp.ClientSession, feishu: FeishuEmulator, group: Chat, alice: User) -> None:
    hook = feishu.add_custom_bot(group, secret="sec")
    assert await post(session, hook, signed("sec", text("hi"))) == SUCCESS
    now = int(time.time())
    refused = [
        text("no signature"),
        signed("other", text("wrong key")),
        signed("sec", text("old"), now - 3700),
        signed("sec", text("early"), now + 3700),
        {**signed("sec", text("words")), "timestamp": "now"},
    ]
    feishu.settings.rate_limits = False
    for body in refused:
        answer = await post(session, hook, body)
        assert answer["code"] == 19021
        assert "one hour" in answer["msg"]
    await alice.receives("hi")
    await alice.receives_nothing(within=0.05)


async def test_keywords_addresses_and_switched_off(
    session: aiohttp.ClientSession, feishu: FeishuEmulator, group: Chat, alice: User
) -> None:
    hook = feishu.add_custom_bot(group, keywords=["alarm", "告警"])
    assert (await post(session, hook, text("all is well")))["code"] == 19024
    assert await post(session, hook, text("告警: disk")) == SUCCESS
    card = {"header": {"title": {"tag": "plain_text", "content": "alarm"}}}
    assert await post(session, hook, {"msg_type": "interactive", "card": card}) == SUCCESS
    hook.ip_allowed = False
    assert (await post(session, hook, text("alarm")))["code"] == 19022
    hook.enabled = False
    assert (await post(session, hook, text("alarm")))["code"] == 19007
    assert feishu.stats.refused == 3


async def test_unknown_address(session: aiohttp.ClientSession, feishu: FeishuEmulator, hook: CustomBot) -> None:
    for url in (hook.url[:-1] + "x", f"{feishu.base_url}/open-apis/bot/v2/hook/"):
        answer = await post(session, url, text("hi"))
        assert (answer["code"], answer["data"]) == (19001, {})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", 9499),
        (b"[]", 9499),
        ({"text": "hi"}, 19002),
        ({"msg_type": "file", "content": {"file_key": "x"}}, 9499),
        ({"msg_type": "text", "content": {}}, 9499),
        ({"msg_type": "text", "content": "hi"}, 9499),
        ({"msg_type": "post", "content": {"zh_cn": {"content": []}}}, 9499),
        ({"msg_type": "image", "content": {"image_key": "img_unknown"}}, 9499),
        ({"msg_type": "interactive", "content": {"elements": []}}, 9499),
        ({"msg_type": "text", "content": {"text": "好" * 7000}}, 9499),
    ],
)
async def test_bad_request(session: aiohttp.ClientSession, hook: CustomBot, body: Any, code: int) -> None:
    assert (await post(session, hook, body))["code"] == code


@pytest.mark.usefixtures("halted")
async def test_rates(
    session: aiohttp.ClientSession, feishu: FeishuEmulator, settings: EmulatorSettings, hook: CustomBot, group: Chat
) -> None:
    settings.rate_limits = True
    codes = [(await post(session, hook, text("hi")))["code"] for _ in range(6)]
    assert codes == [0, 0, 0, 0, 0, 11232]
    assert [one.kind for one in feishu.violations] == ["rate_exceeded"]
    assert await post(session, feishu.add_custom_bot(group), text("another bot has its own rate")) == SUCCESS


async def test_platform_under_pressure(session: aiohttp.ClientSession, feishu: FeishuEmulator, hook: CustomBot) -> None:
    with feishu.faults.refuse_hook(11232, times=2):
        assert [(await post(session, hook, text("hi")))["code"] for _ in range(3)] == [11232, 11232, 0]
    feishu.faults.refuse_hook(9499, msg="too many request")
    assert await post(session, hook, text("hi")) == {"code": 9499, "data": {}, "msg": "too many request"}


async def test_answer_that_is_lost(
    session: aiohttp.ClientSession, feishu: FeishuEmulator, hook: CustomBot, alice: User
) -> None:
    feishu.faults.lose_answer("*/hook/*")
    with pytest.raises(aiohttp.ClientError):
        await post(session, hook, text("hi"))
    await alice.receives("hi")


async def test_address_is_not_shown(session: aiohttp.ClientSession, feishu: FeishuEmulator, hook: CustomBot) -> None:
    shown: list[str] = []
    feishu.wire.watch(lambda direction, kind, facts: shown.append(f"{kind} {facts}"))
    await post(session, hook, text("hi"))
    token = hook.url.rpartition("/")[2]
    assert "bot/v2/hook/:token" in shown[0]
    assert token not in shown[0] + repr(hook)
