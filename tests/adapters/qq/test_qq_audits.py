"""Messages that somebody looks at first: the receipt says what came of it."""

import asyncio
from typing import Any, Literal

import pytest
from contract import until
from qq_rig import Rig
from qq_saying import guild_channel, hears, target
from rigs import text

from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.sent.audits import PASSED, REJECTED, Audits, Decision, audit_of
from imbridge.protocol import ContentRefusedError, DeliveryError


async def sending(rig: Rig, adapter: QQAdapter, status: Literal[201, 202] = 202) -> asyncio.Task[Any]:
    """A message to a channel that waits for its audit."""
    channel = guild_channel(rig)
    message_id = await hears(rig, channel)
    rig.qq.faults.audit_pending(status)
    task = asyncio.create_task(adapter.send(target(rig, channel, answers=message_id), text("hi"), "key"))
    await until(lambda: rig.qq.pending_audits)
    return task


@pytest.mark.parametrize("status", [201, 202])
async def test_passed(rig: Rig, adapter: QQAdapter, status: Literal[201, 202]) -> None:
    task = await sending(rig, adapter, status)
    message = rig.qq.pending_audits[0]
    rig.qq.happenings.audit_passed(message)
    sent = await task
    assert sent.part.message_id == message.id
    assert (await rig.alice.receives("hi")) is message


async def test_rejected(rig: Rig, adapter: QQAdapter) -> None:
    task = await sending(rig, adapter)
    rig.qq.happenings.audit_rejected(rig.qq.pending_audits[0])
    with pytest.raises(ContentRefusedError, match="an audit rejected it") as caught:
        await task
    assert (caught.value.code, caught.value.ambiguous) == (304024, False)


async def test_not_decided_in_time(rig: Rig) -> None:
    adapter = await rig.start(audit_wait=0.0)
    task = await sending(rig, adapter)
    with pytest.raises(DeliveryError, match="not decided") as caught:
        await task
    assert caught.value.ambiguous
    assert not adapter._speaking.audits._waiting


async def test_decided_before_the_answer_is_here() -> None:
    audits = Audits()
    audits.heard(PASSED, {"audit_id": "a", "message_id": "m"})
    assert await audits.decision("a", 0.0) == Decision(passed=True, message_id="m")


async def test_events_that_make_no_sense() -> None:
    audits = Audits()
    for data in ({}, {"audit_id": 5}, {"audit_id": ""}, "x", None):
        audits.heard(REJECTED, data)  # type: ignore[arg-type]
    audits.heard("MESSAGE_CREATE", {"audit_id": "a"})
    assert await audits.decision("a", 0.0) is None
    for number in range(2000):
        audits.heard(PASSED, {"audit_id": f"a{number}"})
    assert len(audits._decided) == 1000


@pytest.mark.parametrize(
    ("body", "audit"),
    [
        ({"id": "m"}, None),
        ({"code": 304023, "data": {"message_audit": {"audit_id": "a"}}}, "a"),
        ({"code": 304023}, ""),
        ({"code": 304024, "data": {"message_audit": {"audit_id": 7}}}, ""),
    ],
)
def test_which_audit(body: dict[str, Any], audit: str | None) -> None:
    assert audit_of(body) == audit
