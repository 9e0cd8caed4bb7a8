"""However an answer ends, the programs of the agent skill end with it; so many run at once, and no more."""

import asyncio
import logging

import pytest
from agent_programs import alive, answer, children, python, until

pytestmark = pytest.mark.usefixtures("nothing_is_left")

FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, sys, time\\n" + sys.argv[1] + "\\nprint('child', flush=True)\\ntime.sleep(300)"],
                         stdout=subprocess.PIPE)
child.stdout.readline()
print(os.getpid(), child.pid, flush=True)
time.sleep(float(sys.argv[2]))
"""  # noqa: E501 - a program in a program


CALM, DEAF = "pass", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@pytest.mark.parametrize("grandchild", [CALM, DEAF])
async def test_a_time_out_ends_it_with_its_children(say, caplog, grandchild):
    skill = python(FAMILY, grandchild, "300", "{text}", timeout=1.5, grace=0.3)
    with caplog.at_level(logging.WARNING):
        text = await answer(skill, say("x"))
    pids = [int(pid) for pid in text.splitlines()[0].split()]
    assert text.endswith("\n\nSorry, this took too long. Please try again.")
    assert "after the time-out of 1.5 s" in caplog.text
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


@pytest.mark.parametrize("grandchild", [CALM, DEAF])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_cancelled_answer_ends_it_with_its_children(say, tmp_path, grandchild, stream):
    code = FAMILY.replace("print(os.getpid()", f"print(file=open({str(tmp_path / 'pids')!r}, 'w'))\nprint(os.getpid()")
    code = code.replace("print(file=", "print(os.getpid(), child.pid, file=")
    skill = python(code, grandchild, "300", "{text}", grace=0.3, stream=stream)
    task = asyncio.create_task(answer(skill, say("x")))
    pids_file = tmp_path / "pids"
    await until(lambda: pids_file.exists() and pids_file.read_text().endswith("\n"))
    pids = [int(pid) for pid in pids_file.read_text().split()]
    assert all(alive(pid) for pid in pids)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(alive(pid) for pid in pids)


async def test_closing_the_stream_ends_it(say):
    stream = await python(FAMILY, CALM, "300", "{text}", grace=0.3).handle_message(say("x"))
    pids = [int(pid) for pid in (await anext(stream)).split()]
    await stream.aclose()
    assert not any(alive(pid) for pid in pids)


async def test_teardown_ends_it_and_says_so(say):
    skill = python(FAMILY, DEAF, "300", "{text}", grace=0.3)
    stream = await skill.handle_message(say("x"))
    pids = [int(pid) for pid in (await anext(stream)).split()]
    await skill.teardown()
    assert not any(alive(pid) for pid in pids)
    assert "broken off" in "".join([piece async for piece in stream])
    assert "broken off" in await answer(skill, say("y"))
    await skill.setup()
    assert await answer(python("print('hi')", "{text}"), say("x")) == "hi"


async def test_what_it_leaves_behind_ends_with_it(say):
    """A grandchild that holds the pipe open neither delays the answer for ever nor lives on."""
    code = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(child.pid)
"""
    text = await answer(python(code, "{text}", grace=0.3), say("x"))
    assert not alive(int(text))


async def test_cancelled_while_it_starts(say):
    skill = python("import time; time.sleep(300)", "{text}", grace=0.3)
    for ticks in range(6):
        task = asyncio.create_task(answer(skill, say("x")))
        for _ in range(ticks):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await until(lambda: not children())


async def test_cancelled_twice_it_is_killed_at_once(say):
    skill = python(FAMILY, DEAF, "300", "{text}", grace=30)
    stream = await skill.handle_message(say("x"))
    pids = [int(pid) for pid in (await anext(stream)).split()]
    closing = asyncio.create_task(stream.aclose())
    await until(lambda: any(task.cancelling() for task in skill._running))
    (running,) = skill._running
    await until(lambda: not alive(pids[0]))  # it heeds SIGTERM, its child does not
    running.cancel()
    await closing
    await until(lambda: not any(alive(pid) for pid in pids))


# -- many at once ----------------------------------------------------------------------------------------------------


async def test_n_at_once_the_others_in_order_and_then_busy(say, tmp_path):
    code = f"""
import os, sys, time
name = sys.argv[1]
open(os.path.join({str(tmp_path)!r}, "began-" + name), "w").close()
while not os.path.exists(os.path.join({str(tmp_path)!r}, "go-" + name)): time.sleep(0.01)
print(name)
"""
    skill = python(code, "{text}", concurrency=2, queue=2)
    tasks = []
    for name in "abcd":
        tasks.append(asyncio.create_task(answer(skill, say(name))))
        await asyncio.sleep(0)

    def began():
        return {path.name[-1] for path in tmp_path.glob("began-*")}

    await until(lambda: began() == {"a", "b"})
    assert "Too many people" in await answer(skill, say("e"))
    (tmp_path / "go-b").touch()
    assert await tasks[1] == "b"
    await until(lambda: began() == {"a", "b", "c"})
    for name in "cad":
        (tmp_path / f"go-{name}").touch()
    assert await asyncio.gather(*tasks) == ["a", "b", "c", "d"]
    assert await answer(python("print(1)", "{text}"), say("f")) == "1"


async def test_a_waiting_message_can_be_cancelled_and_torn_down(say):
    skill = python("import time; print('on', flush=True); time.sleep(300)", "{text}", concurrency=1, grace=0.3)
    first = await skill.handle_message(say("a"))
    assert await anext(first) == "on"
    waiting = asyncio.create_task(answer(skill, say("b")))
    also = asyncio.create_task(answer(skill, say("c")))
    await until(lambda: len(skill._running) == 3)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await skill.teardown()
    assert "broken off" in await also
    assert "broken off" in "".join([piece async for piece in first])
