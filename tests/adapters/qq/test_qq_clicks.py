"""Clicks are answered when the inbox has them, and not before, whichever way they come."""

import asyncio

import pytest
from contract import until
from qq_rig import Rig
from qq_webhook import hooked
from rigs import alone

from imbridge.adapters.base import Verdict
from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import BotMessage
from imbridge.protocol import Button, ButtonClicked, Card
from imbridge.rendering import PartKind


async def shown(rig: Rig, adapter: QQAdapter) -> BotMessage:
    """Buttons that Alice sees."""
    await rig.alice.says("hi", bot=rig.bot)
    await rig.intake.has("hi")
    await adapter.send(rig.target(), alone(PartKind.CARD, Card(title="x", body=[Button("Go")])), "key")
    return rig.sent()[-1]


async def test_not_before_it_is_stored(rig: Rig, adapter: QQAdapter) -> None:
    card = await shown(rig, adapter)
    rig.intake.hold = True
    click = asyncio.create_task(rig.alice.clicks(card, "Go"))
    await until(lambda: rig.intake.pending, "an offer")
    await asyncio.sleep(0.05)
    assert rig.qq.stats.interactions_answered == 0
    rig.intake.pending[0].set_result(Verdict.ACCEPTED)
    assert await click == 0


async def test_not_while_there_is_no_room_for_it(rig: Rig, adapter: QQAdapter) -> None:
    card = await shown(rig, adapter)
    rig.intake.answers.append(Verdict.OVERLOADED)
    assert await rig.alice.clicks(card, "Go") == 0  # it was offered again
    clicks = [item for item in rig.intake.items if isinstance(item, ButtonClicked)]
    assert len(clicks) == 2
    assert rig.qq.stats.interactions_answered == 1


async def test_of_what_an_earlier_process_stored_and_could_not_answer(rig: Rig, adapter: QQAdapter) -> None:
    card = await shown(rig, adapter)
    rig.intake.answers.append(Verdict.DUPLICATE)
    assert await rig.alice.clicks(card, "Go") == 0


async def test_over_webhooks(rig: Rig) -> None:
    async with hooked(rig) as http:
        card = await shown(rig, http.adapter)
        assert await rig.alice.clicks(card, "Go") == 0
        assert rig.intake.items[-1].action == "Go"
    assert rig.qq.violations == []


@pytest.mark.parametrize(("kind", "answered"), [(11, 1), (13, 0)])
async def test_of_what_cannot_be_read_those_that_wait(rig: Rig, adapter: QQAdapter, kind: int, answered: int) -> None:
    card = await shown(rig, adapter)
    data = {"id": "unread", "type": kind, "data": {"resolved": []}, "user_openid": ["?"]}
    rig.qq.push_event(rig.bot, "INTERACTION_CREATE", data)
    await until(lambda: len(rig.intake.items) == 2, "the event")
    assert await rig.alice.clicks(card, "Go") == 0
    await until(lambda: adapter.counts["clicks_answered"] == 1, "the answer to the click")
    await until(lambda: adapter.counts["clicks_untold"] >= answered, "the answer that the platform does not want")
    assert adapter.counts["clicks_untold"] == answered


async def test_the_end_waits_for_answers_but_not_for_long(rig: Rig, adapter: QQAdapter) -> None:
    card = await shown(rig, adapter)
    rig.qq.faults.http_delay("/interactions/*", 60.0, times=None)
    click = asyncio.create_task(rig.alice.clicks(card, "Go", timeout=0.2))
    await until(lambda: len(rig.intake.items) == 2, "the click")
    await adapter.close()
    assert not [task for task in asyncio.all_tasks() if "click" in task.get_name()]
    with pytest.raises(TimeoutError):
        await click
