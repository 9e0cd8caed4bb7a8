"""The encrypted callback of events: the address proves itself, events come once, and nothing forged comes in."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from contract import until
from dingtalk_callbacks import CallbackRig, callback_settings, called_back
from dingtalk_rig import FAST, Rig
from served import served

from imbridge.adapters.base import Verdict
from imbridge.emulators.common.callback import CallbackRefusedError
from imbridge.emulators.common.crypto import Crypto
from imbridge.emulators.dingtalk import EmulatorSettings, Forged
from imbridge.protocol import Event, UnknownEvent
from imbridge.transport import WebhookApp

OTHER_KEY = "abcdefghijabcdefghijabcdefghijabcdefghijabc"


@pytest.fixture
def settings() -> EmulatorSettings:
    """What is answered otherwise than with success comes again soon."""
    return replace(FAST, redelivery=(0.05, 0.1, 0.2))


@pytest.fixture
async def http(rig: Rig) -> AsyncIterator[CallbackRig]:
    async with called_back(rig) as made:
        yield made


def the_event(http: CallbackRig) -> Event:
    assert len(http.rig.intake.items) == 1
    item = http.rig.intake.items[0]
    assert not hasattr(item, "text")
    return item  # type: ignore[no-any-return]


class TestAddress:
    async def test_it_proves_itself(self, http: CallbackRig) -> None:
        answer = await http.rig.ding.callbacks.verify(http.rig.app)
        assert (answer.status, answer.plain) == (200, "success")
        assert http.rig.intake.items == []
        assert http.rig.ding.violations == []

    async def test_before_the_start_too(self, rig: Rig) -> None:
        adapter = rig.make(**callback_settings(rig))
        async with served(WebhookApp(adapter.routes())) as url:
            await rig.ding.set_callback(rig.app, "", events_url=f"{url}/dingtalk/work/events")

    @pytest.mark.parametrize("wrong", [{"token": "another"}, {"aes_key": OTHER_KEY}])
    async def test_not_with_wrong_settings(self, rig: Rig, wrong: dict[str, str]) -> None:
        async with called_back(rig, set_up=False, **wrong) as http:
            with pytest.raises(CallbackRefusedError, match="403"):
                await http.set()


class TestIn:
    async def test_an_event(self, http: CallbackRig) -> None:
        pushed = http.rig.ding.push_event(http.rig.app, "chat_update_title", {"title": "New"}, event_id="e1")
        assert await pushed.taken()
        event = the_event(http)
        assert event.id == "e1"
        assert event.payload["title"] == "New"
        assert event.payload["CorpId"] == http.rig.ding.corp_id
        assert http.rig.ding.stats.events_repeated == 0
        assert http.rig.ding.violations == []

    async def test_it_is_the_event_of_the_stream(self, rig: Rig) -> None:
        """The same happening, over HTTP and over stream: the same kind of event, with the same id and the same data."""
        async with called_back(rig) as http:
            await rig.ding.push_event(rig.app, "org_dept_create", {"deptId": [7]}, event_id="e1").taken()
            by_http = the_event(http)
        await rig.ding.callbacks.close()
        rig.intake.offered.clear()
        await rig.start()
        await rig.ding.push_event(rig.app, "org_dept_create", {"deptId": [7]}, event_id="e1").taken()
        by_stream = rig.intake.items[0]
        assert type(by_http) is type(by_stream)
        assert by_http.id == by_stream.id
        ours, theirs = by_http.model_dump(), by_stream.model_dump()
        differ = {name for name in ours if name not in ("payload", "timestamp") and ours[name] != theirs[name]}
        assert differ == set()
        assert theirs["payload"].items() <= ours["payload"].items()

    @pytest.mark.parametrize(
        ("kind", "fields"),
        [
            ("user_add_org", {"UserId": ["u1"]}), ("org_dept_modify", {"DeptId": [7]}),
            ("chat_add_member", {"OpenConversationId": "cid1", "UserId": ["u1"], "Operator": "u2"}),
        ],
    )  # fmt: skip
    async def test_names_with_capitals_have_both(self, http: CallbackRig, kind: str, fields: dict[str, Any]) -> None:
        """As older events are written over HTTP: they are read as those of the stream are."""
        callbacks, app = http.rig.ding.callbacks, http.rig.app
        small = {name[:1].lower() + name[1:]: value for name, value in fields.items()}
        for number, told in enumerate((fields, small)):
            answer = await callbacks.send_event(app, http.event(kind, eventId=f"e{number}", **told))
            assert answer.plain == "success"
        capitals, usual = http.rig.intake.items
        assert not isinstance(capitals, UnknownEvent)
        assert {name: capitals.payload[name] for name in (*small, *fields)} == small | fields
        assert {**capitals.model_dump(), "id": "", "payload": {}} == {**usual.model_dump(), "id": "", "payload": {}}

    async def test_without_an_id(self, http: CallbackRig) -> None:
        """Older events have none: the content stands for it, so the same again is known, and another is not."""
        callbacks, app, intake = http.rig.ding.callbacks, http.rig.app, http.rig.intake
        for told in (http.event(UserId=["a"]), http.event(UserId=["a"]), http.event(UserId=["b"])):
            assert (await callbacks.send_event(app, told)).plain == "success"
        first, again, other = (inbound.dedup_keys for inbound in intake.offered)
        assert first == again
        assert first != other

    @pytest.mark.parametrize("plain", ["no JSON", "[]", "{}", '{"EventType":7}', "[" * 5000, '{"eventId":["x"]}'])
    async def test_what_cannot_be_read_is_passed_on_whole(self, http: CallbackRig, plain: str) -> None:
        assert (await http.rig.ding.callbacks.send_event(http.rig.app, plain)).plain == "success"
        assert isinstance(the_event(http), UnknownEvent)

    async def test_a_duplicate_is_success(self, http: CallbackRig) -> None:
        http.rig.intake.answers.append(Verdict.DUPLICATE)
        assert await http.rig.ding.push_event(http.rig.app, "chat_quit", {}).taken()

    @pytest.mark.parametrize("trouble", [Verdict.OVERLOADED, RuntimeError("storage")])
    async def test_what_is_not_stored_comes_again(self, http: CallbackRig, trouble: Any) -> None:
        http.rig.intake.answers.append(trouble)
        assert await http.rig.ding.push_event(http.rig.app, "chat_quit", {}, event_id="e3").taken()
        first, again = (inbound.dedup_keys for inbound in http.rig.intake.offered)
        assert first == again
        assert http.rig.ding.stats.events_repeated == 1

    async def test_what_was_not_stored_may_come_again_as_it_was(self, http: CallbackRig) -> None:
        """It is written nowhere whether a repetition is signed anew."""
        callbacks, app = http.rig.ding.callbacks, http.rig.app
        http.rig.intake.answers.append(Verdict.OVERLOADED)
        assert (await callbacks.send_event(app, http.event())).status == 503
        assert (await callbacks.replay_event(app)).plain == "success"
        assert len(http.rig.intake.items) == 2

    async def test_success_only_when_it_is_stored(self, http: CallbackRig) -> None:
        intake = http.rig.intake
        intake.hold = True
        pushed = http.rig.ding.push_event(http.rig.app, "chat_quit", {})
        await until(lambda: intake.pending)
        await asyncio.sleep(0.05)
        assert http.rig.ding.stats.events_taken == 0
        intake.hold = False
        for offered in intake.pending:
            offered.set_result(Verdict.ACCEPTED)
        assert await pushed.taken()

    async def test_nothing_is_taken_while_it_stops(self, http: CallbackRig) -> None:
        await http.adapter.stop_reading()
        answer = await http.rig.ding.callbacks.send_event(http.rig.app, http.event())
        assert (answer.status, answer.plain) == (503, None)
        assert http.rig.intake.items == []


BAD: dict[str, Forged] = {
    "wrong signature": Forged(signature="wrong"),
    "no signature": Forged(signature="missing"),
    "no timestamp": Forged(without=("timestamp",)),
    "no nonce": Forged(without=("nonce",)),
    "old": Forged(age=305),
    "ahead": Forged(age=-305),
    "another token": Forged(token="another"),
    "another key": Forged(aes_key=OTHER_KEY),
    "for somebody else": Forged(receive_id="dingother"),
    "for nobody": Forged(receive_id=""),
    "wrong padding": Forged(padding=b"\0"),
    "no cipher text": Forged(encrypt="x"),
    "half a block": Forged(encrypt="YWJj"),
    "nothing encrypted": Forged(body=b'{"EventType":"check_url"}'),
    "two of them": Forged(body=b'{"encrypt":"YWJj","encrypt":"YWJj"}'),
    "no JSON": Forged(body=b"\xff\xfe"),
    "an empty body": Forged(body=b""),
    "junk for a timestamp": Forged(timestamp="now"),
    "a long nonce": Forged(nonce="n" * 300),
    "a signature that is no ASCII": Forged(signature="ü"),
}


class TestRefused:
    @pytest.mark.parametrize("forged", BAD.values(), ids=BAD.keys())
    async def test_with_one_answer_for_all(self, http: CallbackRig, forged: Forged) -> None:
        answer = await http.rig.ding.callbacks.send_event(http.rig.app, http.event(), forged)
        assert (answer.status, answer.body) == (403, "")
        assert http.rig.intake.items == []
        assert (await http.rig.ding.callbacks.send_event(http.rig.app, http.event())).plain == "success"

    @pytest.mark.parametrize("name", ["signature", "msg_signature"])
    async def test_one_name_of_the_signature_is_enough(self, http: CallbackRig, name: str) -> None:
        answer = await http.rig.ding.callbacks.send_event(http.rig.app, http.event(), Forged(without=(name,)))
        assert answer.plain == "success"

    async def test_only_posts(self, http: CallbackRig) -> None:
        answer = await http.rig.ding.callbacks.send_event(http.rig.app, http.event(), Forged(method="GET"))
        assert answer.status == 405

    async def test_a_replay_changes_nothing(self, http: CallbackRig) -> None:
        """Our answer may have got lost, so the platform gets it again; the event is not offered again."""
        callbacks, app = http.rig.ding.callbacks, http.rig.app
        await callbacks.send_event(app, http.event())
        assert (await callbacks.replay_event(app)).plain == "success"
        assert len(http.rig.intake.items) == 1

    async def test_a_stamp_is_good_for_one_content(self, http: CallbackRig) -> None:
        callbacks, app = http.rig.ding.callbacks, http.rig.app
        stamped = Forged(timestamp=str(int(time.time() * 1000)), nonce="n1")
        assert (await callbacks.send_event(app, http.event(), stamped)).plain == "success"
        assert (await callbacks.send_event(app, http.event("org_remove"), stamped)).status == 403
        assert (await callbacks.send_event(app, http.event("org_remove"), replace(stamped, nonce="n2"))).status == 200

    async def test_a_check_that_comes_again_is_answered_again(self, http: CallbackRig) -> None:
        await http.rig.ding.callbacks.verify(http.rig.app)
        assert (await http.rig.ding.callbacks.send_event(http.rig.app, {"EventType": "check_url"})).plain == "success"
        assert (await http.rig.ding.callbacks.replay_event(http.rig.app)).plain == "success"
        assert http.rig.intake.items == []


class TestReceiver:
    async def test_the_organisation_when_it_is_known(self, http: CallbackRig) -> None:
        """Subscriptions of the older kind are encrypted for it."""
        forged = Forged(receive_id=http.rig.ding.corp_id)
        assert (await http.rig.ding.callbacks.send_event(http.rig.app, http.event(), forged)).status == 200
        assert len(http.rig.intake.items) == 1

    async def test_not_when_it_is_not(self, rig: Rig) -> None:
        async with called_back(rig, corp_id="") as http:
            forged = Forged(receive_id=rig.ding.corp_id)
            assert (await rig.ding.callbacks.send_event(rig.app, http.event(), forged)).status == 403
            assert (await rig.ding.callbacks.send_event(rig.app, http.event())).plain == "success"

    async def test_the_answer_is_for_the_same(self, http: CallbackRig) -> None:
        app, corp = http.rig.app, http.rig.ding.corp_id
        answer = await http.rig.ding.callbacks.send_event(app, http.event(), Forged(receive_id=corp))
        sealed = json.loads(answer.body)["encrypt"]
        assert Crypto(app.token, app.aes_key, corp).decrypt_text(sealed) == "success"
