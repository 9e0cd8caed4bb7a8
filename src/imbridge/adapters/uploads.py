"""What is uploaded: bytes, or a file on this machine that is read while it is sent, anew for each attempt."""

import asyncio
import hashlib
import io
import os
import re
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import aiohttp

from imbridge.protocol import ContentRefusedError, Media

HEAD, TAIL = 4096, 65536
"""Bytes from the beginning and from the end that are looked at."""
_AT_ONCE = 1 << 16
"""Bytes that are hashed faster than they are handed to a thread."""

_NOT_IN_A_HEADER = re.compile(r'["\\\r\n\0]')


class Source(Protocol):
    """Where the bytes of an upload come from."""

    async def open(self) -> BinaryIO:
        """Open it anew, for one attempt.

        Raises:
            ContentRefusedError: it cannot be read.
        """


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes the upload, for errors.

    Attributes:
        platform: `feishu`.
        name: What people call it.
        least: Bytes that a file has to have there.
    """

    platform: str
    name: str
    least: int = 1


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be sent.

    Attributes:
        what: What it is, for errors.
        source: The bytes or the file.
        size: Bytes.
        head: The first 4 KiB.
        tail: The last 64 KiB.
        taker: Who takes it.
    """

    what: str
    source: bytes | Path
    size: int
    head: bytes
    tail: bytes
    taker: Taker

    async def open(self) -> BinaryIO:
        """Open it for one attempt.

        Raises:
            ContentRefusedError: the file is gone or cannot be read.
        """
        if isinstance(self.source, bytes):
            return io.BytesIO(self.source)
        try:
            return await asyncio.to_thread(_opened, self.what, self.source, self.taker)
        except OSError as error:
            raise _unreadable(self.what, error, self.taker) from None

    async def read(self, most: int) -> bytes:
        """All of it, for what is sent inside a JSON body.

        Args:
            most: Bytes that there may be.

        Raises:
            ContentRefusedError: the file is gone, cannot be read, or has grown meanwhile.
        """
        if isinstance(self.source, bytes):
            return self.source
        file = await self.open()
        try:
            data = await asyncio.to_thread(file.read, most + 1)
        except OSError as error:
            raise _unreadable(self.what, error, self.taker) from None
        finally:
            await asyncio.to_thread(file.close)
        if len(data) > most:
            raise ContentRefusedError(f"{self.what} has grown beyond {most} bytes", platform=self.taker.platform)
        return data

    async def digest(self) -> bytes:
        """SHA-256 of all of it.

        Raises:
            ContentRefusedError: the file is gone or cannot be read.
        """
        if isinstance(self.source, bytes) and self.size <= _AT_ONCE:
            return hashlib.sha256(self.source).digest()
        try:
            return await asyncio.to_thread(_digest_of, self.source)
        except OSError as error:
            raise _unreadable(self.what, error, self.taker) from None

    async def is_still(self, digest: bytes) -> bool:
        """Whether a file is what it was when this was its SHA-256; bytes always are."""
        if isinstance(self.source, bytes):
            return True
        try:
            return await self.digest() == digest
        except ContentRefusedError:
            return False  # gone


async def look(media: Media, limit: int, taker: Taker) -> Content:
    """What is there to be sent, checked before anything leaves.

    Args:
        media: With data or a path; addresses and streams have become files before (`imbridge.media.sources`).
        limit: Bytes that it may have.
        taker: Who takes it.

    Raises:
        ContentRefusedError: it is empty, too large, or cannot be read.
    """
    name = getattr(media, "name", "") or getattr(media, "alt", "")
    what = f"this {type(media).__name__}{f' {name!r}' if name else ''}"
    if not media.is_at_hand:
        text = f"{what} is not at hand: what has an address or is a stream is sent with bridge.send or an answer"
        raise ContentRefusedError(text, platform=taker.platform)
    if media.data is not None:
        data = media.data
        content = Content(what, data, len(data), data[:HEAD], data[-TAIL:], taker)
    else:
        what = f"{what} ({media.path})"
        try:
            content = await asyncio.to_thread(_look_at_file, what, Path(media.path or ""), taker)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise _unreadable(what, error, taker) from None
    if not content.size:
        raise ContentRefusedError(f"{what} is empty; {taker.name} takes no empty files", platform=taker.platform)
    if content.size < taker.least:
        raise ContentRefusedError(
            f"{what} has {content.size} bytes; {taker.name} takes none below {taker.least}", platform=taker.platform
        )
    if content.size > limit:
        raise ContentRefusedError(
            f"{what} has {content.size} bytes; {taker.name} takes at most {limit}", platform=taker.platform
        )
    return content


@asynccontextmanager
async def multipart(
    fields: Mapping[str, str], name: str, source: Source | bytes, filename: str = ""
) -> AsyncIterator[aiohttp.FormData]:
    """A form with a file in it, which is open as long as it is needed.

    Args:
        fields: What else is in the form.
        name: The file's field.
        source: Its bytes.
        filename: What it is called; the field's name when left out. Sent as UTF-8, as browsers do.
    """
    form = aiohttp.FormData(quote_fields=False)
    for field, value in fields.items():
        form.add_field(field, value)
    file: BinaryIO = io.BytesIO(source) if isinstance(source, bytes) else await source.open()
    try:
        shown = _NOT_IN_A_HEADER.sub("_", filename) or name
        form.add_field(name, file, filename=shown, content_type="application/octet-stream")
        yield form
    finally:
        await asyncio.to_thread(file.close)


def _digest_of(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return hashlib.sha256(source).digest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _look_at_file(what: str, path: Path, taker: Taker) -> Content:
    with _opened(what, path, taker) as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(HEAD)
        file.seek(max(0, size - TAIL))
        return Content(what, path, size, head, file.read(TAIL), taker)


def _opened(what: str, path: Path, taker: Taker) -> BinaryIO:
    """A file, and nothing else: looked at anew each time, for it may have been replaced."""
    # Before it is opened: opening a pipe waits for somebody to write to it.
    if not stat.S_ISREG(path.stat().st_mode):
        raise ContentRefusedError(f"{what} is no file", platform=taker.platform)
    return path.open("rb")


def _unreadable(what: str, error: OSError | ValueError, taker: Taker) -> ContentRefusedError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ContentRefusedError(f"{what} cannot be read: {reason}", platform=taker.platform)
