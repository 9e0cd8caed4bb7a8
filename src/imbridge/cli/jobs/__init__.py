"""`imbridge jobs`: looking at what is planned, having it done now, dropping it."""

from imbridge.cli.jobs.commands import jobs

__all__ = ["jobs"]
