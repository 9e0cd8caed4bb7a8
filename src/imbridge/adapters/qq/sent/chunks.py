"""A large file, in parts: announced, each part put where the platform wants it, then finished.

As clients do it: sizes are texts, `md5_10m` is the MD5 of the first 10,002,432 bytes, the addresses of the parts need
no token, and a part that is not there yet (40093001) is asked for again, as long as the platform says.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.uploads import Content
from imbridge.protocol import Channel, ContentRefusedError, DeliveryError
from imbridge.transport import Backoff

_BEGINNING = 10_002_432
_STEP = 1 << 20
_LARGEST_PART = 64 << 20
_PATIENCE = 600.0
_TRIES = 3


async def upload_in_parts(api: QQApi, channel: Channel, content: Content, file_type: int, name: str) -> str:
    """Bring a file to the platform; its upload id.

    Raises:
        ContentRefusedError: it cannot be read, or changed meanwhile.
        DeliveryError: the platform refuses it, or cannot be reached.
    """
    file = await content.open()
    try:
        digests = await asyncio.to_thread(_digests, file)
        asked = {"file_type": file_type, "file_name": name, "file_size": str(content.size), **digests}
        prepared = await api.prepare_upload(channel, asked)
        upload_id = prepared.get("upload_id")
        parts = prepared.get("parts")
        if not isinstance(upload_id, str) or not upload_id or not isinstance(parts, list):
            raise DeliveryError("qq upload_prepare: the answer holds no upload_id or no parts", platform="qq")
        patience = _patience(prepared.get("upload_config"))
        left = content.size
        for part in parts:
            size = min(_size(part), left)
            data = await asyncio.to_thread(file.read, size)
            if len(data) != size:
                raise ContentRefusedError(f"{content.what} has changed while it was sent", platform="qq")
            await _put(api, str(part.get("presigned_url", "")), data)
            done = {"upload_id": upload_id, "part_index": part.get("index"), "block_size": str(size), "md5": _md5(data)}
            await api.finish_part(channel, done, patience=patience)
            left -= size
    finally:
        await asyncio.to_thread(file.close)
    if left:
        raise DeliveryError(f"qq upload_prepare: its parts leave {left} bytes out", platform="qq")
    return upload_id


async def _put(api: QQApi, url: str, data: bytes) -> None:
    backoff = Backoff(0.5, 5.0)
    for attempt in range(_TRIES):
        try:
            await api.put_part(url, data)
        except DeliveryError:
            if attempt + 1 == _TRIES:
                raise
            await asyncio.sleep(backoff.delay(attempt))
        else:
            return


def _size(part: Any) -> int:
    try:
        size = int(part["block_size"])
    except (KeyError, TypeError, ValueError):
        raise DeliveryError("qq upload_prepare: a part without block_size", platform="qq") from None
    if not 0 < size <= _LARGEST_PART:
        raise DeliveryError(f"qq upload_prepare: a part of {size} bytes", platform="qq")
    return size


def _patience(config: Any) -> float:
    asked = config.get("retry_timeout") if isinstance(config, Mapping) else None
    return min(float(asked), _PATIENCE) if isinstance(asked, int | float) and asked > 0 else _PATIENCE


def _digests(file: BinaryIO) -> dict[str, str]:
    md5, sha1, beginning = (hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "md5"))
    read = 0
    while data := file.read(_STEP):
        md5.update(data)
        sha1.update(data)
        beginning.update(data[: max(0, _BEGINNING - read)])
        read += len(data)
    file.seek(0)
    return {"md5": md5.hexdigest(), "sha1": sha1.hexdigest(), "md5_10m": beginning.hexdigest()}


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
