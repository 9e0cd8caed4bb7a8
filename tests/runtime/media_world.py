"""Chats in which media are sent, and what is left of them on the disk."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from runtime_world import chat, skill, until

from imbridge.config.options import BridgeOptions
from imbridge.protocol import (
    Receipt,
)
from imbridge.testing import Chat

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
MP4 = (20).to_bytes(4, "big") + b"ftypisom" + bytes(8) + (16).to_bytes(4, "big") + b"mdat" + b"pictures"
HERE = BridgeOptions(media_hosts=("127.0.0.1",))


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def answered(content: Any, *, options: BridgeOptions = HERE) -> tuple[Receipt, Any, Chat]:
    """What became of an answer, and the message that the person got."""
    receipts: list[Receipt] = []

    async def answer(msg: Any) -> None:
        receipts.append(await msg.reply(content() if callable(content) else content))

    async with chat(skill(answer), options=options) as room:
        room.user.says("please")
        message = await room.user.receives()
        await until(lambda: receipts, what="a receipt")
        return receipts[0], message, room


def uploaded(room: Chat, message: Any, key: str = "file_key") -> Any:
    upload = room.feishu.world.uploads.get(message.content[key])
    assert upload is not None
    return upload


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
        await asyncio.sleep(0)


# -- streams -----------------------------------------------------------------------------------------------------------
