"""`imbridge run` and `imbridge probe` as processes, against the Feishu emulator."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from imbridge.emulators.feishu import FeishuEmulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes with POSIX signals")

SKILL = """
import asyncio
from imbridge import BaseSkill

class Shout(BaseSkill):
    async def handle_message(self, msg):
        if msg.text == "slow":
            print("working", flush=True)
            await asyncio.sleep(SECONDS)
        return msg.text.upper()
"""


@pytest.fixture
async def feishu():
    async with FeishuEmulator() as emulator:
        yield emulator


@pytest.fixture
def start(tmp_path, clean_environ, feishu):
    """Start `imbridge` in an empty folder, with the account of an emulated app in its environment."""

    @asynccontextmanager
    async def start_it(app, *arguments, **environ):
        account = {"FEISHU_APP_ID": app.app_id, "FEISHU_APP_SECRET": app.app_secret}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "imbridge", *arguments,
            cwd=tmp_path, env={**clean_environ, "FEISHU_BASE_URL": feishu.base_url, **account, **environ},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return start_it


def nothing_is_kept() -> bool:
    return not Path(os.environ["XDG_DATA_HOME"]).exists()


async def line_with(stream, text):
    """Read on until a line holds a text; gives what was read."""
    read = []
    async with asyncio.timeout(30):
        while line := (await stream.readline()).decode():
            read.append(line)
            if text in line:
                return read
    raise AssertionError(f"no line with {text!r} in {read}")


async def ended(process):
    async with asyncio.timeout(30):
        stdout, stderr = await process.communicate()
    return process.returncode, stdout.decode(), stderr.decode()


def write_skill(folder, seconds=60.0):
    (folder / "shout.py").write_text(SKILL.replace("SECONDS", str(seconds)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_skill_file_answers_and_a_signal_ends_it_in_good_order(feishu, start, tmp_path, number):
    write_skill(tmp_path)
    app, alice = feishu.add_app(name="Shouter"), feishu.add_user("Alice")
    async with start(app, "run", "shout.py") as process:
        await line_with(process.stderr, "feishu:default: up")
        await alice.says("hello", chat=feishu.private_chat(alice, app))
        answer = await alice.receives(timeout=20)
        assert answer.text == "HELLO"
        process.send_signal(number)
        status, stdout, stderr = await ended(process)
    assert (status, stdout) == (0, "")
    assert "Traceback" not in stderr
    assert app.app_secret not in stderr


async def test_the_settings_file_of_the_folder_is_used(feishu, start, tmp_path):
    app, alice = feishu.add_app(name="Echo"), feishu.add_user("Alice")
    (tmp_path / "imbridge.yaml").write_text(
        f"channels: {{feishu: {{accounts: {{work: {{app_id: {app.app_id}, app_secret: '${{SECRET}}'}}}}}}}}\n"
        "skills: [echo]\nbridge: {log_format: json}\n"
    )
    async with start(app, "run", FEISHU_APP_ID="", FEISHU_APP_SECRET="", SECRET=app.app_secret) as process:
        lines = await line_with(process.stderr, "feishu:work: up")
        await alice.says("hello", chat=feishu.private_chat(alice, app))
        assert (await alice.receives(timeout=20)).text == "hello"
        process.terminate()
        status, _, stderr = await ended(process)
    assert status == 0
    entries = [json.loads(line) for line in "".join([*lines, stderr]).splitlines()]
    assert {"time", "level", "logger", "message"} <= set(entries[0])


async def test_a_running_answer_is_finished_before_the_end(feishu, start, tmp_path):
    write_skill(tmp_path, seconds=1.0)
    app, alice = feishu.add_app(name="Shouter"), feishu.add_user("Alice")
    async with start(app, "run", "shout.py") as process:
        await line_with(process.stderr, "feishu:default: up")
        await alice.says("slow", chat=feishu.private_chat(alice, app))
        await line_with(process.stdout, "working")
        process.terminate()
        assert (await alice.receives(timeout=20)).text == "SLOW"
        status, _, _ = await ended(process)
    assert status == 0


async def test_a_second_signal_does_not_wait(feishu, start, tmp_path):
    write_skill(tmp_path, seconds=600.0)
    app, alice = feishu.add_app(name="Shouter"), feishu.add_user("Alice")
    async with start(app, "run", "shout.py", IMBRIDGE_GRACE="600") as process:
        await line_with(process.stderr, "feishu:default: up")
        await alice.says("slow", chat=feishu.private_chat(alice, app))
        await line_with(process.stdout, "working")
        process.send_signal(signal.SIGINT)
        await line_with(process.stderr, "SIGINT")
        process.send_signal(signal.SIGINT)
        status, _, _ = await ended(process)
    assert status == 130


async def test_wrong_credentials_end_it_with_status_1_and_no_secret(feishu, start):
    app = feishu.add_app(name="Echo")
    async with start(app, "run", "echo", FEISHU_APP_SECRET="canary-wrong-secret") as process:
        status, stdout, stderr = await ended(process)
    assert (status, stdout) == (1, "")
    assert stderr.splitlines()[-1].startswith("error: ")
    assert "canary" not in stderr
    assert "Traceback" not in stderr


async def test_without_a_skill_it_says_how_to_name_one(feishu, start):
    async with start(feishu.add_app(name="Echo"), "run") as process:
        status, _, stderr = await ended(process)
    assert status == 2
    assert stderr == (
        "error: no skill to run; name one (imbridge run echo, imbridge run my_skill.py) (see imbridge run --help)\n"
    )


async def test_a_skill_that_cannot_be_loaded(feishu, start, tmp_path):
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere\n")
    async with start(feishu.add_app(name="Echo"), "run", "broken.py") as process:
        status, _, stderr = await ended(process)
    assert status == 2
    assert stderr.startswith("error: ")
    assert "broken.py" in stderr
    assert "no_such_module_anywhere" in stderr
    assert "Traceback" not in stderr


@pytest.mark.parametrize("as_json", [False, True])
async def test_probe_says_who_each_account_is(feishu, start, as_json):
    app = feishu.add_app(name="Demo Bot")
    async with start(app, "probe", *(["--json"] if as_json else []), IMBRIDGE_STORAGE="") as process:
        status, stdout, stderr = await ended(process)
    assert (status, stderr) == (0, "")
    assert nothing_is_kept()  # who only asks keeps nothing
    if as_json:
        found = json.loads(stdout)["feishu:default"]
        assert (found["ok"], found["bot_name"], found["problems"]) == (True, "Demo Bot", [])
        assert found["bot_id"].startswith("ou_")
    else:
        assert stdout.startswith("feishu:default  ok      Demo Bot (ou_")


async def test_probe_says_what_a_custom_bot_is(feishu, start):
    app = feishu.add_app(name="Demo Bot")
    hook = feishu.add_custom_bot(feishu.add_group("team", members=[feishu.add_user("Ann")], apps=[app]))
    empty = dict.fromkeys(("FEISHU_APP_ID", "FEISHU_APP_SECRET"), "")
    async with start(app, "probe", FEISHU_WEBHOOK_URL=hook.url, **empty) as process:
        assert await ended(process) == (0, "feishu:default  ok      custom bot\n", "")


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("enough", [False, True])
async def test_probe_names_missing_scopes_and_where_to_grant_them(feishu, start, as_json, enough):
    hearing = ["im:message.p2p_msg:readonly", "im:message.group_at_msg:readonly"]
    app = feishu.add_app(name="Demo Bot", scopes=[*hearing, *(["im:message"] if enough else [])])
    async with start(app, "probe", *(["--json"] if as_json else [])) as process:
        status, stdout, stderr = await ended(process)
    assert (status, stderr) == (0 if enough else 1, "")
    problems = json.loads(stdout)["feishu:default"]["problems"] if as_json else stdout.splitlines()[1:]
    required = [problem.strip() for problem in problems if problem.strip().startswith("scope ")]
    page = f"https://open.feishu.cn/app/{app.app_id}/auth?q=im:message:send_as_bot&op_from=openapi&token_type=tenant"
    assert required == (
        [] if enough else [f"scope im:message:send_as_bot is not granted (sending and answering): {page}"]
    )
    assert any(problem.strip().startswith("optional scope cardkit:card:write ") for problem in problems)


@pytest.mark.parametrize("as_json", [False, True])
async def test_probe_of_wrong_credentials_fails_and_says_why(feishu, start, as_json):
    app = feishu.add_app(name="Demo Bot")
    options = ["--json"] if as_json else []
    async with start(app, "probe", *options, FEISHU_APP_SECRET="canary-wrong-secret") as process:
        status, stdout, stderr = await ended(process)
    assert status == 1
    assert "canary" not in stdout + stderr
    if as_json:
        found = json.loads(stdout)["feishu:default"]
        assert found["ok"] is False
        assert found["problems"]
    else:
        assert stdout.startswith("feishu:default  failed\n")
        assert len(stdout.splitlines()) >= 2
