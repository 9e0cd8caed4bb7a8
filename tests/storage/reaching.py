"""Servers that tests use where they are, and ports for those that tests start."""

import os
import socket

import pytest


def needs(what: str, host: str | None, port: int | None, variable: str) -> None:
    """Skip the test where nobody listens there; one that the environment names has to be there."""
    try:
        socket.create_connection((host or "", port or 0), timeout=2).close()
    except OSError as error:
        if variable in os.environ:
            raise
        pytest.skip(f"no {what} at {host}:{port} ({error}); name one in {variable}")


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
