"""The official SDK talks to the emulator: that is what proves it."""

import asyncio
import json

import pytest
from feishu_official import running
from feishu_raw_client import until
from official_client import STARTUP

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User

pytestmark = pytest.mark.timeout(240)  # a busy machine takes long to start a process


@pytest.fixture
def settings() -> EmulatorSettings:
    return EmulatorSettings(reconnect_nonce=0, reconnect_interval=1, redelivery=(0.2, 0.2))


async def test_ws_client_receives_and_replies(feishu: FeishuEmulator, app: App, alice: User) -> None:
    async with running("lark_ws_echo.py", feishu, app):
        first = await alice.says("hi")
        answer = await alice.receives("echo: hi", timeout=STARTUP)
        assert (answer.parent_id, answer.uuid) == (first.message_id, first.event_id)

        feishu.faults.split_frames(3, times=1)
        await alice.says("in three parts " + "好" * 1000)
        await alice.receives("echo: in three parts " + "好" * 1000)

        feishu.faults.duplicate_events(1, times=1)
        await alice.says("twice")
        await alice.receives("echo: twice")
        await alice.receives_nothing(within=0.2)

        feishu.faults.drop_connections(app)
        await alice.says("after the drop")
        await alice.receives("echo: after the drop", timeout=10)
        await until(lambda: feishu.stats.acks_ok == 4)  # the SDK acknowledges after its handler
    stats = feishu.stats
    assert (stats.connects, stats.duplicates_absorbed, stats.events_given_up) == (2, 1, 0)
    assert stats.pings >= 1
    assert feishu.violations == []


async def test_ws_client_gets_an_unacknowledged_event_again(feishu: FeishuEmulator, app: App, alice: User) -> None:
    async with running("lark_ws_echo.py", feishu, app):
        feishu.faults.http_fail("*/reply", 200, body="no JSON")  # the SDK's call raises, so its ack is a 500
        await alice.says("hi")
        await alice.receives("echo: hi", timeout=STARTUP)
        await until(lambda: feishu.stats.acks_ok == 1)
    assert (feishu.stats.acks_failed, feishu.stats.events_redelivered) == (1, 1)
    assert feishu.violations == []


async def test_api_client_sends(feishu: FeishuEmulator, app: App, alice: User, chat: Chat) -> None:
    async with running("lark_api_create.py", feishu, app, chat.chat_id) as process:
        output, _ = await process.communicate()
    result = json.loads(output.decode().splitlines()[-1])
    assert result == {
        "text": 0,
        "picture": 0,
        "refused": 230001,
        "log_id": result["log_id"],
        "reaction": "SMILE",
        "got": '{"text": "from create"}',
    }
    assert result["log_id"]
    text = await alice.receives("from create")
    await alice.receives("[image]")
    assert [one.emoji_type for one in text.reactions] == ["SMILE"]
    assert (feishu.stats.token_requests, feishu.stats.sends) == (1, 2)
    assert feishu.violations == []


async def test_cardkit_client_streams(feishu: FeishuEmulator, app: App, alice: User, chat: Chat) -> None:
    feishu.settings.rate_limits = False
    async with running("lark_cardkit.py", feishu, app, chat.chat_id) as process:
        output, _ = await process.communicate()
    codes = json.loads(output.decode().splitlines()[-1])
    assert codes.pop("repeated") == 300317
    assert codes.pop("converted to the same") is True
    assert set(codes.values()) == {0}, codes
    message = await alice.receives()
    texts = [
        "...",
        "Hel",
        "Hello",
        "Hello.",
        "Hello.\nmore",
        "Hello.\nMORE",
        "Hello.\nrest",
        "Hello.",
        "Hi.",
        "The end.",
    ]
    assert list(message.history) == texts
    assert feishu.violations == []


async def test_api_client_forwards_nudges_pins_and_sends_to_many(
    feishu: FeishuEmulator, app: App, alice: User, chat: Chat
) -> None:
    feishu.settings.rate_limits = False
    async with running("lark_messages.py", feishu, app, chat.chat_id, alice.open_id) as process:
        output, _ = await process.communicate()
    assert json.loads(output.decode().splitlines()[-1]) == {
        "forwarded": "text",
        "merged": ["merge_forward", ["om_never"]],
        "inside": [["merge_forward", False], ["text", True]],
        "thread": "merge_forward",
        "listed": 4,
        "urgent": ["ou_never"],
        "pin": [True, 1, 0],
        "readers": 0,
        "batch": [["ou_never"], "1", 0],
        "progress": 1,
    }
    assert (feishu.stats.forwards, feishu.stats.urgents, feishu.stats.pins) == (3, 1, 1)
    assert feishu.violations == []


async def test_channel_receives_and_answers(feishu: FeishuEmulator, app: App, alice: User) -> None:
    bob = feishu.add_user("Bob")
    group = feishu.add_group("team", members=[alice, bob], apps=[app])
    async with running("lark_channel_echo.py", feishu, app):
        await alice.says("hello")
        await alice.receives("channel: hello", timeout=STARTUP)
        await bob.says("@bot hello group", chat=group, mentions=[app])
        answer = await bob.receives(chat=group)
        assert "hello group" in answer.text
        await alice.says("stream")
        streamed = await alice.receives("one two three")
        await until(lambda: streamed.card["config"]["streaming_mode"] is False)
    assert feishu.violations == []


async def test_user_authorisation(feishu: FeishuEmulator, app: App, alice: User) -> None:
    page = f"{feishu.base_url}/open-apis/authen/v1/authorize?client_id={app.app_id}&response_type=code"
    code = (await feishu.consents(alice, f"{page}&redirect_uri=https://bot.example/back")).partition("code=")[2]
    async with running("lark_oauth.py", feishu, app, code) as process:
        assert process.stdout is not None
        address = ""
        while not address.startswith("http"):  # the SDK may warn first
            line = await asyncio.wait_for(process.stdout.readline(), STARTUP)
            assert line, "the client ended"
            address = line.decode().strip()
        await feishu.consents(alice, address)
        output = await asyncio.wait_for(process.stdout.read(), STARTUP)
    result = json.loads(output.decode().splitlines()[-1])
    scopes = ["auth:user.id:read", "contact:user.email:readonly", "offline_access"]
    assert result == {
        "by_code": "Alice",
        "refreshed": "Alice",
        "used_code": 20007,
        "wrong_token": 99991668,
        "scopes": scopes,
        "renewed_scopes": scopes,
        "by_device": ["Alice", alice.email],
    }
    assert feishu.violations == []
