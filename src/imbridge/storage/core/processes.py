"""Processes of this machine: which one we are, and whether another one still runs."""

import os
import socket
from pathlib import Path

from imbridge.storage.core.ids import plain


def identity() -> tuple[str, str]:
    """This machine (or container) since it was started, and this process in it; empty where that cannot be told."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = Path("/proc/self/ns/pid").readlink()
        return plain(f"{socket.gethostname()} {boot} {namespace}", 255), f"{os.getpid()} {_started(os.getpid())}"
    except (OSError, ValueError, IndexError):
        return "", ""


def _started(pid: int) -> str:
    """When a process was started, in ticks since the machine was.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def runs(process: str) -> bool:
    """Whether a process of this machine still runs; its name is the second part of `identity()`."""
    pid, _, started = process.partition(" ")
    try:
        state = Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _is_hidden(int(pid))
    except (ValueError, OverflowError):
        return True  # not ours to judge
    return state[19] == started and state[0] not in {"Z", "X"}


def _is_hidden(pid: int) -> bool:
    """A process of somebody else, where `/proc` is mounted with `hidepid`."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True
