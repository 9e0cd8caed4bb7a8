"""Files of ours for as long as something is on its way: in a folder that only we can read, and that goes with them."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from imbridge.protocol import SkillError

_WRITE_CHUNK = 256 * 1024
_PREFIX = "imbridge-"


class TooLargeError(Exception):
    """More came than there may be."""


async def new_folder() -> Path:
    """An empty folder; one that a thread makes while we are cancelled is not left behind."""
    making = asyncio.ensure_future(asyncio.to_thread(tempfile.mkdtemp, prefix=_PREFIX))
    try:
        return Path(await asyncio.shield(making))
    except asyncio.CancelledError:
        await asyncio.wait((making,))
        if not making.cancelled() and making.exception() is None:
            await remove(Path(making.result()))
        raise


async def remove(folder: Path) -> None:
    """Remove a folder of ours with all that is in it, also when we are cancelled meanwhile."""
    if not folder.name.startswith(_PREFIX):  # a storage gave the name
        raise ValueError(f"{folder} is no folder that was made for media")
    removing = asyncio.ensure_future(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))
    try:
        await asyncio.shield(removing)
    except asyncio.CancelledError:
        await asyncio.wait((removing,))
        raise


@asynccontextmanager
async def folder_for_now() -> AsyncIterator[Path]:
    """A folder that is gone when the block ends, whatever happens in it."""
    folder = await new_folder()
    try:
        yield folder
    finally:
        await remove(folder)


async def write(stream: AsyncIterable[bytes], file: BinaryIO, most: int) -> int:
    """Write a stream into a file, piece by piece.

    Returns:
        How many bytes came.

    Raises:
        TooLargeError: more than `most` came; what comes after them is not read.
        SkillError: something else than bytes came.
        OSError: the file cannot be written.
    """
    size, pending = 0, bytearray()
    try:
        async for piece in stream:
            if not isinstance(piece, bytes | bytearray | memoryview):
                raise SkillError(f"a stream of media gives bytes, not {type(piece).__name__}")
            size += len(piece)
            if size > most:
                raise TooLargeError
            pending += piece
            if len(pending) >= _WRITE_CHUNK:
                await asyncio.to_thread(file.write, bytes(pending))
                pending.clear()
        await asyncio.to_thread(file.write, bytes(pending))
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    return size
