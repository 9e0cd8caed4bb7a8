"""Media that people sent, at addresses from which a bot fetches them.

An address works for five minutes and its bytes are encrypted: with a key of its own on the long connection, with the
bot's EncodingAESKey in callback mode (https://developer.work.weixin.qq.com/document/path/101463 and 100719).
"""

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from imbridge.emulators.common.crypto import encrypt_bytes, key_of
from imbridge.emulators.common.newest import Newest
from imbridge.emulators.wecom.bot.bot import Bot

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

PATH = "/media/"
EXPIRED = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


@dataclass(frozen=True, slots=True)
class Download:
    """One address: what it gives, and until when (`time.monotonic()`)."""

    encrypted: bytes
    name: str
    until: float


class Downloads:
    """All addresses; beyond `settings.history` and `settings.resource_bytes` the oldest are forgotten."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._by_id: Newest[str, Download] = Newest(
            world.settings.history, limit_bytes=world.settings.resource_bytes, size=lambda one: len(one.encrypted)
        )

    def offer(self, bot: Bot, data: bytes, name: str) -> dict[str, str]:
        """A new address for some bytes: `url`, and `aeskey` on the long connection."""
        world = self._world
        own_key = bot.mode == "long_connection"
        key = world.ids.data("aeskey", 32) if own_key else key_of(bot.aes_key)
        media_id = world.ids.text("media", 32)
        until = time.monotonic() + world.settings.download_seconds
        self._by_id[media_id] = Download(encrypt_bytes(key, data), name, until)
        offer = {"url": f"{world.base_url}{PATH}{media_id}"}
        if own_key:
            offer["aeskey"] = base64.b64encode(key).decode()
        return offer

    def answer(self, media_id: str) -> web.Response:
        """What a GET of the address answers."""
        world = self._world
        found = self._by_id.get(media_id)
        fault = world.faults.take("fail_downloads")
        if fault is not None:
            return web.Response(status=fault.facts["status"], text="faulty on demand")
        if found is None:
            return web.Response(status=404)
        if found.until < time.monotonic():
            return web.Response(status=403, text=EXPIRED, content_type="application/xml")
        world.stats.downloads += 1
        data = found.encrypted
        if world.faults.take("garble_downloads") is not None:
            data = data[:-1] + bytes([data[-1] ^ 0xFF])
        ascii_name = found.name.encode("ascii", "replace").decode().replace('"', "_").replace("\\", "_")
        disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(found.name, safe='')}"
        return web.Response(
            body=data, content_type="application/octet-stream", headers={"Content-Disposition": disposition}
        )
