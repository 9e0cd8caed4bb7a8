"""What is to be sent to a platform: bytes, or a file of this machine that is read while it leaves.

It is looked at before anything is sent, and opened anew for each attempt.
"""

import asyncio
import io
import os
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import aiohttp

from imbridge.protocol import ContentRefusedError, Media

HEAD = 4096
"""Bytes from the beginning that are looked at."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a media element that is to be sent.

    Attributes:
        platform: Who is to take it, for errors.
        what: What it is, for errors.
        source: The bytes or the file.
        size: Bytes.
        head: The first 4 KiB.
    """

    platform: str
    what: str
    source: bytes | Path
    size: int
    head: bytes

    async def open(self) -> BinaryIO:
        """Open it for one attempt.

        Raises:
            ContentRefusedError: the file is gone or cannot be read.
        """
        if isinstance(self.source, bytes):
            return io.BytesIO(self.source)
        try:
            return await asyncio.to_thread(_opened, self.platform, self.what, self.source)
        except OSError as error:
            raise _unreadable(self.platform, self.what, error) from None

    async def read(self, most: int) -> bytes:
        """All of it, for what is sent inside a JSON body.

        Raises:
            ContentRefusedError: the file is gone, cannot be read, or has grown beyond `most` bytes meanwhile.
        """
        if isinstance(self.source, bytes):
            return self.source
        file = await self.open()
        try:
            data = await asyncio.to_thread(file.read, most + 1)
        except OSError as error:
            raise _unreadable(self.platform, self.what, error) from None
        finally:
            await asyncio.to_thread(file.close)
        if len(data) > most:
            raise ContentRefusedError(f"{self.what} has grown beyond {most} bytes", platform=self.platform)
        return data


async def look(media: Media, *, platform: str, least: int = 1, most: int) -> Content:
    """Look at what a media element carries.

    Args:
        media: The element; it has `data` or a `path`.
        platform: Who is to take it.
        least: Fewest bytes that it takes.
        most: Most bytes that it takes.

    Raises:
        ContentRefusedError: it is too small, too large, no file, or cannot be read.
    """
    what = f"this {type(media).__name__}"
    if media.data is not None:
        content = Content(platform, what, media.data, len(media.data), media.data[:HEAD])
    else:
        what = f"{what} ({media.path})"
        try:
            content = await asyncio.to_thread(_look_at_file, platform, what, Path(media.path or ""))
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise _unreadable(platform, what, error) from None
    if content.size < least:
        size = f"has {content.size} bytes" if content.size else "is empty"
        raise ContentRefusedError(f"{what} {size}; {platform} takes no files below {least}", platform=platform)
    if content.size > most:
        raise ContentRefusedError(
            f"{what} has {content.size} bytes; {platform} takes at most {most}", platform=platform
        )
    return content


@asynccontextmanager
async def multipart(
    content: Content, *, field: str, filename: str, fields: Mapping[str, str] | None = None
) -> AsyncIterator[aiohttp.FormData]:
    """A form with the content in it, whose file is open as long as the form is needed.

    Args:
        content: What is uploaded.
        field: Name of the form's field for it.
        filename: What the platform is told it is called.
        fields: The form's other fields.
    """
    form = aiohttp.FormData(quote_fields=False)
    for name, value in (fields or {}).items():
        form.add_field(name, value)
    file = await content.open()
    try:
        form.add_field(field, file, filename=_header_safe(filename), content_type="application/octet-stream")
        yield form
    finally:
        await asyncio.to_thread(file.close)


def _header_safe(name: str) -> str:
    """Without what would end the quoted name, or the header it stands in."""
    return "".join("_" if char in '"\\' or ord(char) < 32 or ord(char) == 127 else char for char in name) or "file"


def _look_at_file(platform: str, what: str, path: Path) -> Content:
    with _opened(platform, what, path) as file:
        return Content(platform, what, path, os.fstat(file.fileno()).st_size, file.read(HEAD))


def _opened(platform: str, what: str, path: Path) -> BinaryIO:
    """A file, and nothing else: looked at anew each time, for it may have been replaced."""
    # Before it is opened: opening a pipe waits for somebody to write to it.
    if not stat.S_ISREG(path.stat().st_mode):
        raise ContentRefusedError(f"{what} is no file", platform=platform)
    return path.open("rb")


def _unreadable(platform: str, what: str, error: OSError | ValueError) -> ContentRefusedError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ContentRefusedError(f"{what} cannot be read: {reason}", platform=platform)
