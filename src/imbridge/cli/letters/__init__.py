"""`imbridge inbox`, `imbridge outbox` and `imbridge dead`: looking at what is kept, trying it again, dropping it."""

from imbridge.cli.letters.commands import dead, inbox, outbox

__all__ = ["dead", "inbox", "outbox"]
