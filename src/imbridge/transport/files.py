"""Downloads on their way to disk: under a safe name, whole or not at all.

The name of a file comes from whoever sent it. It must not lead out of the folder, hide, take another file's place,
look like something else, or mean a device on Windows.
"""

import asyncio
import os
import re
import secrets
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path, PurePath
from typing import BinaryIO

MOST_BYTES = 255
"""Of a file's name, in UTF-8: what common file systems take."""

_LONGEST_SUFFIX = 32
_SEPARATORS = re.compile(r"[/\\]")
_ENDS = ".\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_RESERVED_CHARACTERS = re.compile(r'[<>:"|?*]')
# Control characters, formats (the ones that turn the direction of writing among them), halves of pairs, line ends.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"})
_NUMBERED_DEVICES = re.compile(r"(?:com|lpt)[0-9¹²³]")
_MOST_TRIES = 10_000
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def safe_name(name: str) -> str:
    r"""A name for a file in a folder, made from one that somebody else chose.

    Folders in it become part of it (`2026/report.pdf` → `2026_report.pdf`), steps up and leading dots go, and so does
    what cannot be seen. Names of devices get a `_` in front; it has at most 255 bytes and keeps its suffix. What has
    nothing left is called `file`.
    """
    seen = "".join(char for char in unicodedata.normalize("NFC", name) if unicodedata.category(char) not in _UNSEEN)
    text = "_".join(part for part in map(_trimmed, _SEPARATORS.split(seen)) if part)
    text = _RESERVED_CHARACTERS.sub("_", text)
    if not text:
        return "file"
    device = text.split(".", 1)[0].rstrip().casefold()
    if device in _DEVICES or _NUMBERED_DEVICES.fullmatch(device):
        text = f"_{text}"
    return _shortened(text)


def _trimmed(part: str) -> str:
    """Without steps up, leading dots, and what Windows drops at the end."""
    return part.strip(_ENDS)


def _shortened(name: str, more: str = "") -> str:
    """The name with something put in before its suffix, cut so that it fits."""
    suffix = PurePath(name).suffix
    if len(suffix.encode()) > _LONGEST_SUFFIX:
        suffix = ""
    stem = name.removesuffix(suffix)
    room = MOST_BYTES - len((more + suffix).encode())
    if len(stem.encode()) > room:
        stem = _trimmed(stem.encode()[:room].decode("utf-8", "ignore"))
    return stem + more + suffix


class Incoming:
    """A file that is being written.

    Attributes:
        file: Open for reading and writing; its bytes end up in the file.
        name: What it is to be called in its folder; may be changed until all is written.
        path: Where it is, once all is written.
    """

    __slots__ = ("file", "name", "path")

    def __init__(self, file: BinaryIO, name: str, path: Path) -> None:
        self.file = file
        self.name = name
        self.path = path


@asynccontextmanager
async def incoming(to: str | os.PathLike[str], name: str = "") -> AsyncIterator[Incoming]:
    """Write a file that appears under its name when all of it is there.

    Until then it is in the same folder under a name that begins with a dot; when the block fails it is removed.

    Args:
        to: A folder, in which it gets a safe name that was not taken; or the file to write, in place of one that is
            there already. What ends with a slash is a folder, and has to be there.
        name: What it is called, as its sender has it; only for a folder.

    Raises:
        OSError: it cannot be written there.
    """
    path = Path(to)
    in_folder = await asyncio.to_thread(path.is_dir)
    if not in_folder and os.fspath(to).endswith(("/", os.sep)):
        raise NotADirectoryError(f"{to} is no folder: make it first, or name a file")
    folder = path if in_folder else path.parent
    temporary = folder / f".imbridge-{secrets.token_hex(8)}.part"
    file = await _created(temporary)
    try:
        try:
            new = Incoming(file, name, path)
            yield new
        finally:
            await asyncio.to_thread(file.close)
        new.path = await asyncio.to_thread(_publish, temporary, path, safe_name(new.name) if in_folder else "")
    except BaseException:
        await asyncio.to_thread(_remove, temporary)
        raise


async def _created(path: Path) -> BinaryIO:
    """The open file; one that a thread makes while we are cancelled is not left behind."""
    creating = asyncio.ensure_future(asyncio.to_thread(_create, path))
    try:
        return await asyncio.shield(creating)
    except asyncio.CancelledError:
        await asyncio.wait((creating,))
        if not creating.cancelled() and creating.exception() is None:
            creating.result().close()
            await asyncio.to_thread(_remove, path)
        raise


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, _NEW, 0o666), "r+b")


def _remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        path.unlink()


def _publish(temporary: Path, to: Path, name: str) -> Path:
    """Give the file its name: in a folder (`name` is set) one that nothing has yet."""
    target = _reserve(to, name) if name else to
    try:
        temporary.replace(target)
    except OSError:
        if name:
            _remove(target)
        raise
    return target


def _reserve(folder: Path, name: str) -> Path:
    """An empty file with this name or one like it, made by us: from then on the name is ours."""
    for number in range(1, _MOST_TRIES):
        target = folder / (name if number == 1 else _shortened(name, f" ({number})"))
        try:
            os.close(os.open(target, _NEW, 0o666))
        except FileExistsError:
            continue
        return target
    raise FileExistsError(f"{folder} has {_MOST_TRIES} files like {name}")
