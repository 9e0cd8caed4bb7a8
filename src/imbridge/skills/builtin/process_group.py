"""A program and what it started, as one thing that can be ended."""

import logging
import os
import signal
import sys
from pathlib import Path

logger = logging.getLogger(__name__)

_PROC = Path("/proc")

if sys.platform == "win32":

    def group_lives(leader: int) -> bool:
        """There are no groups."""
        return False

    def signal_group(leader: int, *, kill: bool) -> None:
        """End the program itself."""
        try:
            os.kill(leader, signal.SIGTERM)  # on Windows this ends it at once
        except OSError as error:
            logger.debug("program %d cannot be ended, it is probably gone: %s", leader, error)

else:

    def group_lives(leader: int) -> bool:
        """A process of the group still runs.

        A zombie does not: where nobody reaps orphans (a container whose first process is no init), it stays for ever.
        The id of a group is not given to another process while the group has a member, zombies included.
        """
        try:
            os.killpg(leader, 0)
        except (ProcessLookupError, PermissionError):
            return False
        members = _members(leader)
        return members is None or bool(members)

    def signal_group(leader: int, *, kill: bool) -> None:
        """SIGTERM or SIGKILL to all of it."""
        try:
            os.killpg(leader, signal.SIGKILL if kill else signal.SIGTERM)
        except ProcessLookupError:
            pass  # all of it is gone already
        except PermissionError as error:  # a member runs as another user (sudo)
            logger.warning("program %d cannot be ended: %s", leader, error)

    def _members(leader: int) -> list[int] | None:
        """Ids of its running processes; None where the system does not tell (no `/proc` as on Linux, see proc(5))."""
        if not sys.platform.startswith("linux"):
            return None
        found: list[int] = []
        try:
            entries = [entry for entry in os.listdir(_PROC) if entry.isdigit()]  # noqa: PTH208 - names, not paths
        except OSError:
            return None
        for entry in entries:
            try:
                stat = (_PROC / entry / "stat").read_bytes()
            except OSError:
                continue  # it ended meanwhile, or is hidden from us
            # after the name, which is in brackets and may hold anything: state, parent, group
            state, _, group = stat[stat.rindex(b")") + 1 :].split()[:3]
            if int(group) == leader and state not in (b"Z", b"X"):
                found.append(int(entry))
        return found
