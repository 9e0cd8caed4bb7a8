"""What the commands do with the notes of accounts. Importing this file loads the runtime."""

from collections.abc import Collection
from pathlib import Path

from imbridge.cli.opening import looking_at_notes
from imbridge.protocol import ImbridgeError
from imbridge.runtime.outbox.dead_targets import DeadTarget, noted_targets, revive


async def all_targets(file: Path | None, account: str | None) -> list[DeadTarget]:
    """The chats that are left alone, of all accounts or of one.

    Raises:
        ConfigError: there are no notes to look at.
    """
    async with looking_at_notes(file) as notebook:
        return [dead for dead in await noted_targets(notebook) if account in (None, dead.account)]


async def revived(file: Path | None, account: str | None, chats: Collection[str]) -> list[DeadTarget]:
    """Have things sent to these chats again, or to all where none is named; those that were left alone.

    Raises:
        ConfigError: there are no notes to look at.
        ImbridgeError: it could not be written.
    """
    async with looking_at_notes(file) as notebook:
        found = [dead for dead in await noted_targets(notebook) if account in (None, dead.account)]
        wanted = [dead for dead in found if not chats or dead.address in chats]
        await revive(notebook, wanted)
        left = {dead.address for dead in await noted_targets(notebook)} & {dead.address for dead in wanted}
        if left:
            raise ImbridgeError(
                f"{', '.join(sorted(left))}: the storage cannot be written to; nothing is changed there"
            )
        return wanted
