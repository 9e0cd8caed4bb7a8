"""While an account's credentials are refused, what it has to say is kept, and one try at a time finds out."""

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from outbox_world import ROBOT, hurried, hurry, robot_of
from runtime_world import account, counts, texts, until

from imbridge import AuthError, Bridge, CredentialState
from imbridge.protocol import DeliveryState
from imbridge.runtime.outbox.refused_accounts import LONGEST_PAUSE, RefusedAccounts
from imbridge.storage import Box, EntryState, SqlStorage

PENDING, SENT, FAILED = DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.FAILED
REVOKED = 99991663
WRONG = AuthError("wrong secret")


@pytest.fixture
def chats(feishu):
    """An app with two conversations."""
    app = feishu.add_app()
    people = [feishu.add_user(name) for name in ("Alice", "Bob")]
    return app, [f"feishu:work/private/{feishu.private_chat(one, app).chat_id}" for one in people]


def refuse(feishu, app) -> str:
    """Somebody gives the app another secret, and the token of the old one is void; the old secret."""
    before, app.app_secret = app.app_secret, "rotated-by-the-operator"
    feishu.faults.refuse_send(REVOKED, times=None)
    return before


def put_right(feishu, app, secret: str) -> None:
    app.app_secret = secret
    feishu.faults.clear()


async def test_it_is_said_when_they_are_good_again(feishu, chats, tmp_path: Path, caplog) -> None:
    app, (alice, bob) = chats
    bridge, ends = hurried(account(feishu, app), storage=SqlStorage(tmp_path / "bridge.db"))
    hurry(bridge, shortest=0.5, longest=1.0)
    async with bridge:
        assert await bridge.send(alice, "before")
        with caplog.at_level(logging.INFO, "imbridge.runtime.outbox"):
            secret = refuse(feishu, app)
            one = await bridge.send(alice, "one")
            two = await bridge.send(bob, "two")
            assert (one.state, two.state) == (PENDING, PENDING)
            assert "kept until the platform takes the account's credentials again" in two.error
            assert counts(bridge)["delivery_credentials_refused"] == 1  # Bob's, which was not tried
            put_right(feishu, app, secret)
            await until(lambda: len(ends) == 2)
        assert counts(bridge).get("delivery_dead_letters", 0) == 0
    assert sorted(texts(feishu)) == ["before", "one", "two"]
    assert [end.state for end in ends] == [SENT, SENT]
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert ["put them right" in record.getMessage() for record in told] == [True]
    assert "feishu:work: the platform takes the credentials again" in caplog.text


async def test_the_next_process_has_the_new_secret(feishu, chats, tmp_path: Path) -> None:
    app, (alice, bob) = chats
    old = account(feishu, app)
    storage = SqlStorage(tmp_path / "bridge.db")
    bridge, _ = hurried(old, storage=storage)
    async with bridge:
        refuse(feishu, app)
        assert [(await bridge.send(to, "news")).state for to in (alice, bob)] == [PENDING, PENDING]
    feishu.faults.clear()
    wrong, _ = hurried(old, storage=SqlStorage(tmp_path / "bridge.db"))
    with pytest.raises(AuthError):
        await wrong.start()
    new, ends = hurried(account(feishu, app), storage=SqlStorage(tmp_path / "bridge.db"))
    async with new:
        await until(lambda: len(ends) == 2)
    assert texts(feishu) == ["news", "news"]


async def test_what_is_not_tried_is_not_blamed_when_the_process_is_killed(feishu, chats, tmp_path: Path) -> None:
    app, (alice, bob) = chats
    storage = SqlStorage(tmp_path / "bridge.db")
    bridge, _ = hurried(account(feishu, app), storage=storage)
    hurry(bridge, shortest=30.0, longest=31.0)
    async with bridge:
        refuse(feishu, app)
        assert [(await bridge.send(to, "news")).state for to in (alice, bob)] == [PENDING, PENDING]
        async with asyncio.timeout(10):
            while any(one.started_at for one in await storage.kept(Box.OUTBOX, EntryState.PENDING)):
                await asyncio.sleep(0.01)


async def test_it_is_given_up_in_the_end(feishu, chats, tmp_path: Path) -> None:
    app, (alice, bob) = chats
    storage = SqlStorage(tmp_path / "bridge.db")
    bridge, ends = hurried(account(feishu, app), storage=storage, retry_for=0.5)
    async with bridge:
        refuse(feishu, app)
        for to in (alice, bob):
            assert (await bridge.send(to, "news")).state is PENDING
        await until(lambda: len(ends) == 2)
        assert [end.state for end in ends] == [FAILED, FAILED]
        assert await storage.count(Box.OUTBOX, EntryState.DEAD) == 2


async def test_in_memory_nobody_could_put_it_right(feishu, chats) -> None:
    app, (alice, _) = chats
    bridge, ends = hurried(account(feishu, app), durability="memory")
    async with bridge:
        refuse(feishu, app)
        receipt = await bridge.send(alice, "news")
    assert (receipt.state, ends) == (FAILED, [])


class TestOneTryAtATime:
    async def test_the_others_wait_for_what_becomes_of_it(self) -> None:
        now, released = [0.0], set[tuple[str, str]]()
        refused = RefusedAccounts(lambda *lane: released.add(lane), clock=lambda: now[0])
        assert refused.wait("feishu:work", "a") == (0.0, "")
        refused.refuse("feishu:work", WRONG)
        refused.hold("feishu:work", 10.0, 3600.0)
        assert [refused.wait("feishu:work", lane) for lane in "ab"] == [(10.0, "wrong secret")] * 2
        assert refused.wait("feishu:other", "a") == (0.0, "")
        now[0] = 10.0
        assert [refused.wait("feishu:work", lane)[0] for lane in "ab"] == [0.0, LONGEST_PAUSE]
        for _ in range(2):
            refused.took("feishu:work", by_credentials=True)
        assert released == {("feishu:work", "b")}
        assert len(refused) == 0

    async def test_a_try_of_which_nothing_is_heard_is_followed_by_another(self) -> None:
        now = [0.0]
        refused = RefusedAccounts(clock=lambda: now[0])
        refused.refuse("feishu:work", WRONG)
        refused.hold("feishu:work", 0.0, 3600.0)
        assert refused.wait("feishu:work", "a")[0] == 0.0
        now[0] = LONGEST_PAUSE
        assert refused.wait("feishu:work", "b")[0] == 0.0

    async def test_what_needs_no_credentials_says_nothing_and_the_next_one_tries(self) -> None:
        refused = RefusedAccounts(clock=lambda: 0.0)
        refused.refuse("dingtalk:work", WRONG)
        refused.hold("dingtalk:work", 0.0, 3600.0)
        assert refused.wait("dingtalk:work", "a")[0] == 0.0
        assert refused.wait("dingtalk:work", "b")[0] == LONGEST_PAUSE
        refused.took("dingtalk:work", by_credentials=False)
        assert len(refused) == 1
        assert refused.wait("dingtalk:work", "b")[0] == 0.0

    async def test_where_nothing_is_held_nobody_waits(self) -> None:
        refused = RefusedAccounts()
        refused.refuse("feishu:work", WRONG)
        assert [refused.wait("feishu:work", lane)[0] for lane in "ab"] == [0.0, 0.0]


class TestAProgramIsTold:
    """Once when it begins, and once when it is over."""

    @pytest.fixture
    def told(self) -> list[CredentialState]:
        return []

    def listening(self, bridge: Bridge, told: list[CredentialState]) -> None:
        @bridge.on_credentials
        async def note(state: CredentialState) -> None:
            told.append(state)

        @bridge.on_credentials
        def fail(state: CredentialState) -> None:
            raise RuntimeError("a pager that does not answer")

    async def test_while_all_is_kept(self, feishu, chats, tmp_path: Path, told, caplog) -> None:
        app, (alice, bob) = chats
        bridge, ends = hurried(account(feishu, app), storage=SqlStorage(tmp_path / "bridge.db"))
        self.listening(bridge, told)
        async with bridge:
            assert await bridge.send(alice, "before")
            assert told == []
            before = datetime.now(UTC)
            secret = refuse(feishu, app)
            for to in (alice, bob, alice):
                assert (await bridge.send(to, "news")).state is PENDING
            await until(lambda: counts(bridge)["delivery_put_off"] >= 3)
            (begun,) = told
            assert (begun.account, begun.refused) == ("feishu:work", True)
            assert before <= begun.since <= datetime.now(UTC)
            assert "refuses the app's credentials" in begun.error
            put_right(feishu, app, secret)
            await until(lambda: len(ends) == 3)
        assert [(state.refused, state.since, state.error) for state in told] == [
            (True, begun.since, begun.error),
            (False, begun.since, begun.error),
        ]
        assert caplog.text.count("feishu:work: a credentials listener failed") == 2

    async def test_in_memory_where_nothing_is_kept(self, feishu, chats, told) -> None:
        app, (alice, bob) = chats
        bridge, _ = hurried(account(feishu, app), durability="memory")
        self.listening(bridge, told)
        async with bridge:
            secret = refuse(feishu, app)
            for to in (alice, bob):
                assert (await bridge.send(to, "lost")).state is FAILED
            put_right(feishu, app, secret)
            for to in (alice, bob):
                assert await bridge.send(to, "arrives")
        assert [state.refused for state in told] == [True, False]

    async def test_another_account_is_another_matter(self, feishu, chats, told) -> None:
        app, (alice, _) = chats
        robot = robot_of(feishu)
        bridge, _ = hurried(account(feishu, app), robot, durability="memory")
        self.listening(bridge, told)
        async with bridge:
            refuse(feishu, app)
            assert not await bridge.send(alice, "lost")
            feishu.faults.clear()
            assert await bridge.send(ROBOT, "arrives")
        assert [(state.account, state.refused) for state in told] == [("feishu:work", True)]
