"""`bridge.run()`: signals, exit status, the event loop, and what a crash costs."""

import asyncio
import signal
import subprocess
import sys

import pytest
from bridge_process import bridge_process
from runtime_world import account, skill, texts, until

from imbridge import Bridge, ImbridgeError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes with POSIX signals")

RUN = "sys.exit(bridge().run())"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_under_load_leaves_nothing_acknowledged_unanswered(feishu, number) -> None:
    app = feishu.add_app()
    users = [feishu.add_user(f"U{which}") for which in range(4)]
    async with bridge_process(feishu, app, "sys.exit(bridge(grace=20).run())") as process:
        await process.logs("feishu:default: up")
        for text in range(20):
            for user in users:
                await user.says(f"{text}")
        await until(lambda: len(feishu.messages) >= 20)
        process.process.send_signal(number)
        await process.logs("stopping in good order")
        for text in range(20, 30):
            for user in users:
                await user.says(f"{text}")
        assert await process.ended() == 0
        acknowledged = feishu.stats.acks_ok
        # One more may have been answered: the one whose acknowledgement the closing connection did not take any more.
        answered = len(feishu.messages)
        assert answered >= acknowledged >= 80
        for user in users:
            heard = texts(feishu, feishu.private_chat(user, app))
            assert heard == [f"echo: {text}" for text in range(len(heard))]
        assert "Traceback" not in process.log
        assert app.app_secret not in process.log
    # The next process answers the rest, and nothing twice.
    async with bridge_process(feishu, app, RUN) as process:
        await process.logs("feishu:default: up")
        await until(lambda: len(feishu.messages) == 120, timeout=20)
        process.process.terminate()
        assert await process.ended() == 0
    assert feishu.stats.duplicates_absorbed == answered - acknowledged


HANGS = {
    "an await that never ends": """
class Hangs(BaseSkill):
    async def handle_message(self, msg):
        print("hanging", file=sys.stderr, flush=True)
        await asyncio.Event().wait()
""",
    "ignoring its cancellation": """
class Hangs(BaseSkill):
    async def handle_message(self, msg):
        print("hanging", file=sys.stderr, flush=True)
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass
""",
    "a thread that never ends": """
class Hangs(BaseSkill):
    def handle_message(self, msg):
        print("hanging", file=sys.stderr, flush=True)
        while True:
            time.sleep(0.1)
""",
    "blocking the event loop": """
class Hangs(BaseSkill):
    async def handle_message(self, msg):
        print("hanging", file=sys.stderr, flush=True)
        while True:
            time.sleep(0.1)
""",
}


@pytest.mark.parametrize("what", HANGS)
async def test_a_second_signal_ends_it_whatever_hangs(feishu, what) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with bridge_process(feishu, app, HANGS[what] + "sys.exit(bridge(Hangs(), grace=600).run())") as process:
        await process.logs("feishu:default: up")
        await alice.says("go")
        await process.logs("hanging")
        process.process.terminate()
        await process.logs("stopping in good order")
        process.process.terminate()
        await process.logs("stopping at once")
        assert await process.ended() == 130
        assert "Exception ignored" not in process.log


async def test_one_signal_is_enough_when_a_thread_never_ends(feishu) -> None:
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    program = HANGS["a thread that never ends"] + (
        "import imbridge.runtime.process as p; p._THREADS = 0.5; sys.exit(bridge(Hangs(), grace=0.2).run())"
    )
    async with bridge_process(feishu, app, program) as process:
        await process.logs("feishu:default: up")
        await alice.says("go")
        await process.logs("hanging")
        process.process.terminate()
        assert await process.ended() == 130
        assert "1 messages not handled" in process.log
        assert "threads of handlers do not return" in process.log


async def test_a_signal_during_the_start(feishu) -> None:
    app = feishu.add_app()
    with feishu.faults.http_delay("*/tenant_access_token/*", 30, times=None) as fault:
        async with bridge_process(feishu, app, RUN) as process:
            await until(lambda: fault.hits, timeout=20)
            process.process.terminate()
            assert await process.ended() == 0
            assert "Traceback" not in process.log


async def test_a_start_that_fails_raises(feishu) -> None:
    app = feishu.add_app()
    program = "from imbridge import AuthError\ntry: bridge().run()\nexcept AuthError: sys.exit(7)"
    async with bridge_process(feishu, app, program, FEISHU_APP_SECRET="wrong") as process:
        assert await process.ended() == 7


LOOP = """
class Names(BaseSkill):
    async def handle_message(self, msg):
        return type(asyncio.get_running_loop()).__module__
"""


@pytest.mark.parametrize("installed", [True, False])
async def test_uvloop_is_used_where_it_is_installed(feishu, installed) -> None:
    if installed:
        pytest.importorskip("uvloop")
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    block = "" if installed else "sys.modules['uvloop'] = None\n"
    async with bridge_process(feishu, app, f"{block}{LOOP}sys.exit(bridge(Names()).run())") as process:
        await process.logs("feishu:default: up")
        await alice.says("go")
        await alice.receives("uvloop" if installed else "asyncio.unix_events")
        process.process.terminate()
        assert await process.ended() == 0


async def test_run_says_what_to_write_inside_a_loop_or_thread(feishu) -> None:
    bridge = Bridge([account(feishu, feishu.add_app())], skills=[skill(lambda msg: None)])
    with pytest.raises(ImbridgeError, match="async with bridge"):
        bridge.run()
    with pytest.raises(ImbridgeError, match="main thread"):
        await asyncio.to_thread(bridge.run)
    async with bridge:  # and it can still be started here
        pass


async def test_signal_handlers_are_given_back(feishu) -> None:
    app = feishu.add_app()
    program = """
import os, signal, threading, time
before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

def end():
    while signal.getsignal(signal.SIGTERM) is before[0]:
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)

threading.Thread(target=end).start()
status = bridge().run()
assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
sys.exit(status + 5)
"""
    async with bridge_process(feishu, app, program) as process:
        assert await process.ended() == 5


async def test_a_crash_loses_what_was_acknowledged_and_not_answered_and_nothing_else(feishu) -> None:
    """In memory. What a storage keeps is in `test_runtime_durable.py` and `test_runtime_default.py`."""
    app, alice = feishu.add_app(), feishu.add_user("Alice")
    async with bridge_process(feishu, app, "sys.exit(bridge(grace=20).run())") as process:
        await process.logs("feishu:default: up")
        for text in range(40):
            await alice.says(f"{text}")
        await until(lambda: len(feishu.messages) >= 5 and feishu.stats.acks_ok == 40)
        process.process.kill()
        assert await process.ended() == -signal.SIGKILL
    answered = len(feishu.messages)
    assert answered < 40
    for text in range(40, 45):  # nobody is connected: the platform keeps these
        await alice.says(f"{text}")
    async with bridge_process(feishu, app, RUN) as process:
        await until(lambda: len(feishu.messages) == answered + 5, timeout=20)
        await alice.says("45")
        await until(lambda: len(feishu.messages) == answered + 6)
        process.process.terminate()
        assert await process.ended() == 0
    expected = [*range(answered), *range(40, 46)]
    assert texts(feishu) == [f"echo: {text}" for text in expected]


def test_settling_the_garbage_collector_freezes_what_is_there() -> None:
    code = (
        "import gc, sys\nfrom imbridge.runtime import hurry_threads, settle_garbage_collector\n"
        "before = gc.get_threshold()\nhurry_threads()\nassert sys.getswitchinterval() < 0.005\n"
        "settle_garbage_collector()\nprint(gc.get_freeze_count() > 1000, gc.get_threshold()[0] > before[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
