"""The official Python client streams cards into the emulator, and answers clicks on them."""

from collections.abc import AsyncIterator

import pytest
from dingtalk_official import official_client
from dingtalk_raw_org import FORM, Org, organisation
from official_client import STARTUP

from imbridge.emulators.dingtalk import EmulatorSettings

SCRIPT = "dingtalk_cards.py"


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    async with organisation(EmulatorSettings(card_callback_timeout=STARTUP)) as opened:
        opened.ding.add_card_template(FORM, variables=("title", "state"))
        yield opened


async def test_ai_cards_finish_fail_and_are_finalized(org: Org) -> None:
    async with official_client(SCRIPT, org.ding, org.app, FORM) as client:
        for word, text, status in (("finish", "Done.", 3), ("fail", "No.", 5), ("finalize", "Done.", 3)):
            await org.alice.says(word)
            note = await client.notes("card")
            message = await org.alice.receives(timeout=STARTUP)
            assert message.message_id == note["track"]
            assert (message.text, message.status) == (text, status)
            assert message.states == ["", "One", "One, two", "One, two, three", text]
        await org.alice.says("group", chat=org.group, mentions=[org.app])
        await client.notes("card")
        assert (await org.bob.receives(chat=org.group, timeout=STARTUP)).finished
    assert org.kinds() == []


async def test_a_click_is_told_and_its_answer_changes_the_card(org: Org) -> None:
    async with official_client(SCRIPT, org.ding, org.app, FORM) as client:
        await org.alice.says("form")
        message = await org.alice.receives("Vote\nopen", timeout=STARTUP)
        answer = await org.alice.clicks(message, action_id="yes", values={"n": 1}, timeout=STARTUP)
        note = await client.notes("click")
        assert note == {
            "what": "click",
            "track": message.message_id,
            "user": org.alice.userid,
            "corp": org.ding.corp_id,
            "private": {"actionIds": ["yes"], "params": {"n": 1}},
        }
        assert answer["cardData"] == {"cardParamMap": {"state": "yes"}}
        assert message.text == "Vote\nyes"
    assert org.kinds() == []


async def test_events_reach_it_but_its_acknowledgement_has_no_status(org: Org) -> None:
    """It answers an event with the event's own data, which the protocol does not call a success."""
    org.ding.settings.redelivery = ()
    async with official_client(SCRIPT, org.ding, org.app, FORM) as client:
        told = org.ding.happenings.title_changed(org.group, "New")
        note = await client.notes("event")
        assert (note["type"], note["id"]) == ("chat_update_title", told[0].event_id)
        assert note["data"] == told[0].data
        assert not await told.taken(STARTUP)
    assert org.kinds() == ["event_status"]
