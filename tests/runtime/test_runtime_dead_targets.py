"""Chats that are gone are left alone for a time, and no longer than that."""

from pathlib import Path

import pytest
from outbox_world import app_of, hurried
from runtime_world import account, counts, texts, until

from imbridge.protocol import BotRemoved, Channel, ChannelKind, DeliveryState, NotPermittedError, TargetGoneError
from imbridge.runtime.outbox.dead_targets import DeadTargets, is_dead, is_sign_of_life
from imbridge.runtime.outbox.windows import is_closed
from imbridge.storage import MemoryNotebook, SqlStorage

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


async def test_it_ends_after_its_time() -> None:
    now = [0.0]
    dead = DeadTargets(600.0, MemoryNotebook().of, clock=lambda: now[0])
    dead.note(CHAT, GONE)
    for thread in (None, "omt_1"):  # a thread is a part of its chat
        with pytest.raises(TargetGoneError, match="not in the group"):
            await dead.check(CHAT.model_copy(update={"thread": thread}))
    await dead.check(CHAT.model_copy(update={"id": "oc_2"}))
    now[0] = 600.0
    await dead.check(CHAT)
    assert len(dead) == 0


async def test_it_is_bounded() -> None:
    notebook = MemoryNotebook()
    dead = DeadTargets(600.0, notebook.of, clock=lambda: 0.0)
    for number in range(10_050):
        dead.note(CHAT.model_copy(update={"id": f"oc_{number}"}), GONE)
    assert len(dead) == len(await notebook.of(CHAT.account_key).all("dead_target")) == 10_000


async def test_it_is_known_after_a_restart_for_the_rest_of_its_time(feishu, tmp_path: Path) -> None:
    app, alice = app_of(feishu)
    bob = f"feishu:app/user/{feishu.add_user('Bob').open_id}"
    refused = feishu.faults.refuse_send(230002, times=None)
    bridge, _ = hurried(app, storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        for address in (alice, bob):
            assert not await bridge.send(address, "one")
        assert bridge.revive(bob)
        assert not bridge.revive(bob)
    bridge, _ = hurried(app, storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        (dead,) = bridge.dead_targets()
        assert (dead.address, dead.code) == (alice, 230002)
        second = await bridge.send(alice, "two")
        assert "left alone for another" in second.error
        assert "not in the group" in second.error
        assert refused.hits == 2
    refused.clear()
    bridge, _ = hurried(app, storage=SqlStorage(tmp_path / "bridge.db"))
    async with bridge:
        assert await bridge.send(bob, "three")
        assert bridge.revive(f"{alice}#thread")
        assert bridge.dead_targets() == ()
        assert await bridge.send(alice, "four")


async def test_what_is_over_is_forgotten_and_no_clock_makes_it_longer() -> None:
    notebook, now = MemoryNotebook(), [1000.0]
    dead = DeadTargets(600.0, notebook.of, clock=lambda: now[0])
    dead.note(CHAT, GONE)
    now[0] = 500.0
    again = DeadTargets(60.0, notebook.of, clock=lambda: now[0])
    await again.recall([CHAT.account_key])
    assert [one.until for one in again.all()] == [560.0]
    now[0] = 1600.0
    again = DeadTargets(600.0, notebook.of, clock=lambda: now[0])
    await again.recall([CHAT.account_key])
    assert again.all() == ()
    assert await notebook.of(CHAT.account_key).all("dead_target") == {}


def test_what_says_that_a_chat_is_gone() -> None:
    late = TargetGoneError("the response_url is used up", window_closed=True)
    assert [is_dead(error) for error in (GONE, late, NotPermittedError("no"))] == [True, False, False]
    assert [is_closed(error) for error in (GONE, late, RuntimeError())] == [False, True, False]
    removed = BotRemoved(id="e", channel=CHAT, platform="feishu", account="app", timestamp="2026-01-01T00:00:00Z")
    assert not is_sign_of_life(removed)
