"""What fetching a received file needs on any platform: a bound on its time, a name, a place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from imbridge.adapters.uploads import HEAD
from imbridge.protocol import DeliveryError, Media
from imbridge.rendering.media import as_file
from imbridge.transport import HttpError
from imbridge.transport.files import incoming
from imbridge.transport.names import named


async def saved(
    media: Media, to: str | PathLike[str], fetch: Callable[[BinaryIO], Awaitable[Mapping[str, str]]]
) -> Path:
    """Write a received file into a folder or a file; it is never whole in memory.

    Args:
        media: What was received; its name, if it has one, is what a file in a folder is called.
        to: As `Media.save`.
        fetch: Writes its bytes into an open file, and gives the headers of the answer they came in, which may name it.

    Raises:
        OSError: it cannot be written there.
    """
    async with incoming(to, getattr(media, "name", "")) as new:
        headers = await fetch(new.file)
        told = named(headers.get("Content-Disposition", ""))
        new.name = new.name or (told if Path(told).suffix else "")  # a key of the platform's says less than the content
        if not new.name:
            new.name = as_file(media, await asyncio.to_thread(beginning, new.file)).name
    return new.path


@asynccontextmanager
async def in_time(what: str, platform: str, seconds: float) -> AsyncIterator[None]:
    """Bound how long a download takes, with all its attempts.

    Raises:
        DeliveryError: it took longer.
    """
    try:
        async with asyncio.timeout(seconds) as clock:
            yield
    except TimeoutError:
        if not clock.expired():
            raise
        message = f"{what}: it is not there after {seconds:g} s (download_timeout)"
        raise DeliveryError(message, platform=platform) from None


def why_not(error: HttpError, limit: int) -> str:
    """Why a download failed, without its address: path and query are a credential.

    Args:
        error: What `fetch` raised.
        limit: Bytes that were allowed.
    """
    if error.status is None:
        return "the download broke off" if error.ambiguous else "the download could not begin"
    if 200 <= error.status < 300:  # an answer like this is refused for its length alone
        return f"it is too long: more than {limit} bytes (download_limit)"
    return f"the download failed with HTTP {error.status}"


def empty(file: BinaryIO) -> None:
    """Begin it anew."""
    file.seek(0)
    file.truncate()


def beginning(file: BinaryIO) -> bytes:
    """What tells the kind of a file."""
    file.seek(0)
    return file.read(HEAD)
