"""What is sent by address or as a stream, as files: what is behind this reads files and bytes, as often as it has to.

Streams can be read once, so they become files before a reply is kept to be sent; an address is fetched when it is.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from yarl import URL

from imbridge.media.formats import is_page
from imbridge.media.settling import is_looked_at, settled
from imbridge.media.spool import TooLargeError, folder_for_now, new_folder, remove, write
from imbridge.media.voicing import may_need_voice, voiced
from imbridge.media.walking import may_have_media, media_in, with_media
from imbridge.protocol import (
    Capabilities,
    Card,
    Degradation,
    Element,
    File,
    Image,
    Loss,
    Media,
    Reply,
    Text,
    Video,
)
from imbridge.rendering.media import as_file, link_to, readable, word_for
from imbridge.transport import Backoff, HttpError, HttpPool
from imbridge.transport.fetching import fetch
from imbridge.transport.files import safe_name
from imbridge.transport.names import named
from imbridge.transport.reach import FetchRefusedError
from imbridge.transport.response import HttpResponse

log = logging.getLogger(__name__)

MOST = 100 << 20
"""Bytes of media for an account that says no limit of its own."""
_TRIES = 3
_WITHIN = 60.0
_AT_ONCE = 4
_HEAD = 4096
_BACKOFF = Backoff(0.3, 2.0)


class HandsOver(Protocol):
    """Whether the platform itself fetches a medium."""

    def __call__(self, media: Media, *, in_card: bool) -> bool:
        """Say so."""


def _nothing(media: Media, *, in_card: bool) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Spooled:
    """A reply whose streams have become files.

    Attributes:
        reply: The reply.
        folder: Where the files are, if there are any: to be removed when the reply was sent.
        degradations: What is otherwise than meant.
    """

    reply: Reply
    folder: Path | None = None
    degradations: tuple[Degradation, ...] = ()


def most_bytes(capabilities: Capabilities) -> int:
    """Bytes that a medium can have at all for an account."""
    return max(capabilities.image_bytes, capabilities.file_bytes) or MOST


async def spooled(reply: Reply, capabilities: Capabilities) -> Spooled:
    """The reply with files in place of streams.

    Raises:
        Exception: what a stream raises; nothing is left behind then.
        OSError: the files cannot be written.
    """
    if not may_have_media(reply.elements):
        return Spooled(reply)
    # One that stands in it twice is read once: there is nothing left in it then.
    streams = {id(media): media for media in media_in(reply.elements) if media.stream is not None}
    if not streams:
        return Spooled(reply)
    most = most_bytes(capabilities)
    folder = await new_folder()
    others: dict[int, Element | None] = {}
    lost: list[Degradation] = []
    try:
        for number, (name, media) in enumerate(streams.items()):
            others[name] = await _from_stream(media, folder / str(number), most, lost)
    except BaseException:
        await remove(folder)
        raise
    elements = with_media(reply.elements, others)
    return Spooled(reply.model_copy(update={"elements": elements}), folder, tuple(lost))


@asynccontextmanager
async def gathered(
    reply: Reply,
    capabilities: Capabilities,
    pool: HttpPool,
    *,
    hands_over: HandsOver = _nothing,
    within: float = _WITHIN,
) -> AsyncIterator[tuple[Reply, tuple[Degradation, ...]]]:
    """The reply with files in place of addresses, links in place of what cannot be had, and recordings that are played.

    The files are there for as long as the block.

    Args:
        reply: The reply.
        capabilities: What the account can send: what it cannot is not fetched.
        pool: The process's connections.
        hands_over: Tells of a medium, and whether it is in a card, if the platform itself fetches it.
        within: Seconds for each.

    Raises:
        OSError: the files cannot be written.
    """
    wanted = [
        media
        for element in reply.elements
        for media in media_in((element,))
        if _is_fetched(media, capabilities) and not hands_over(media, in_card=isinstance(element, Card))
    ]
    voices = any(may_need_voice(element, capabilities) for element in reply.elements)
    if not wanted and not voices:
        # Without a folder, for nothing is made.
        if not any(is_looked_at(element, capabilities) for element in reply.elements):
            yield reply, ()  # nearly all of what bots say
            return
        elements, found = await settled(reply.elements, capabilities)
        yield reply.model_copy(update={"elements": elements}), tuple(found)
        return
    async with folder_for_now() as folder:
        gathering = _Gathering(pool, folder, most_bytes(capabilities), within)
        try:
            async with asyncio.TaskGroup() as tasks:
                for number, media in enumerate(wanted):
                    tasks.create_task(gathering.add(number, media), name="media:fetch")
        except ExceptionGroup as group:  # no room on the disk: one of them says it
            raise group.exceptions[0] from None
        _settle_cards(reply, gathering.others)
        elements = with_media(reply.elements, gathering.others)
        elements, lost = await voiced(elements, capabilities, folder)
        elements, found = await settled(elements, capabilities)
        yield reply.model_copy(update={"elements": elements}), (*gathering.lost, *lost, *found)


@dataclass(slots=True)
class _Gathering:
    pool: HttpPool
    folder: Path
    most: int
    within: float
    others: dict[int, Element | None] = field(default_factory=dict)
    lost: list[Degradation] = field(default_factory=list)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def add(self, number: int, media: Media) -> None:
        """Fetch one, or have a link to it in its place."""
        folder = self.folder / str(number)
        async with self.room:
            why = await self._fetched(media, folder)
        if why is None:
            return
        log.info("%s %s is not fetched: %s", word_for(media), _host_of(media.url or ""), why)
        self.others[id(media)] = link_to(media)
        self.lost.append(Degradation(loss=Loss.REPLACED, what=word_for(media), how="link", why=why))

    async def _fetched(self, media: Media, folder: Path) -> str | None:
        """Why it could not be had; None when it is in `others`."""
        url = media.url or ""
        await asyncio.to_thread(folder.mkdir)
        part = folder / ".part"
        with await asyncio.to_thread(part.open, "w+b") as file:
            try:
                async with asyncio.timeout(self.within):
                    answer = await self._tried(url, file)
            except FetchRefusedError as error:
                return str(error)
            except TimeoutError:
                return f"it is not there after {self.within:g} s"
            except HttpError as error:
                too_long = error.status is not None and 200 <= error.status < 300
                return f"it is larger than {readable(self.most)}" if too_long else "it cannot be had"
            if not 200 <= answer.status < 300:
                return f"HTTP {answer.status}"
            size, head = await asyncio.to_thread(_looked_at, file)
        if not size:
            return "it is empty"
        if not isinstance(media, File) and is_page(head):
            return f"it is a page, and no {word_for(media)}"
        told = named(answer.headers.get("Content-Disposition", "")) or PurePosixPath(URL(url).path).name
        self.others[id(media)] = await _placed(media, part, told, size, head)
        return None

    async def _tried(self, url: str, file: BinaryIO) -> HttpResponse:
        attempt = 0
        while True:
            attempt += 1
            await asyncio.to_thread(_empty, file)
            try:
                answer = await fetch(self.pool, url, file, max_bytes=self.most, timeout=self.within)
                if answer.status < 500 or attempt == _TRIES:
                    return answer
            except FetchRefusedError:
                raise
            except HttpError as error:
                if attempt == _TRIES or error.status is not None:
                    raise
            await asyncio.sleep(_BACKOFF.delay(attempt - 1))


def _is_fetched(media: Media, capabilities: Capabilities) -> bool:
    if not media.url or media.is_at_hand or media.stream is not None:
        return False
    words = {word_for(media), "file"} | ({"image"} if word_for(media) == "sticker" else set())
    return bool(words & capabilities.sends)


async def _from_stream(media: Media, folder: Path, most: int, lost: list[Degradation]) -> Element:
    stream = media.stream
    if stream is None:
        return media
    await asyncio.to_thread(folder.mkdir)
    part = folder / ".part"
    with await asyncio.to_thread(part.open, "w+b") as file:
        try:
            await write(stream, file, most)
        except TooLargeError:
            why = f"it is larger than {readable(most)}"
            if media.url:
                lost.append(Degradation(loss=Loss.REPLACED, what=word_for(media), how="link", why=why))
                return link_to(media)
            lost.append(Degradation(loss=Loss.AS_TEXT, what=word_for(media), how="text", why=why))
            return Text(media.as_text())
        size, head = await asyncio.to_thread(_looked_at, file)
    return await _placed(media, part, "", size, head)


async def _placed(media: Media, part: Path, told: str, size: int, head: bytes) -> Media:
    """The medium with its file, which gets the name that people are to see."""
    bare = media.model_copy(update={"size": size})
    bare._stream = None
    own = getattr(media, "name", "") or told
    name = safe_name(own or as_file(bare, head).name)
    path = await asyncio.to_thread(part.rename, part.with_name(name))
    update: dict[str, object] = {"path": str(path)}
    if isinstance(media, File) and not media.name:
        update["name"] = name
    return bare.model_copy(update=update)


def _settle_cards(reply: Reply, others: dict[int, Element | None]) -> None:
    """What stands in place of a picture in a card is text, and of a still picture nothing."""
    for element in reply.elements:
        if isinstance(element, Video) and element.cover_image is not None:
            if not isinstance(others.get(id(element.cover_image), Image()), Image):
                others[id(element.cover_image)] = None
        elif isinstance(element, Card):
            for media in media_in((element,)):
                other = others.get(id(media))
                if other is not None and not isinstance(other, Media):
                    others[id(media)] = Text(other.as_text())


def _host_of(url: str) -> str:
    """For the log: what else is in an address may be a credential."""
    try:
        return URL(url).host or ""
    except ValueError:
        return "of no host"


def _looked_at(file: BinaryIO) -> tuple[int, bytes]:
    size = file.seek(0, 2)
    file.seek(0)
    return size, file.read(_HEAD)


def _empty(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()
