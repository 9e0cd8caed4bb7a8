"""Events over the stream: they come until they are taken."""

import json

import aiohttp
import pytest
from dingtalk_raw_stream import RawStream, kinds, opened, until

from imbridge.emulators.dingtalk import App, DingTalkEmulator

SUCCESS = {"status": "SUCCESS", "message": "success"}


async def test_an_event_is_taken_with_success(ding: DingTalkEmulator, app: App, link: RawStream) -> None:
    ding.settings.redelivery = (600.0,)
    event = ding.push_event(app, "user_add_org", {"userId": ["alice"]}, event_id="e-1")
    frame = await link.frame()
    headers = frame["headers"]
    assert set(headers) == {
        "appId",
        "connectionId",
        "contentType",
        "eventBornTime",
        "eventCorpId",
        "eventId",
        "eventType",
        "eventUnifiedAppId",
        "messageId",
        "time",
        "topic",
    }
    assert (frame["type"], headers["topic"], headers["eventType"]) == ("EVENT", "*", "user_add_org")
    assert (headers["eventId"], headers["eventCorpId"]) == ("e-1", ding.corp_id)
    assert json.loads(frame["data"]) == {"userId": ["alice"]}
    await link.acknowledge(frame, SUCCESS)
    assert await event.taken()
    assert (event.sendings, ding.stats.events_taken, ding.stats.events_repeated) == (1, 1, 0)
    assert ding.violations == []


@pytest.mark.parametrize("answer", ["LATER", "an error", "nothing"])
async def test_an_event_comes_again_until_it_is_taken(
    ding: DingTalkEmulator, app: App, link: RawStream, answer: str
) -> None:
    event = ding.push_event(app, "chat_update_title", {})
    first = await link.frame()
    if answer == "LATER":
        await link.acknowledge(first, {"status": "LATER", "message": "not now"})
    elif answer == "an error":
        await link.acknowledge(first, code=500)
    second = await link.frame()
    assert second["headers"]["eventId"] == first["headers"]["eventId"] == event.event_id
    assert second["headers"]["messageId"] != first["headers"]["messageId"]
    await link.acknowledge(second, SUCCESS)
    assert await event.taken()
    assert (event.sendings, ding.stats.events_repeated) == (2, 1)
    assert ding.violations == []


async def test_an_event_without_a_status_is_noticed_and_comes_again(
    ding: DingTalkEmulator, app: App, link: RawStream
) -> None:
    ding.push_event(app, "chat_update_title", {})
    await link.acknowledge(await link.frame())
    await link.acknowledge(await link.frame(), SUCCESS)
    assert kinds(ding) == ["event_status"]


async def test_an_event_waits_for_a_connection(
    ding: DingTalkEmulator, app: App, session: aiohttp.ClientSession
) -> None:
    ding.settings.redelivery = (0.05,) * 200
    event = ding.push_event(app, "chat_update_title", {})
    link = await opened(ding, app, session)
    await link.acknowledge(await link.frame(), SUCCESS)
    assert await event.taken()
    await link.close()


async def test_an_event_is_given_up_at_last(ding: DingTalkEmulator, app: App, link: RawStream) -> None:
    ding.settings.redelivery = (0.05, 0.05)
    event = ding.push_event(app, "chat_update_title", {})
    assert not await event.taken()
    assert event.sendings == 3
    assert ding.stats.events_given_up == 1


async def test_an_event_moves_to_another_connection(
    ding: DingTalkEmulator, app: App, link: RawStream, session: aiohttp.ClientSession
) -> None:
    ding.settings.redelivery = (0.05,) * 200
    event = ding.push_event(app, "chat_update_title", {})
    await link.frame()
    ding.faults.drop_connections()
    await until(lambda: ding.connections(app) == 0)
    second = await opened(ding, app, session)
    await second.acknowledge(await second.frame(), SUCCESS)
    assert await event.taken()
    await second.close()
