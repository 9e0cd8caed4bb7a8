import json
import logging
import sys

import pytest

from imbridge.cli.log import JsonFormatter, TextFormatter, configure_logging


@pytest.fixture
def record():
    try:
        int("boom")
    except ValueError:
        info = sys.exc_info()
    return logging.LogRecord("imbridge.x", logging.WARNING, "x.py", 1, "said %s 你好", ("so",), info)


def test_text(record):
    first, *rest = TextFormatter(color=False).format(record).splitlines()
    assert first.split(" ", 1)[1] == "warning imbridge.x: said so 你好"
    assert rest[-1].startswith("ValueError: invalid literal")


def test_text_in_colour(record):
    assert "\x1b[33mwarning\x1b[0m imbridge.x" in TextFormatter(color=True).format(record)


def test_json_is_one_line(record):
    line = JsonFormatter().format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["time"].endswith("+00:00")
    assert "\nValueError: invalid literal" in entry["error"]
    assert {key: entry[key] for key in ("level", "logger", "message")} == {
        "level": "warning", "logger": "imbridge.x", "message": "said so 你好"
    }  # fmt: skip


@pytest.fixture
def kept_logging():
    root = logging.getLogger()
    handlers, level, ours = root.handlers[:], root.level, logging.getLogger("imbridge").level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("imbridge").setLevel(ours)


def test_our_level_is_not_that_of_other_libraries(kept_logging, capfd):
    configure_logging("debug", "text", color=False)
    configure_logging("debug", "text", color=False)  # twice, as `run` does: nothing is said twice
    logging.getLogger("imbridge.x").debug("ours")
    logging.getLogger("aiohttp").info("theirs")
    logging.getLogger("aiohttp").warning("theirs, serious")
    for handler in kept_logging.handlers:
        handler.flush()
    assert [line.split(": ")[-1] for line in capfd.readouterr().err.splitlines()] == ["ours", "theirs, serious"]
