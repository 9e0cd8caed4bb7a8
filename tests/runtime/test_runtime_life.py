"""Start and stop: in order, in the middle of things, twice, and with what does not want to stop."""

import asyncio
import gc
import logging

import psutil
import pytest
from runtime_world import account, counts, echo, skill, texts, until

from imbridge import AskTimeoutError, AuthError, BaseSkill, Bridge, BridgeOptions, ImbridgeError
from imbridge.adapters.base import Health
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.runtime import BridgeState
from imbridge.storage import MemoryStorage, SqlStorage


@pytest.fixture(autouse=True, params=["in memory", "in a file"])
def kept(request, kept_in_memory, tmp_path, monkeypatch) -> None:
    """Where messages are kept."""
    if request.param == "in a file":
        path = tmp_path / "bridge.db"
        monkeypatch.setattr("imbridge.runtime.bridge.default_storage", lambda durability: SqlStorage(path))


@pytest.fixture
async def before():
    """Tasks and sockets that were there before the bridge."""
    return set(asyncio.all_tasks()), sockets()


def sockets() -> int:
    return len(psutil.Process().net_connections(kind="inet"))


async def nothing_is_left(before, feishu) -> None:
    """No task of the bridge, and no socket (the emulator's ends of them go a moment later)."""
    tasks, had = before
    await until(lambda: sockets() <= had + 1)  # the emulator listens
    assert not [
        task
        for task in asyncio.all_tasks() - tasks
        if task.get_name().startswith(("inbox", "outbox", "link", "token", "stream", "bridge", "storage", "recovery"))
    ]


async def test_with_start_and_stop(before, feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    bridge = Bridge([account(feishu, app)], skills=[skill(echo)])
    assert bridge.state is BridgeState.NEW
    await bridge.start()
    assert bridge.state is BridgeState.RUNNING
    assert bridge.health() == {"feishu:work": Health.UP}
    await alice.says("hi")
    await alice.receives("echo: hi")
    await bridge.stop()
    assert bridge.state is BridgeState.STOPPED
    assert bridge.health() == {"feishu:work": Health.STOPPED}
    await nothing_is_left(before, feishu)


async def test_starting_or_stopping_twice(feishu) -> None:
    bridge = Bridge([account(feishu, feishu.add_app())])
    await bridge.stop()
    assert bridge.state is BridgeState.NEW
    await bridge.start()
    with pytest.raises(ImbridgeError, match="running; make a new one"):
        await bridge.start()
    await asyncio.gather(bridge.stop(), bridge.stop(), bridge.stop())
    assert bridge.state is BridgeState.STOPPED
    await bridge.stop()
    with pytest.raises(ImbridgeError, match="stopped; make a new one"):
        await bridge.start()


async def test_a_second_stop_waits_for_the_first(feishu) -> None:
    release = asyncio.Event()

    async def slow(msg):
        await release.wait()
        return "done"

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    bridge = Bridge([account(feishu, app)], skills=[skill(slow)])
    await bridge.start()
    await alice.says("hi")
    await until(lambda: counts(bridge)["accepted"])
    first, second = asyncio.create_task(bridge.stop()), asyncio.create_task(bridge.stop())
    await asyncio.sleep(0.1)
    assert not first.done()
    assert not second.done()
    release.set()
    await second
    assert bridge.state is BridgeState.STOPPED
    await first
    await alice.receives("done")


async def test_wrong_credentials(before, feishu) -> None:
    one, two = feishu.add_app(), feishu.add_app()
    config = account(feishu, one).model_copy(update={"app_secret": account(feishu, two).app_secret})
    bridge = Bridge([config])
    with pytest.raises(AuthError):
        await bridge.start()
    assert bridge.state is BridgeState.STOPPED
    with pytest.raises(AuthError):
        async with Bridge([config]):
            pass
    await nothing_is_left(before, feishu)


async def test_no_accounts_at_all() -> None:
    async with Bridge() as bridge:
        assert bridge.accounts == ()
        assert bridge.health() == {}


@pytest.mark.parametrize("where", ["endpoint", "token"])
async def test_stop_during_start(before, feishu, where) -> None:
    paths = {"endpoint": "/callback/ws/endpoint", "token": "*/tenant_access_token/*"}
    app = feishu.add_app()
    bridge = Bridge([account(feishu, app)], skills=[skill(echo)])
    with feishu.faults.http_delay(paths[where], 5.0, times=None) as fault:
        starting = asyncio.create_task(bridge.start())
        await until(lambda: fault.hits)
        await bridge.stop()
        assert bridge.state is BridgeState.STOPPED
        with pytest.raises(ImbridgeError, match="stopped while it started"):
            await starting
    await nothing_is_left(before, feishu)


async def test_a_start_that_is_cancelled_closes_everything(before, feishu) -> None:
    app = feishu.add_app()
    torn = []

    class Torn(BaseSkill):
        async def teardown(self):
            torn.append(True)

        async def handle_message(self, msg):
            return None

    bridge = Bridge([account(feishu, app)], skills=[Torn()])
    with feishu.faults.http_delay("/callback/ws/endpoint", 5.0, times=None) as fault:
        starting = asyncio.create_task(bridge.start())
        await until(lambda: fault.hits)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert bridge.state is BridgeState.STOPPED
        assert torn == [True]
    await nothing_is_left(before, feishu)


async def test_what_was_taken_in_is_answered_before_the_end(before, feishu) -> None:
    app = feishu.add_app()
    users = [feishu.add_user(f"U{number}") for number in range(5)]

    async def slow(msg):
        await asyncio.sleep(0.02)
        await msg.reply(f"first: {msg.text}")
        return f"second: {msg.text}"

    async with Bridge([account(feishu, app)], skills=[skill(slow)]) as bridge:
        for number in range(10):
            for user in users:
                await user.says(f"{number}")
        await until(lambda: counts(bridge)["accepted"] == 50)
    assert len(feishu.messages) == 100
    for user in users:
        heard = [m.text for m in feishu.messages if m.chat is feishu.private_chat(user, app)]
        assert heard == [f"{which}: {number}" for number in range(10) for which in ("first", "second")]
    assert feishu.violations == []
    await nothing_is_left(before, feishu)


async def test_what_is_not_done_in_time_is_cancelled_counted_and_logged(before, feishu, caplog) -> None:
    async def hang(msg):
        if msg.text == "say":
            for number in range(3):
                await msg._conversation.post(f"{number}")
            return
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(msg.text)

    ended: list[str] = []
    app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
    bridge = Bridge([account(feishu, app)], skills=[skill(hang)])
    await bridge.start()
    with feishu.faults.http_delay("*/im/v1/messages*", 30.0, times=None) as fault:
        await alice.says("hang")
        await alice.says("behind")
        await bob.says("say")
        await until(lambda: fault.hits)
        await until(lambda: counts(bridge)["accepted"] == 3)
        await bridge.stop(grace=0.2)
    assert ended == ["hang"]
    assert "not everything was done in time" in caplog.text
    assert "stopped with 2 messages not handled and 3 answers not sent" in caplog.text
    await nothing_is_left(before, feishu)


async def test_an_answer_that_is_waited_for_gets_a_receipt_when_the_bridge_stops(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    to = f"feishu:work/user/{alice.open_id_for(app)}"
    bridge = Bridge([account(feishu, app)])
    await bridge.start()
    with feishu.faults.http_delay("*/im/v1/messages*", 30.0, times=None) as fault:
        sending = [asyncio.create_task(bridge.send(to, f"{number}")) for number in range(2)]
        await until(lambda: fault.hits)
        await bridge.stop(grace=0)
    first, second = await asyncio.gather(*sending)
    expected = ("pending", "pending") if bridge.storage.survives else ("unknown", "failed")
    assert (first.state.value, second.state.value) == expected
    assert "stopped" in first.error
    assert "stopped" in second.error
    if bridge.storage.survives:
        async with Bridge([account(feishu, app)]) as following:  # what it was in the middle of has its key
            await until(lambda: counts(following)["delivery_sent"] == 2)
        assert texts(feishu) == ["0", "1"]


async def test_a_skill_that_ignores_its_cancellation_does_not_keep_the_bridge(feishu, caplog, monkeypatch) -> None:
    from imbridge.runtime import ending

    monkeypatch.setattr(ending, "_LAST_WORDS", 0.05)

    async def stubborn(msg):
        handled.append(msg.text)
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                cancelled.append(msg.text)
        return "late"

    handled, cancelled, release = [], [], asyncio.Event()
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    bridge = Bridge([account(feishu, app)], skills=[skill(stubborn)])
    await bridge.start()
    await alice.says("one")
    await alice.says("two")
    await until(lambda: handled and counts(bridge)["accepted"] == 2)
    await bridge.stop(grace=0)
    assert bridge.state is BridgeState.STOPPED
    assert cancelled == ["one"] * 3
    assert "1 lanes do not stop" in caplog.text
    release.set()
    await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "inbox lane"])
    assert handled == ["one"]  # it did not go on with what waited behind it
    await alice.receives_nothing(within=0)


async def test_open_questions_are_given_up_at_the_end_where_nothing_is_kept(feishu) -> None:
    async def asks(msg):
        try:
            await msg.ask("well?", timeout=300)
        except AskTimeoutError as error:
            try:
                await msg.ask("really?", timeout=300)
            except AskTimeoutError:
                return f"given up: {error}"

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    bridge = Bridge([account(feishu, app)], skills=[skill(asks)], storage=MemoryStorage())
    await bridge.start()
    await alice.says("go")
    await alice.receives("well?")
    await bridge.stop(grace=5)
    await alice.receives("given up: the bridge stops; the question cannot be answered any more")
    assert len(feishu.messages) == 2
    assert counts(bridge)["handled"] == 1


async def test_a_message_kept_by_a_skill_cannot_be_answered_after_the_end(feishu) -> None:
    kept = []

    async def keeps(msg):
        kept.append(msg)

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(keeps)]):
        await alice.says("go")
        await until(lambda: kept)
    with pytest.raises(ImbridgeError, match="stopped"):
        await kept[0].reply("late")
    with pytest.raises(AskTimeoutError):
        await kept[0].ask("late?")
    assert len(feishu.messages) == 0


async def test_the_lane_is_free_for_a_reply_from_a_background_task(feishu) -> None:
    tasks = []

    async def later(msg):
        async def speak():
            await asyncio.sleep(0.05)
            await msg.reply("later")

        tasks.append(asyncio.create_task(speak()))
        return "at once"

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(later)]):
        await alice.says("go")
        await alice.receives("at once")
        await alice.receives("later")


async def test_probing_without_starting(before, feishu) -> None:
    app = feishu.add_app(name="Prober")
    bridge = Bridge([account(feishu, app)])
    found = (await bridge.probe())["feishu:work"]
    assert (found.ok, found.bot_id, found.bot_name) == (True, app.bot_open_id, "Prober")
    assert bridge.state is BridgeState.STOPPED
    await nothing_is_left(before, feishu)


async def test_an_account_that_cannot_be_closed_does_not_keep_the_rest_open(feishu, caplog, monkeypatch) -> None:
    from imbridge.adapters.feishu.adapter import FeishuAdapter

    close = FeishuAdapter.close

    async def broken(self):
        await close(self)
        raise RuntimeError("cannot close")

    monkeypatch.setattr(FeishuAdapter, "close", broken)
    async with Bridge([account(feishu, feishu.add_app())]) as bridge:
        pass
    assert bridge.state is BridgeState.STOPPED
    assert bridge._pool._closed
    assert "feishu:work: could not be closed: cannot close" in caplog.text


async def test_a_quiet_life_logs_no_warning(feishu, caplog) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    caplog.set_level(logging.DEBUG, logger="imbridge")
    async with Bridge([account(feishu, app)], skills=[skill(echo)], options=BridgeOptions(grace=1)):
        await alice.says("hi")
        await alice.receives("echo: hi")
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert app.app_secret not in caplog.text


async def test_a_message_is_freed_when_it_is_done(feishu) -> None:
    from imbridge import Message

    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with Bridge([account(feishu, app)], skills=[skill(echo)]):
        for number in range(20):
            await alice.says(f"{number}")
            await alice.receives(f"echo: {number}")
        gc.collect()
        chat_id = feishu.private_chat(alice, app).chat_id
        alive = [each for each in gc.get_objects() if isinstance(each, Message) and each.channel.id == chat_id]
        assert len(alive) <= 2


async def test_reading_that_does_not_end_does_not_keep_the_bridge(feishu, monkeypatch, caplog) -> None:
    stop_reading = FeishuAdapter.stop_reading
    asked = 0

    async def never(self: FeishuAdapter) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await asyncio.Event().wait()
        await stop_reading(self)

    bridge = Bridge([account(feishu, feishu.add_app())], skills=[skill(echo)])
    await bridge.start()
    monkeypatch.setattr(FeishuAdapter, "stop_reading", never)
    await bridge.stop(grace=0)
    assert bridge.state is BridgeState.STOPPED
    assert "not everything was taken in in time" in caplog.text
