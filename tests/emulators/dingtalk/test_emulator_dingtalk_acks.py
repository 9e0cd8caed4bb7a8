"""What a client sends over the stream: acknowledgements and answers to pings."""

import json
from typing import Any

import aiohttp
import pytest
from dingtalk_raw_stream import RawStream, kinds, opened, until

from imbridge.emulators.dingtalk import App, DingTalkEmulator, EmulatorSettings, User

# --- acknowledgements -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"headers": {"messageId": "another", "contentType": "application/json"}}, "ack_unknown"),
        ({"headers": {"contentType": "application/json"}}, "bad_ack"),
        ({"headers": None}, "bad_ack"),
        ({"data": "no JSON"}, "ack_data"),
        ({"data": {"response": None}}, "ack_data"),
        ({"code": 204}, "ack_code"),
    ],
)
async def test_a_wrong_acknowledgement_is_noticed(
    ding: DingTalkEmulator, alice: User, link: RawStream, changes: dict[str, Any], kind: str
) -> None:
    await alice.says("hi")
    await link.acknowledge(await link.frame(), **changes)
    await until(lambda: kinds(ding) == [kind])


async def test_an_acknowledgement_needs_its_content_type(ding: DingTalkEmulator, alice: User, link: RawStream) -> None:
    sent = await alice.says("hi")
    frame = await link.frame()
    await link.acknowledge(frame, headers={"messageId": frame["headers"]["messageId"]})
    assert await sent.taken()
    assert kinds(ding) == ["ack_content_type"]


async def test_a_second_acknowledgement_is_noticed(ding: DingTalkEmulator, alice: User, link: RawStream) -> None:
    await alice.says("hi")
    frame = await link.frame()
    await link.acknowledge(frame)
    await link.acknowledge(frame)
    await until(lambda: kinds(ding) == ["ack_repeated"])


async def test_an_acknowledgement_on_another_connection_is_noticed(
    ding: DingTalkEmulator, app: App, alice: User, link: RawStream, session: aiohttp.ClientSession
) -> None:
    await alice.says("hi")
    frame = await link.frame()
    other = await opened(ding, app, session)
    await other.acknowledge(frame)
    await until(lambda: kinds(ding) == ["ack_unknown"])
    await other.close()


async def test_frames_are_text(ding: DingTalkEmulator, link: RawStream) -> None:
    await link.socket.send_bytes(b"{}")
    await link.socket.send_str("[]")
    await until(lambda: kinds(ding) == ["binary_frame", "bad_ack"])


# --- pings ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pinging(ding: DingTalkEmulator) -> EmulatorSettings:
    ding.settings.ping_interval = 0.02
    ding.settings.ping_timeout = 0.05
    return ding.settings


async def test_pings_are_answered_with_their_opaque(
    ding: DingTalkEmulator, app: App, pinging: EmulatorSettings, session: aiohttp.ClientSession
) -> None:
    pinging.ping_timeout = 60.0
    link = await opened(ding, app, session)
    link.answers_pings = False
    frame = await link.frame()
    assert (frame["type"], frame["headers"]["topic"], set(json.loads(frame["data"]))) == ("SYSTEM", "ping", {"opaque"})
    await link.acknowledge(frame, json.loads(frame["data"]))
    await until(lambda: ding.stats.pongs == 1)
    assert ding.violations == []
    await link.acknowledge(await link.frame(), {"opaque": "another"})
    await until(lambda: kinds(ding) == ["ping_opaque"])
    await link.close()


async def test_a_ping_without_an_answer_is_noticed(
    ding: DingTalkEmulator, app: App, pinging: EmulatorSettings, session: aiohttp.ClientSession
) -> None:
    link = await opened(ding, app, session)
    await until(lambda: "ping_unanswered" in kinds(ding))
    await link.close()


async def test_pings_can_be_left_out(
    ding: DingTalkEmulator, app: App, pinging: EmulatorSettings, session: aiohttp.ClientSession
) -> None:
    with ding.faults.skip_pings() as fault:
        link = await opened(ding, app, session)
        await until(lambda: fault.hits > 3)
        assert ding.stats.pings == 0
    await until(lambda: ding.stats.pings > 0)
    await link.close()
