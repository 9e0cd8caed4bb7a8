"""The examples that are programs, each as its users start it, with the emulated Feishu in the environment."""

import asyncio
import re
import sys
from contextlib import asynccontextmanager

import aiohttp
import pytest

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="ends processes with POSIX signals")


@needs_signals
@pytest.mark.parametrize(
    "arguments", [("-m", "imbridge", "run", "echo.py"), ("echo.py",)], ids=["imbridge run", "python"]
)
async def test_echo_runs_and_stops_in_good_order(feishu, python, examples, arguments) -> None:
    alice = feishu.add_user("Alice")
    # not in the folder with imbridge.yaml, which `imbridge run` would take
    path = [str(examples / part) if part.endswith(".py") else part for part in arguments]
    async with python(*path, cwd=examples.parent / "tests") as process:
        await _connected(feishu)
        await alice.says("hi")
        await alice.receives("echo: hi", timeout=20)
        assert await process.terminated() == 0
    assert "Traceback" not in process.log


@needs_signals
async def test_reminders_are_kept_over_a_restart(feishu, python, examples, tmp_path) -> None:
    alice = feishu.add_user("Alice")
    kept = {"IMBRIDGE_STORAGE": f"sqlite:///{tmp_path / 'bot.db'}", "IMBRIDGE_DURABILITY": "durable"}
    async with python("reminder.py", cwd=examples, extra=kept) as process:
        await _connected(feishu)
        await alice.says("/remind 0.01 tea is ready")
        await alice.receives(timeout=20)
        await alice.receives("⏰ tea is ready", timeout=20)
        await alice.says("/remind soon")
        await alice.receives("could not convert string to float: 'soon'", timeout=20)
        await alice.says("/remind 600 dinner")
        name = (await alice.receives(timeout=20)).text.partition(":")[0]
        assert await process.terminated() == 0
    async with python("reminder.py", cwd=examples, extra=kept):
        await alice.says("/reminders")
        assert (await alice.receives(timeout=20)).text.startswith(f"{name}: ")
        await alice.says(f"/forget {name}")
        await alice.receives("forgotten", timeout=20)
        await alice.says("/reminders")
        await alice.receives("nothing is planned here", timeout=20)


@needs_signals
async def test_a_skill_in_a_file_of_its_own_plans_over_a_restart(feishu, python, examples, tmp_path) -> None:
    alice = feishu.add_user("Alice")
    kept = {"IMBRIDGE_STORAGE": f"sqlite:///{tmp_path / 'bot.db'}", "IMBRIDGE_DURABILITY": "durable"}
    run = "-m", "imbridge", "run", str(examples / "remind.py")
    async with python(*run, cwd=tmp_path, extra=kept) as process:
        await _connected(feishu)
        await alice.says("/remind 0.5s tea is ready")
        both = [(await alice.receives(timeout=20)).text for _ in range(2)]  # a busy machine answers after the moment
        assert "⏰ tea is ready" in both
        await alice.says("/remind soon")
        assert "'soon' is no duration" in (await alice.receives(timeout=20)).text
        await alice.says("/standup Ann Bob")
        assert (await alice.receives(timeout=20)).text.startswith("0 9 * * 1-5 Asia/Shanghai, next ")
        assert await process.terminated() == 0
    async with python(*run, cwd=tmp_path, extra=kept):
        await alice.says("/planned")
        listed = (await alice.receives(timeout=20)).text
        assert re.fullmatch(r"standup-\w{8}: \d\d-\d\d 09:00 remind\.ask_one", listed)
        await alice.says("/forget standup")
        await alice.receives("forgotten", timeout=20)
        await alice.says("/planned")
        await alice.receives("nothing", timeout=20)


async def test_alert_says_one_thing_and_leaves(feishu, python, examples, environ) -> None:
    alice, app = feishu.add_user("Alice"), _app(feishu)
    group = feishu.add_group("alerts", members=[alice], apps=[app])
    to = f"feishu:default/group/{group.chat_id}"
    async with python("alert.py", to, "The backup failed", cwd=examples) as process:
        status, stdout = await process.ended()
    message = await alice.receives("The backup failed", chat=group)
    assert (status, stdout, process.log) == (0, f"sent to {to}: {message.message_id}\n", "")
    assert feishu.stats.connects == 0  # it would take messages away from the bot that runs beside it


async def test_alert_by_a_custom_bot(feishu, python, examples) -> None:
    alice = feishu.add_user("Alice")
    bot = feishu.add_custom_bot(feishu.add_group("alerts", members=[alice]), secret="hook-secret")
    hook = {"FEISHU_APP_ID": "", "FEISHU_APP_SECRET": "", "FEISHU_WEBHOOK_URL": bot.url}
    to = "feishu:default/group/hook"
    signed = hook | {"FEISHU_WEBHOOK_SECRET": "hook-secret"}
    async with python("alert.py", to, "The backup failed", cwd=examples, extra=signed) as process:
        assert (await process.ended(), process.log) == ((0, f"sent to {to}: taken\n"), "")
    assert [message.text for message in feishu.messages] == ["The backup failed"]
    async with python("alert.py", to, "The backup failed", cwd=examples, extra=hook) as process:
        assert await process.ended() == (1, "")
    assert "check webhook_secret" in process.log


async def test_an_alert_that_the_platform_refuses_is_an_exit_status_and_a_reason(feishu, python, examples) -> None:
    async with python("alert.py", "feishu:default/group/oc_nowhere", "anybody?", cwd=examples) as process:
        status, stdout = await process.ended()
    assert (status, stdout) == (1, "")
    assert "not sent to feishu:default/group/oc_nowhere: " in process.log
    assert "Traceback" not in process.log


@pytest.mark.parametrize("arguments", [(), ("nobody", "hi")], ids=["none", "no address"])
async def test_an_alert_used_wrongly_says_so(feishu, python, examples, arguments) -> None:
    async with python("alert.py", *arguments, cwd=examples) as process:
        status, _ = await process.ended()
    assert status == 1
    assert "feishu:" in process.log
    assert "Traceback" not in process.log


@pytest.fixture
async def fastapi_app(python, examples):
    """Serve fastapi_app.py with uvicorn; gives its process and its address."""

    @asynccontextmanager
    async def serve(**extra: str):
        arguments = ("-m", "uvicorn", "fastapi_app:app", "--port", "0", "--no-use-colors")
        async with python(*arguments, cwd=examples, extra=extra) as process:
            await process.logs("Uvicorn running on ")
            yield process, re.findall(r"running on (http://\S+)", process.log)[0]

    return serve


@needs_signals
async def test_the_fastapi_application_answers_and_speaks(feishu, fastapi_app) -> None:
    alice, app = feishu.add_user("Alice"), _app(feishu)
    group = feishu.add_group("team", members=[alice], apps=[app])
    async with fastapi_app() as (process, at), aiohttp.ClientSession() as client:
        await _connected(feishu)
        await alice.says("/ping")
        await alice.receives("pong")
        await alice.says("hi")
        await alice.receives("echo: hi")
        async with client.get(f"{at}/im/readyz") as answer:
            assert await answer.json() == {"ready": True, "accounts": {"feishu:default": "up"}}
        to = f"feishu:default/group/{group.chat_id}"
        async with client.post(f"{at}/deployed", params={"version": "1.2", "to": to}) as answer:
            said = await alice.receives("**1.2** is live", chat=group)
            assert (answer.status, await answer.json()) == (200, {"message_ids": [said.message_id]})
        async with client.post(f"{at}/deployed", params={"version": "1.2", "to": "nobody"}) as answer:
            assert answer.status == 422
        async with client.post(f"{at}/deployed", params={"version": "1.3", "to": f"{to}x"}) as answer:
            assert answer.status == 502
        await process.terminated()
    assert "Traceback" not in process.log
    assert not feishu.connections(app)


@needs_signals
async def test_the_fastapi_application_takes_callbacks(feishu, fastapi_app) -> None:
    alice, app = feishu.add_user("Alice"), _app(feishu)
    secrets = {"FEISHU_ENCRYPT_KEY": app.encrypt_key, "FEISHU_VERIFICATION_TOKEN": app.verification_token}
    async with fastapi_app(FEISHU_MODE="webhook", **secrets) as (process, at):
        await feishu.set_callback(app, f"{at}/im/feishu/default")
        await alice.says("hi")
        await alice.receives("echo: hi")
        await process.terminated()
    assert not feishu.connections(app)


async def test_the_test_of_echo_passes(python, examples, environ) -> None:
    async with python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_echo.py", cwd=examples) as process:
        status, stdout = await process.ended()
    assert status == 0, stdout
    assert "2 passed" in stdout


async def _connected(feishu) -> None:
    async with asyncio.timeout(20):
        while not feishu.connections(_app(feishu)):
            await asyncio.sleep(0.02)


def _app(feishu):
    (app,) = feishu.world.directory.apps.values()
    return app
