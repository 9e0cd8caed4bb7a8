"""What the platform has said that a bot may not do, kept for a day: permissions are granted in the console."""

import logging
import time
from collections.abc import Callable, Iterable

from imbridge.adapters.notes import Notes

log = logging.getLogger(__name__)

RECHECK = 86_400.0
"""Seconds after which it is tried again."""
_KIND = "rights"
_BY_SETTING = frozenset({"markdown", "template", "keyboard"})


class Rights:
    """The permissions of one account, as far as the platform has refused something.

    Args:
        account: Whose, for the log.
        markdown: The setting: `auto`; `on` remembers no refusal of Markdown and buttons; `off` never sends them.
        notes: Where refusals are kept over restarts.
        now: Gives seconds since 1970.
    """

    def __init__(self, account: str, markdown: str, notes: Notes, *, now: Callable[[], float] = time.time) -> None:
        self._account = account
        self._markdown = markdown
        self._notes = notes
        self._now = now
        self._refused: dict[str, float] = {}

    async def restore(self) -> None:
        """What an earlier process was refused."""
        for name, since in (await self._notes.read(_KIND, float)).items():
            if self._now() - since < RECHECK:
                self._refused[name] = since
            else:
                self._notes.drop(_KIND, name)

    def know(self, others: "Rights") -> None:
        """What others were refused, but for speaking first: who rehearses does not wait until somebody writes."""
        self._refused = {name: since for name, since in others._refused.items() if not name.startswith("push")}

    def may(self, name: str) -> bool:
        """Whether it is worth trying."""
        if name in _BY_SETTING and self._markdown != "auto":
            return self._markdown == "on"
        since = self._refused.get(name)
        return since is None or self._now() - since >= RECHECK

    def may_all(self, names: Iterable[str]) -> bool:
        """Whether all of it is worth trying."""
        return all(map(self.may, names))

    def refuse(self, name: str, why: str) -> None:
        """The platform refuses it."""
        if name in _BY_SETTING and self._markdown != "auto":
            return
        if self.may(name):
            log.warning("%s: the platform refuses %s (%s); it is not tried for a day", self._account, name, why)
        self._refused[name] = self._now()
        self._notes.put(_KIND, name, self._refused[name])

    def grant(self, name: str) -> None:
        """It was taken after all."""
        if self._refused.pop(name, None) is not None:
            self._notes.drop(_KIND, name)
