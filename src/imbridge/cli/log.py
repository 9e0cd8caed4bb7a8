"""Logging of the command line, to stderr. Only here: the library leaves logging to its application."""

import json
import logging
import sys
from datetime import UTC, datetime
from types import MappingProxyType

import click

_COLORS = MappingProxyType({"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red", "DEBUG": "bright_black"})


def configure_logging(level: str, form: str, *, color: bool) -> None:
    """Log to stderr.

    Args:
        level: `debug`, `info`, `warning` or `error`.
        form: `text` for people or `json`: one object a line, for log collectors.
        color: Colour the level (text only).
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter(color=color))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    # Other libraries are heard from warnings on: their chatter is not ours to show.
    root.setLevel(logging.WARNING)
    logging.getLogger("imbridge").setLevel(level.upper())


class TextFormatter(logging.Formatter):
    """`12:30:45 warning imbridge.runtime.intake.gate: ...`."""

    def __init__(self, *, color: bool) -> None:
        super().__init__()
        self._color = color

    def format(self, record: logging.LogRecord) -> str:
        """Make the line; a traceback follows it."""
        level = f"{record.levelname.lower():<7}"
        if self._color and record.levelname in _COLORS:
            level = click.style(level, fg=_COLORS[record.levelname])
        record.message = record.getMessage()
        line = f"{_time(record):%H:%M:%S} {level} {record.name}: {record.message}"
        return "\n".join([line, *_trace(self, record)])


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, and error where there is a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Make the line."""
        entry = {
            "time": _time(record).astimezone(UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := _trace(self, record):
            entry["error"] = "\n".join(trace)
        return json.dumps(entry, ensure_ascii=False)


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC).astimezone()


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> list[str]:
    lines = []
    if record.exc_info:
        lines.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        lines.append(formatter.formatStack(record.stack_info))
    return lines
