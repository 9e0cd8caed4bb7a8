"""The official Python client talks to the emulator: that is what proves it."""

import aiohttp
from dingtalk_official import official_client
from dingtalk_raw_api import PNG
from dingtalk_raw_stream import until
from official_client import STARTUP

from imbridge.emulators.dingtalk import App, DingTalkEmulator, Group, User

SCRIPT = "dingtalk_echo.py"


async def test_messages_are_understood_and_answered(
    ding: DingTalkEmulator, app: App, alice: User, bob: User, group: Group, session: aiohttp.ClientSession
) -> None:
    async with official_client(SCRIPT, ding, app) as client:
        sent = await alice.says("hi")
        note = await client.notes("message")
        assert (note["kind"], note["texts"], note["staff"], note["same"]) == ("text", ["hi"], "alice", True)
        answer = await alice.receives("Echo: hi", app=app, timeout=STARTUP)
        assert (answer.kind, answer.way) == ("text", "session")
        assert await sent.taken(STARTUP)
        await alice.says("all", chat=group, mentions=[app, bob])
        note = await client.notes("message")
        assert note["at"][1] == {"dingtalkId": bob.dingtalk_id, "staffId": "bob"}
        shown = await bob.receives(chat=group, timeout=STARTUP)
        assert (shown.kind, shown.text) == ("markdown", "**@Bob all**")
        await alice.sends_rich(["see ", PNG, "that"])
        note = await client.notes("message")
        assert (note["kind"], note["texts"]) == ("richText", ["see ", "that"])
        async with session.get(note["images"][0]) as picture:
            assert await picture.read() == PNG
    assert ding.violations == []


async def test_events_pings_and_other_topics(ding: DingTalkEmulator, app: App) -> None:
    ding.settings.ping_interval = 0.05
    ding.settings.ping_timeout = STARTUP
    ding.settings.redelivery = (STARTUP,)
    async with official_client(SCRIPT, ding, app) as client:
        event = ding.push_event(app, "user_add_org", {"userId": ["alice"], "timeStamp": "1"})
        note = await client.notes("event")
        assert (note["type"], note["id"]) == ("user_add_org", event.event_id)
        assert note["data"] == {"userId": ["alice"], "timeStamp": "1"}
        assert await event.taken(STARTUP)
        ack = await ding.push_callback(app, "/v1.0/other", {"a": 1}).acknowledged(STARTUP)
        assert ack is not None
        assert ack.code == 404
        await until(lambda: ding.stats.pongs > 2)
    assert ding.violations == []


async def test_it_comes_back_after_a_planned_disconnect(ding: DingTalkEmulator, app: App, alice: User) -> None:
    async with official_client(SCRIPT, ding, app) as client:
        await ding.disconnect(app)
        await until(lambda: ding.connections(app) == 1)
        await alice.says("again")
        assert (await client.notes("message"))["texts"] == ["again"]
        await alice.receives("Echo: again", timeout=STARTUP)
    assert (ding.stats.opens, ding.stats.planned_disconnects) == (2, 1)
    assert ding.violations == [], "a disconnect may be answered, though it need not"
