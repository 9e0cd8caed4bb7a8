"""A bridge whose messages are in a database: `kill -9` costs no answer, and what kills it twice is left alone."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest
from bridge_process import bridge_process
from runtime_world import texts, until

from imbridge.storage import Box, EntryState, SqlStorage

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="ends processes with POSIX signals"),
    pytest.mark.timeout(240),  # a busy machine takes long to start a process
]

RUN = """
import os
from imbridge.storage import SqlStorage
storage = SqlStorage(os.environ["IMBRIDGE_STORAGE"], max_attempts=50)  # whoever kills it is no message
sys.exit(Bridge([config()], skills=[Slow()], storage=storage).run())
"""
POISON = """
import os, signal
class Poisoned(BaseSkill):
    async def handle_message(self, msg):
        if msg.text == "poison":
            os.kill(os.getpid(), signal.SIGKILL)
        return f"echo: {msg.text}"
sys.exit(bridge(Poisoned()).run())
"""


async def test_a_crash_loses_nothing_that_was_acknowledged(feishu, tmp_path: Path) -> None:
    app = feishu.add_app()
    users = [feishu.add_user(f"U{which}") for which in range(3)]
    said = [[f"{which}-{number}" for number in range(20)] for which in range(3)]
    storage = f"sqlite:///{tmp_path / 'bridge.db'}"
    async with bridge_process(feishu, app, RUN, IMBRIDGE_STORAGE=storage) as process:
        await process.logs("feishu:default: up")
        for number in range(20):
            await asyncio.gather(*(user.says(said[which][number]) for which, user in enumerate(users)))
        await until(lambda: len(feishu.messages) >= 5 and feishu.stats.acks_ok == 60, timeout=60)
        process.process.kill()
        assert await process.ended() == -signal.SIGKILL
    answered = len(feishu.messages)
    assert answered < 60
    for _ in range(2):  # and again, while it catches up
        async with bridge_process(feishu, app, RUN, IMBRIDGE_STORAGE=storage) as process:
            before = len(feishu.messages)
            await until(lambda before=before: len(feishu.messages) > before or len(feishu.messages) == 60, timeout=60)
            process.process.kill()
            await process.ended()
    async with bridge_process(feishu, app, RUN, IMBRIDGE_STORAGE=storage) as process:
        await until(lambda: len(feishu.messages) == 60, timeout=60)
        process.process.terminate()
        assert await process.ended() == 0
        assert "Traceback" not in process.log
    assert feishu.stats.events_redelivered == 0  # the platform had its acknowledgements
    for which, user in enumerate(users):
        assert texts(feishu, feishu.private_chat(user, app)) == [f"echo: {text}" for text in said[which]]


async def test_what_kills_the_process_twice_is_a_dead_letter(feishu, tmp_path: Path) -> None:
    app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
    storage = f"sqlite:///{tmp_path / 'bridge.db'}"
    async with bridge_process(feishu, app, POISON, IMBRIDGE_STORAGE=storage) as process:
        await process.logs("feishu:default: up")
        await alice.says("before")
        await alice.receives("echo: before")
        await alice.says("poison")
        assert await process.ended() == -signal.SIGKILL
    await alice.says("after")
    async with bridge_process(feishu, app, POISON, IMBRIDGE_STORAGE=storage) as process:
        assert await process.ended() == -signal.SIGKILL
    async with bridge_process(feishu, app, POISON, IMBRIDGE_STORAGE=storage) as process:
        await process.logs("1 entries are dead letters now")
        await bob.says("hello")
        await bob.receives("echo: hello")
        await alice.receives("echo: after", timeout=60)
        process.process.terminate()
        assert await process.ended() == 0
    kept = SqlStorage(tmp_path / "bridge.db")
    await kept.open()
    (dead,) = await kept.kept(Box.INBOX, EntryState.DEAD)
    assert (dead.text, dead.attempts) == ("poison", 2)
    assert await kept.kept(Box.INBOX, EntryState.PENDING) == []
    assert [line.text for line in await kept.log.search(text="after")] == ["echo: after", "after"]
    await kept.close()
