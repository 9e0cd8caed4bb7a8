"""The demo, as somebody runs it: a process of its own, its output in a pipe."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SECRETS = ("demo-secret",)


def demo(*arguments: str, said: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "imbridge", "demo", *arguments],
        input=said,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_the_conversation_goes_as_it_should() -> None:
    done = demo()
    assert (done.returncode, done.stderr) == (0, "")
    for expected in (
        "Alice · private    hi\n  Bot · private      echo: hi\n",
        "Which city?",
        "You asked 2 time(s).",
        "A picture of 71 bytes.",
        "a message went to four platforms at once.",
        "Bob · team         @Bot /weather shanghai\n  Bot · team         **shanghai**: cloudy, 12 °C\n",
        "please quote ",
        "only once, please",
        "[card] Deploy v1.2? | Yes | No\n",
        "[the same card] Deploy v1.2: Yes\n",
        "16 messages taken in, 2 repetitions recognised",
        "0 breaches of the platform's rules",
        "imbridge run my_skill.py",
    ):
        assert expected in done.stdout
    assert done.stdout.count("echo: only once, please") == 1
    assert "\x1b" not in done.stdout  # a pipe gets plain text
    assert not Path(os.environ["XDG_DATA_HOME"]).exists()  # and it keeps nothing


@pytest.mark.parametrize(
    ("platform", "changed"), [("wecom", "the same card"), ("dingtalk", "the same card"), ("qq", "a new card")]
)
def test_the_same_skills_on_another_platform(platform: str, changed: str) -> None:
    done = demo("--platform", platform)
    assert (done.returncode, done.stderr) == (0, "")
    for expected in (
        "A picture of 71 bytes.",
        "a message went to four platforms at once.",
        "Bob · team         @Bot /weather shanghai\n  Bot · team         **shanghai**: cloudy, 12 °C\n",
        "[card] Deploy v1.2? | ",
        f"[{changed}] Deploy v1.2: Yes",
        "2 repetitions recognised",
        "0 breaches of the platform's rules",
        f"imbridge demo --platform {platform} --wire",
    ):
        assert expected in done.stdout
    assert done.stdout.count("echo: only once, please") == 1


def test_the_same_skills_on_all_platforms_at_once() -> None:
    done = demo("--platform", "all")
    assert (done.returncode, done.stderr) == (0, "")
    parts = done.stdout.split("\nOn ")[1:]
    assert [part.split("\n", 1)[0] for part in parts] == ["Feishu", "WeCom", "DingTalk", "QQ"]
    for part in parts:
        for expected in (
            "Bot · private      Which city?",
            "**shenzhen**: clear, 22 °C",
            "https://example.com/weather",
            "a message went to four platforms at once.",
            "[card] Deploy v1.2? | ",
            "Deploy v1.2: Yes",
        ):
            assert part.count(expected) == 1
    assert "4 connections; the emulators saw 0 breaches of the platform's rules" in done.stdout


def test_nobody_can_chat_with_all_at_once() -> None:
    done = demo("--platform", "all", "--interactive")
    assert done.returncode == 2
    assert "--interactive is for one platform" in done.stderr


def test_json_is_one_object_a_line() -> None:
    done = demo("--json")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"who": "Bot", "where": "private", "bot": True, "text": "echo: hi"} in lines
    assert any("done" in line for line in lines)


def test_the_wire_is_shown_without_secrets() -> None:
    done = demo("--wire")
    assert done.returncode == 0
    assert "/callback/ws/endpoint" in done.stdout
    assert "im.message.receive_v1" in done.stdout
    assert '"type": "ack", "code": 200' in done.stdout
    assert "/open-apis/im/v1/messages" in done.stdout
    for secret in (*SECRETS, "access_key=", "ticket=", "Bearer t-"):
        assert secret not in done.stdout + done.stderr


def test_chatting_from_the_terminal() -> None:
    done = demo("--interactive", said="hi\n\n/count\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "echo: hi" in done.stdout
    assert "You asked 1 time(s)." in done.stdout


def test_help_loads_nothing_heavy_and_says_what_it_does() -> None:
    done = demo("--help")
    assert done.returncode == 0
    assert "no account anywhere" in done.stdout
