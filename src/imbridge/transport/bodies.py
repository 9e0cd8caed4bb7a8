"""Bodies of answers: read up to a length, into memory or into a file."""

import asyncio
from typing import BinaryIO

import aiohttp

from imbridge.transport.errors import HttpError, place

_WRITE_CHUNK = 256 * 1024


def _too_long(response: aiohttp.ClientResponse, max_bytes: int, what: str = "") -> HttpError:
    what = what or f"{response.method} {place(response.url)}"
    message = f"{what}: the answer is longer than {max_bytes} bytes"
    return HttpError(message, sent=True, status=response.status, headers=response.headers)


async def read_bounded(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The body.

    Raises:
        HttpError: it is longer than `max_bytes`, after decompression.
    """
    length = response.content_length
    if length is not None:
        if length > max_bytes:
            raise _too_long(response, max_bytes)
        if "Content-Encoding" not in response.headers:
            return await response.read()
    parts: list[bytes] = []
    size = 0
    while part := await response.content.readany():
        size += len(part)
        if size > max_bytes:
            raise _too_long(response, max_bytes)
        parts.append(part)
    return b"".join(parts)


class WriteError(Exception):
    """Keeps an OSError of the file apart from those of the network."""

    def __init__(self, cause: OSError) -> None:
        self.cause = cause
        super().__init__()


async def copy_bounded(response: aiohttp.ClientResponse, file: BinaryIO, max_bytes: int, *, what: str = "") -> None:
    """Write the body into a file, piece by piece; errors call it `what`, by its method and URL when left out.

    Raises:
        HttpError: it is longer than `max_bytes`, after decompression.
        WriteError: the file cannot be written.
    """
    if (response.content_length or 0) > max_bytes:
        raise _too_long(response, max_bytes, what)
    size = 0
    pending = bytearray()
    while part := await response.content.readany():
        size += len(part)
        if size > max_bytes:
            raise _too_long(response, max_bytes, what)
        pending += part
        if len(pending) >= _WRITE_CHUNK:
            await _write(file, bytes(pending))
            pending.clear()
    await _write(file, bytes(pending))


async def _write(file: BinaryIO, data: bytes) -> None:
    try:
        await asyncio.to_thread(file.write, data)
    except OSError as error:
        raise WriteError(error) from error
