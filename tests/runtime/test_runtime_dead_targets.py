"""Chats that are gone are left alone for a time, and no longer than that."""

import pytest
from outbox_world import app_of, hurried
from runtime_world import account, counts, texts, until

from imbridge.protocol import BotRemoved, Channel, ChannelKind, DeliveryState, NotPermittedError, TargetGoneError
from imbridge.runtime.outbox.targets import DeadTargets, is_closed, is_dead, is_sign_of_life

CHAT = Channel(platform="feishu", account="app", kind=ChannelKind.GROUP, id="oc_1")
GONE = TargetGoneError("the bot is not in the group (code 230002)", code=230002)


async def test_a_chat_that_is_gone_is_left_alone_until_it_is_heard_of(feishu) -> None:
    app, person = feishu.add_app(), feishu.add_user("Alice")
    alice = f"feishu:work/private/{feishu.private_chat(person, app).chat_id}"
    bridge, ends = hurried(account(feishu, app))
    async with bridge:
        refused = feishu.faults.refuse_send(230002, times=None)
        first = await bridge.send(alice, "one")
        second = await bridge.send(alice, "two")
        assert refused.hits == 1
        assert [(one.state, one.code) for one in (first, second)] == [(DeliveryState.FAILED, 230002)] * 2
        assert "left alone for another 600 s, or until somebody writes there (dead_target_for)" in second.error
        assert "not in the group" in second.error
        assert counts(bridge)["delivery_spared"] == 1
        refused.clear()
        await person.says("I am here")
        await until(lambda: counts(bridge)["accepted"])
        assert await bridge.send(alice, "three")
    assert texts(feishu) == ["three"]
    assert ends == []


async def test_other_chats_are_not_concerned(feishu) -> None:
    app, alice = app_of(feishu)
    bob = f"feishu:app/user/{feishu.add_user('Bob').open_id}"
    bridge, _ = hurried(app)
    async with bridge:
        feishu.faults.refuse_send(230002)
        assert not await bridge.send(alice, "one")
        assert await bridge.send(bob, "two")


async def test_nobody_is_left_alone_where_nobody_wants_it(feishu) -> None:
    app, alice = app_of(feishu)
    bridge, _ = hurried(app, dead_target_for=0)
    async with bridge:
        feishu.faults.refuse_send(230002)
        assert not await bridge.send(alice, "one")
        assert await bridge.send(alice, "two")


def test_it_ends_after_its_time() -> None:
    now = [0.0]
    dead = DeadTargets(600.0, clock=lambda: now[0])
    dead.note(CHAT, GONE)
    for thread in (None, "omt_1"):  # a thread is a part of its chat
        with pytest.raises(TargetGoneError, match="not in the group"):
            dead.check(CHAT.model_copy(update={"thread": thread}))
    dead.check(CHAT.model_copy(update={"id": "oc_2"}))
    now[0] = 600.0
    dead.check(CHAT)
    assert len(dead) == 0


def test_it_is_bounded() -> None:
    dead = DeadTargets(600.0, clock=lambda: 0.0)
    for number in range(10_050):
        dead.note(CHAT.model_copy(update={"id": f"oc_{number}"}), GONE)
    assert len(dead) == 10_000


def test_what_says_that_a_chat_is_gone() -> None:
    late = TargetGoneError("the response_url is used up", window_closed=True)
    assert [is_dead(error) for error in (GONE, late, NotPermittedError("no"))] == [True, False, False]
    assert [is_closed(error) for error in (GONE, late, RuntimeError())] == [False, True, False]
    removed = BotRemoved(id="e", channel=CHAT, platform="feishu", account="app", timestamp="2026-01-01T00:00:00Z")
    assert not is_sign_of_life(removed)
