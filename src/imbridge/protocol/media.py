"""Media: what a message holds that is not text."""

from collections.abc import AsyncIterable, Awaitable, Callable
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, PrivateAttr

from imbridge.protocol.element import Element
from imbridge.protocol.errors import UnboundError

Reader = Callable[["Media"], Awaitable[bytes]]
"""Fetches the bytes of a media element; the account that received it supplies one."""

Saver = Callable[["Media", str], Awaitable[Path]]
"""Writes a media element into a folder or a file; the account that received it supplies one."""


class Media(Element):
    """Base of what is not text: an image, a file, a recording.

    Outgoing media carry `data`, the `path` of a file to send, the `url` where they are, or a stream of bytes
    (`from_stream`); incoming ones carry the platform's `key` and are fetched by `read()`, or written to disk by
    `save()`.

    Attributes:
        key: The platform's key of the resource.
        data: The bytes to send; base64 in JSON, absent from the repr.
        path: A file on this machine to send; it is not read into memory.
        url: Where it is: fetched when it is sent, from the open network only. Where it cannot be sent, people get this
            address instead, so it must not hold a secret.
        mime: Media type, when known.
        size: Bytes, when known.
    """

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    key: str = ""
    data: bytes | None = Field(default=None, repr=False)
    path: str | None = None
    url: str | None = None
    mime: str | None = None
    size: int | None = Field(default=None, ge=0)
    _reader: Reader | None = PrivateAttr(default=None)
    _saver: Saver | None = PrivateAttr(default=None)
    _stream: AsyncIterable[bytes] | None = PrivateAttr(default=None)

    @classmethod
    def from_path(cls, path: str | PathLike[str], **data: Any) -> Self:
        """Something to send that is in a file; its size, and where there is a field for it its name, come from there.

        Raises:
            OSError: there is no such file, or it cannot be looked at.
        """
        file = Path(path)
        data.setdefault("size", file.stat().st_size)
        if "name" in cls.model_fields:
            data.setdefault("name", file.name)
        return cls(path=str(file), **data)

    @classmethod
    def from_url(cls, url: str, **data: Any) -> Self:
        """Something to send that is at an address: `http` or `https`, in the open network (or in `media_hosts`)."""
        return cls(url=url, **data)

    @classmethod
    def from_stream(cls, stream: AsyncIterable[bytes], **data: Any) -> Self:
        """Something to send that comes piece by piece: it is written to a file on its way, and read once.

        Args:
            stream: Its bytes, such as `response.content.iter_chunked(65536)` of aiohttp. What it raises is raised where
                it is sent; it is closed when all of it was read or too much came.
            data: What else is known, as `name="report.pdf"`.
        """
        media = cls(**data)
        media._stream = stream
        return media

    @property
    def stream(self) -> AsyncIterable[bytes] | None:
        """Its bytes, where they come piece by piece and were not read yet."""
        return self._stream

    @property
    def has_content(self) -> bool:
        """It carries what is to be sent, as opposed to a platform's key."""
        return self.is_at_hand or bool(self.url) or self._stream is not None

    @property
    def is_at_hand(self) -> bool:
        """What is to be sent is in memory or in a file: it need not be fetched."""
        return self.data is not None or self.path is not None

    async def read(self) -> bytes:
        """The bytes of this resource, fetched from the platform if needed.

        Raises:
            UnboundError: it neither carries data nor came from a running bridge.
            DeliveryError: the platform refused the download.
        """
        if self.data is not None:
            return self.data
        if self._reader is None:
            raise UnboundError(f"this {type(self).__name__} has no data and did not come from a running bridge")
        return await self._reader(self)

    async def save(self, to: str | PathLike[str]) -> Path:
        """Write this resource to disk, piece by piece: it is never whole in memory.

        Args:
            to: A folder, in which it gets a safe name of its own that was not taken; or the file to write. What ends
                with a slash is a folder, and has to be there.

        Returns:
            The file.

        Raises:
            UnboundError: it did not come from a running bridge.
            DeliveryError: the platform refused the download, or it is larger than the account allows.
            OSError: the file could not be written.
        """
        if self._saver is None:
            raise UnboundError(f"this {type(self).__name__} did not come from a running bridge")
        return await self._saver(self, fspath(to))

    def bind(self, reader: Reader, saver: Saver | None = None) -> None:
        """Say how `read()` and `save()` get the bytes."""
        self._reader = reader
        self._saver = saver

    def __eq__(self, other: object) -> bool:
        """Equal when what is shown is equal; how it is fetched does not count."""
        if type(other) is not type(self):
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((type(self), *self.__dict__.values()))


class Image(Media):
    """A picture."""

    type: Literal["image"] = "image"
    alt: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[image: {self.alt}]" if self.alt else "[image]"


class File(Media):
    """A file. `name` is what the sender called it: show it, never use it as a path."""

    type: Literal["file"] = "file"
    name: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[file: {self.name}]" if self.name else "[file]"


class Audio(Media):
    """A voice message. `duration` in seconds; `transcript` where the platform recognised it."""

    type: Literal["audio"] = "audio"
    duration: float | None = Field(default=None, ge=0)
    transcript: str = ""

    def as_text(self) -> str:  # noqa: D102 - inherited
        return self.transcript or "[audio]"


class Video(Media):
    """A video.

    Attributes:
        name: What its sender called it: show it, never use it as a path.
        duration: Seconds.
        cover: The platform's key of its still picture.
        cover_image: The still picture to send with it, where there is no key of one yet.
    """

    type: Literal["video"] = "video"
    name: str = ""
    duration: float | None = Field(default=None, ge=0)
    cover: str = ""
    cover_image: Image | None = None

    def as_text(self) -> str:  # noqa: D102 - inherited
        return f"[video: {self.name}]" if self.name else "[video]"


class Sticker(Media):
    """A sticker: most platforms let a bot send it again by its key, but not download it."""

    type: Literal["sticker"] = "sticker"

    def as_text(self) -> str:  # noqa: D102 - inherited
        return "[sticker]"
