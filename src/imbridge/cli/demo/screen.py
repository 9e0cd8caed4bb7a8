"""What the demo shows: lines for people, or JSON for scripts."""

import json
from contextlib import suppress
from typing import Any

import click

_NAME_WIDTH = 18
_WIRE_WIDTH = 300


class Screen:
    """Where the demo's lines go."""

    def __init__(self, *, as_json: bool = False) -> None:
        """`as_json`: one object per line instead of text."""
        self._as_json = as_json

    def title(self, text: str) -> None:
        """What comes next."""
        self._out({"title": text}, "\n" + click.style(text, bold=True))

    def note(self, text: str) -> None:
        """Something to know."""
        self._out({"note": text}, click.style(text, dim=True))

    def said(self, who: str, where: str, text: str, *, bot: bool = False) -> None:
        """Somebody said something."""
        name = f"{who} · {where}"
        first, *others = text.split("\n")
        lines = [f"  {click.style(name.ljust(_NAME_WIDTH), fg='green' if bot else 'cyan')} {first}"]
        lines.extend(f"  {'':{_NAME_WIDTH}} {line}" for line in others)
        self._out({"who": who, "where": where, "bot": bot, "text": text}, "\n".join(lines))

    def wire(self, direction: str, kind: str, facts: dict[str, Any]) -> None:
        """A frame or an HTTP call, as the platform sees it."""
        arrow = "→ platform" if direction == "in" else "← platform"
        shown = json.dumps(facts, ensure_ascii=False, default=str)
        if len(shown) > _WIRE_WIDTH:
            shown = shown[:_WIRE_WIDTH] + "…"
        line = click.style(f"      {arrow} {kind:<8} {shown}", dim=True)
        # Told from inside the emulator's own work: that nobody reads any more is for the next spoken line to find out.
        with suppress(BrokenPipeError):
            self._out({"wire": kind, "direction": direction, "facts": facts}, line)

    def done(self, text: str) -> None:
        """How it ended."""
        self._out({"done": text}, "\n" + click.style(text, fg="green", bold=True))

    def plain(self, text: str) -> None:
        """A line as it is."""
        self._out({"text": text}, text)

    def _out(self, data: dict[str, Any], text: str) -> None:
        click.echo(json.dumps(data, ensure_ascii=False, default=str) if self._as_json else text)
