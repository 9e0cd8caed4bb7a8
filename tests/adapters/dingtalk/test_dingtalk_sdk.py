"""Our frames and messages beside the official SDK's: both read the same from what the platform writes."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from dingtalk_rig import PNG, Rig
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.dingtalk.frames import (
    CALLBACK,
    CARDS,
    DELEGATED,
    DISCONNECT,
    EVENT,
    FAILED,
    MESSAGES,
    NOT_FOUND,
    OK,
    PING,
    SYSTEM,
    ack,
    parse_data,
    parse_frame,
)
from imbridge.adapters.dingtalk.inbound import Identity, decode
from imbridge.protocol import Image, Mention, Message

Sdk = Callable[[str, Any], Any]
READER = Path(__file__).with_name("dingtalk_sdk_reader.py")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def sdk() -> Iterator[Sdk]:
    """Asks the SDK something."""
    with subprocess.Popen(
        [sys.executable, str(READER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        asked, answers = process.stdin, process.stdout
        assert asked is not None
        assert answers is not None

        def ask(what: str, value: Any) -> Any:
            asked.write(json.dumps([what, value]) + "\n")
            asked.flush()
            answer = answers.readline()
            assert answer, "the SDK's process has ended"
            return json.loads(answer)

        yield ask
        asked.close()


def check_frame(sdk: Sdk, text: str) -> None:
    """Both read the same from a frame."""
    ours = parse_frame(text)
    theirs = sdk("frame", json.loads(text))
    event = [ours.headers.get("eventId"), ours.headers.get("eventType")]
    assert theirs == {
        "type": ours.kind,
        "topic": ours.topic,
        "message_id": ours.message_id,
        "event": event,
        "data": parse_data(ours.data),
    }


async def frames(rig: Rig, *pushing: Callable[[], Awaitable[Any]]) -> list[str]:
    """What the platform writes on a connection: one frame for each."""
    topics = [(EVENT, "*"), (CALLBACK, MESSAGES), (CALLBACK, CARDS)]
    body = {
        "clientId": rig.app.client_id,
        "clientSecret": rig.app.client_secret,
        "subscriptions": [{"type": kind, "topic": topic} for kind, topic in topics],
    }
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{rig.ding.base_url}/v1.0/gateway/connections/open", json=body) as answer:
            offer = await answer.json()
        async with session.ws_connect(offer["endpoint"], params={"ticket": offer["ticket"]}) as socket:
            found = []
            for push in pushing:
                await push()
                found.append(await socket.receive_str(timeout=10))
            return found


class TestFrames:
    async def test_what_the_platform_writes(self, rig: Rig, sdk: Sdk) -> None:
        async def event() -> None:
            rig.ding.push_event(rig.app, "chat_update_title", {"title": "New"})

        found = await frames(rig, lambda: rig.alice.says("hi 你好"), event, lambda: rig.ding.disconnect(rig.app))
        kinds = [(frame["type"], frame["headers"]["topic"]) for frame in map(json.loads, found)]
        assert kinds == [(CALLBACK, MESSAGES), (EVENT, "*"), (SYSTEM, DISCONNECT)]
        for text in found:
            check_frame(sdk, text)

    @given(
        st.sampled_from([(SYSTEM, PING), (EVENT, "*"), (CALLBACK, MESSAGES), (CALLBACK, DELEGATED), (CALLBACK, CARDS)]),
        st.text(min_size=1, max_size=40),
        st.dictionaries(st.text(max_size=10), JSON, max_size=4),
        st.dictionaries(st.text(max_size=10).map(lambda name: f"x{name}"), st.text(max_size=10), max_size=3),
    )
    def test_whatever_it_writes(
        self, sdk: Sdk, kind: tuple[str, str], message_id: str, data: dict[str, Any], more: dict[str, str]
    ) -> None:
        headers = {"topic": kind[1], "messageId": message_id, "contentType": "application/json", "time": "1", **more}
        if kind[0] == EVENT:
            headers |= {"eventId": "e1", "eventType": "user_add_org", "eventBornTime": "1"}
        frame = {"specVersion": "1.0", "type": kind[0], "headers": headers, "data": json.dumps(data)}
        check_frame(sdk, json.dumps(frame))


class TestAcknowledgements:
    @pytest.mark.parametrize("code", [OK, NOT_FOUND, FAILED])
    def test_of_a_callback(self, sdk: Sdk, code: int) -> None:
        frame = {"type": CALLBACK, "headers": {"topic": MESSAGES, "messageId": "m1"}, "data": "{}"}
        theirs = sdk("ack", {"frame": frame, "code": code, "said": None})
        ours = json.loads(ack("m1", code=code))
        assert self.facts(ours) == self.facts(theirs)
        assert json.loads(ours["data"]) == {"response": None}

    @given(st.text(min_size=1, max_size=40), st.text(max_size=40))
    def test_of_a_ping(self, sdk: Sdk, message_id: str, opaque: str) -> None:
        data = {"opaque": opaque}
        frame = {"type": SYSTEM, "headers": {"topic": PING, "messageId": message_id}, "data": json.dumps(data)}
        theirs = sdk("ack", {"frame": frame, "code": OK, "said": None})
        ours = json.loads(ack(message_id, json.dumps(data)))
        assert self.facts(ours) == self.facts(theirs)
        assert ours["message"] == theirs["message"]

    def test_of_an_event(self, sdk: Sdk) -> None:
        said = {"status": "SUCCESS", "message": "ok"}
        frame = {"type": EVENT, "headers": {"topic": "*", "messageId": "m1"}, "data": "{}"}
        theirs = sdk("ack", {"frame": frame, "code": OK, "said": said})
        assert self.facts(json.loads(ack("m1", json.dumps(said)))) == self.facts(theirs)

    @staticmethod
    def facts(answer: dict[str, Any]) -> list[Any]:
        assert set(answer) == {"code", "headers", "message", "data"}
        return [answer["code"], answer["headers"], json.loads(answer["data"])]


class TestMessages:
    """What a skill gets beside what the SDK's model shows of the same delivery, and of the message's `payload`."""

    async def received(self, rig: Rig, push: Callable[[], Awaitable[Any]]) -> tuple[Message, dict[str, Any]]:
        (text,) = await frames(rig, push)
        frame = parse_frame(text)
        message = decode(frame, Identity("work", rig.app.robot_code)).item
        assert isinstance(message, Message)
        assert message.payload == parse_data(frame.data)
        return message, dict(message.payload)

    async def test_a_text(self, rig: Rig, sdk: Sdk) -> None:
        message, payload = await self.received(rig, lambda: rig.alice.says("hi 你好"))
        theirs = sdk("message", payload)
        assert theirs["texts"] == [message.text] == ["hi 你好"]
        assert (theirs["id"], theirs["kind"]) == (message.id, "text")
        assert (theirs["sender"], theirs["nick"]) == (message.sender.id, message.sender.name)
        assert theirs["webhook"] == [payload["sessionWebhook"], payload["sessionWebhookExpiredTime"]]

    async def test_a_group(self, rig: Rig, sdk: Sdk) -> None:
        bob = rig.ding.add_user("Bob")
        team = rig.ding.add_group("Team", members=[rig.alice, bob], apps=[rig.app])
        message, payload = await self.received(
            rig, lambda: rig.alice.says("both of you", chat=team, mentions=[rig.app, bob])
        )
        theirs = sdk("message", payload)
        assert theirs["conversation"] == ["2", message.channel.id, message.channel.name]
        ours = {element.id for element in message.elements if isinstance(element, Mention)}
        assert bob.userid in ours
        assert bob.userid in theirs["at"]

    async def test_texts_and_pictures(self, rig: Rig, sdk: Sdk) -> None:
        message, payload = await self.received(rig, lambda: rig.alice.sends_rich(["above", PNG, "below"]))
        theirs = sdk("message", payload)
        assert theirs["texts"] == ["above", "below"] == message.text.split("[image]")
        images = [element for element in message.elements if isinstance(element, Image)]
        assert len(theirs["images"]) == len(images) == 1

    async def test_an_outsider(self, rig: Rig, sdk: Sdk) -> None:
        guest = rig.ding.add_user("Guest", external=True)
        message, payload = await self.received(rig, lambda: guest.says("hello"))
        assert sdk("message", payload)["sender"] == message.sender.id == guest.dingtalk_id
