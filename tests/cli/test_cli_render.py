"""`imbridge render`, run as people run it."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from imbridge.cli.main import run_command_line
from imbridge.runtime.registry import adapter_type, platforms

REPORT = "# Report\n\n**Shenzhen** is ~~cold~~ warm.\n\n| city | degrees |\n| --- | --- |\n| Shenzhen | 22 |\n"
CARD = """
- "Hello "
- type: card
  title: Deploy
  body:
    - {type: markdown, text: "**Version** 3"}
    - {type: button, text: "Yes", action: "yes"}
"""
MODES = {(platform, mode) for platform in platforms() for mode in adapter_type(platform).modes}


def written(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any]]:
    status = run_command_line(["render", *arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = run_command_line(["render", *arguments])
    output = capsys.readouterr()
    assert output.out == ""
    return status, output.err


def test_every_platform_and_mode_is_there(imbridge: Any, tmp_path: Path) -> None:
    """The real command, in a process of its own, with no account anywhere."""
    done = imbridge("render", written(tmp_path, "report.md", REPORT), "--all")
    assert (done.returncode, done.stderr) == (0, "")
    heads = {tuple(line.split("  ")[0].split(" ")) for line in done.stdout.split("\n") if line and line[0] != " "}
    assert heads == MODES
    assert "\x1b" not in done.stdout
    assert done.stdout.count("Shenzhen") >= 2 * len(MODES)


def test_markdown_as_one_account_gets_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run_command_line(["render", written(tmp_path, "a.md", REPORT), "--to", "wechat", "--mode", "passive"]) == 0
    lines = capsys.readouterr().out.split("\n")
    assert lines[0] == "wechat passive  1 message, 1 lost"
    assert lines[1].startswith("  [passive, ")
    assert lines[1].endswith(" of 2,048 bytes]")
    assert "  │ Report" in lines
    assert "  simplified  markdown: text without its markup (this account shows no markdown)" in lines


def test_for_scripts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, found = made(capsys, written(tmp_path, "card.yaml", CARD), "--to", "feishu", "--mode", "app")
    assert status == 0
    (one,) = found
    assert (one["platform"], one["mode"], one["as_meant"], one["losses"]) == ("feishu", "app", True, [])
    text, card = one["messages"]
    assert (text["kind"], text["texts"]) == ("text", ["Hello "])
    assert 0 < text["bytes"] <= text["limit"]
    assert card["kind"] == "interactive"
    assert card["texts"] == ["Deploy", "**Version** 3", "Yes"]
    (request,) = card["requests"]
    assert (request["method"], request["path"]) == ("POST", "/open-apis/im/v1/messages")
    assert json.loads(request["body"]["content"])["schema"] == "2.0"


def test_losses_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    _, found = made(capsys, written(tmp_path, "card.yaml", CARD), "--to", "wecom", "--mode", "group_robot")
    losses = [(one["loss"], one["what"], one["forbidden_by_strict"]) for one in found[0]["losses"]]
    assert ("dropped", "button", True) in losses
    assert found[0]["as_meant"] is False


def test_strict(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, "report.md", REPORT)
    assert made(capsys, file, "--to", "wechat", "--strict")[0] == 1
    assert made(capsys, file, "--to", "wechat")[0] == 0
    assert made(capsys, file, "--to", "feishu", "--mode", "app", "--strict")[0] == 0
    assert made(capsys, written(tmp_path, "plain.txt", "plain"), "--strict")[0] == 0


def test_a_split_is_told_and_no_loss_for_strict(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, "long.txt", "word " * 1000)
    status, (one,) = made(capsys, file, "--to", "wecom", "--mode", "app", "--strict")
    assert status == 0
    assert len(one["messages"]) == 3
    assert [loss["loss"] for loss in one["losses"]] == ["split"]
    assert all(message["bytes"] <= message["limit"] for message in one["messages"])


def test_stdin_is_markdown(imbridge: Any, tmp_path: Path, clean_environ: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "imbridge", "render", "-", "--to", "dingtalk", "--mode", "app"]
    done = subprocess.run(
        command, input="# Head", cwd=tmp_path, env=clean_environ, capture_output=True, text=True, timeout=50, check=True
    )
    assert "[sampleMarkdown" in done.stdout


def test_stdin_that_is_no_text_is_refused(tmp_path: Path, clean_environ: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", "imbridge", "render", "-"]
    done = subprocess.run(
        command, input=b"fine\n\xff", cwd=tmp_path, env=clean_environ, capture_output=True, timeout=50, check=False
    )
    assert done.returncode == 2
    assert b"stdin:2: not UTF-8 text" in done.stderr


def test_what_a_file_holds_can_be_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, "a.md", "**bold**")
    _, found = made(capsys, file, "--to", "feishu", "--mode", "app", "--format", "text")
    assert found[0]["messages"][0]["kind"] == "text"


def test_media_beside_the_file_are_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("some notes")
    file = written(tmp_path, "a.json", '[{"type": "file", "path": "notes.txt", "name": "notes.txt"}]')
    _, found = made(capsys, file, "--to", "feishu", "--mode", "app")
    upload, message = found[0]["messages"][0]["requests"]
    assert (upload["path"], upload["body"]) == ("/open-apis/im/v1/files", None)
    assert json.loads(message["body"]["content"]) == {"file_key": "<upload 1>"}


def test_nothing_is_fetched(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, "a.yaml", "- {type: image, url: 'https://example.invalid/a.png'}")
    _, found = made(capsys, file, "--to", "feishu", "--mode", "app")
    assert [one["kind"] for one in found[0]["messages"]] == ["image"]


def test_what_cannot_be_sent_says_why(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, "a.yaml", "- {type: file, path: missing.bin}")
    status, found = made(capsys, file, "--to", "dingtalk", "--mode", "app", "--strict")
    assert status == 1
    assert "cannot be read" in found[0]["messages"][0]["error"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", "- {type: card, title: T, body: [{type: buton, text: x}]}", "a.yaml:1: [0].body[0]"),
        (
            "a.yaml",
            "- hello\n- {type: imag}",
            "a.yaml:2: [1].type: 'imag' is no type of an element; did you mean 'image'",
        ),
        ("a.yaml", "- hello\n-\n  text: x", "a.yaml:3: [1]: has no type"),
        ("a.yaml", "- {type: link, title: x}", "a.yaml:1: [0]: url: is missing"),
        ("a.yaml", "- 5", "a.yaml:1: [0]: expected text, or an element"),
        ("a.yaml", "a: [", "a.yaml:1:"),
        ("a.json", '[\n {"type": "text" "text": "x"}]', "a.json:2:"),
        ("a.yaml", "- {type: button, text: x}", "a.yaml:1: [0].type: 'button' is no type of an element"),
    ],
)
def test_bad_content_names_file_and_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, text: str, expected: str
) -> None:
    status, error = failed(capsys, written(tmp_path, name, text))
    assert status == 2
    assert f"error: {tmp_path / expected}" in error


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--to", "fieshu"), "there is no platform 'fieshu'; did you mean 'feishu'?"),
        (("--to", "wecom", "--mode", "apps"), "wecom has no mode 'apps'; did you mean 'app'?"),
        (("--mode", "app"), "--mode needs --to"),
        (("--all", "--to", "wecom"), "--all and --to contradict each other"),
    ],
)
def test_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], expected: str
) -> None:
    status, error = failed(capsys, written(tmp_path, "a.md", "x"), *arguments)
    assert status == 2
    assert expected in error


def test_a_missing_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, error = failed(capsys, str(tmp_path / "no.md"))
    assert (status, error) == (2, f"error: {tmp_path / 'no.md'}: there is no such file\n")


def test_a_terminal_gets_colours(tmp_path: Path, clean_environ: Mapping[str, str]) -> None:
    file = written(tmp_path, "report.md", REPORT)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "imbridge", "render", file, "--to", "wechat", "--mode", "passive"]
    with subprocess.Popen(command, stdout=theirs, cwd=tmp_path, env=clean_environ) as process:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:  # Linux says so when the other end of a terminal is closed
            pass
        os.close(ours)
    assert process.returncode == 0
    assert b"\x1b[1mwechat passive\x1b[0m" in shown


@pytest.fixture
def without_feishu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter of Feishu cannot be imported, as where a package of its extra is missing."""
    load = EntryPoint.load

    def loaded(entry: EntryPoint) -> Any:
        if entry.name == "feishu":
            raise ImportError("No module named 'google'")
        return load(entry)

    monkeypatch.setattr(EntryPoint, "load", loaded)


@pytest.mark.usefixtures("without_feishu")
def test_a_platform_that_is_not_installed_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = written(tmp_path, "a.md", "text")
    status, found = made(capsys, file)
    assert status == 0
    told = {one["platform"]: one.get("error", "") for one in found}
    assert "pip install 'imbridge[feishu]'" in told.pop("feishu")
    assert told == dict.fromkeys(set(platforms()) - {"feishu"}, "")
    status, error = failed(capsys, file, "--to", "feishu")
    assert status == 2
    assert "pip install 'imbridge[feishu]'" in error


def test_what_stands_beside_markdown_on_feishu_is_shown_in_its_lines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = (
        '["Hello ", {"type": "mention", "id": "ou_1", "name": "Ann"}, ", see ", '
        '{"type": "link", "url": "https://a.example", "title": "this"}, {"type": "markdown", "text": "**all**"}]'
    )
    _, (one,) = made(capsys, written(tmp_path, "a.json", said), "--to", "feishu", "--mode", "app")
    assert one["messages"][0]["texts"] == ["Hello @Ann, see this (https://a.example)\n\n**all**"]
