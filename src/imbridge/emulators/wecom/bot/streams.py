"""Streams: messages that are written while people read them."""

import base64
import binascii
import hashlib
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.interaction import Interaction
from imbridge.emulators.wecom.bot.message import BotMessage, blank
from imbridge.emulators.wecom.bot.showing import show

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.posting import Posting

IMAGES = 10
IMAGE_BYTES = 10 * 1024 * 1024
IMAGE_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
ID_LIMIT = 256


def frame(posting: "Posting", interaction: Interaction) -> BotMessage:
    """Takes a frame of a stream: the whole text so far, which replaces what was there.

    Raises:
        RefusedError: 846608, the stream is finished or too old; 40058 or 45002, the frame breaks a rule.
    """
    world = posting.world
    fields = posting.fields("stream")
    stream_id, finish = fields.get("id"), fields.get("finish", False)
    if not isinstance(stream_id, str) or not stream_id or len(stream_id.encode()) > ID_LIMIT:
        raise RefusedError(40058, f"stream.id {stream_id!r}")
    if not isinstance(finish, bool):
        raise RefusedError(40058, f"stream.finish {finish!r}")
    content = posting.content(fields)
    images = _images(posting, fields.get("msg_item"), finish=finish)
    feedback_id = posting.feedback(fields)
    message = interaction.streams.get(stream_id)
    if message is None:
        message = posting.publish("stream", stream_id=stream_id, feedback_id=feedback_id, visible=False, finished=False)
        interaction.streams[stream_id] = message
    else:
        _changeable(posting, message)
    world.stats.stream_frames += 1
    message.changed = time.monotonic()
    message.body = posting.body
    before = message.text
    if not blank(content):
        if not content.startswith(before):
            message.rewritten += 1
        if content != before:
            message.states.append(content)
    message.images.extend(images)
    message.finished = finish
    if finish and not message.states and not images:
        world.violation("empty_stream", f"stream {stream_id} was finished without anything to read")
    if message.states or finish:
        show(message)
    return message


def _changeable(posting: "Posting", message: BotMessage) -> None:
    settings, stats = posting.world.settings, posting.world.stats
    since = message.changed if settings.stream_seconds_from_last else message.created
    if message.finished or time.monotonic() - since > settings.stream_seconds:
        stats.streams_expired += 1
        raise RefusedError(846608, "the stream is finished" if message.finished else "")


def _images(posting: "Posting", items: object, *, finish: bool) -> list[bytes]:
    if not items:
        return []
    if not isinstance(items, list) or len(items) > IMAGES:
        raise RefusedError(40058, f"msg_item has at most {IMAGES} entries")
    if posting.how == "respond" and not posting.world.settings.ws_msg_item:
        posting.world.violation("msg_item_ignored", "stream.msg_item is not supported on the long connection")
        return []
    if not finish:
        raise RefusedError(40058, "msg_item is for the last frame")
    return [_image(item) for item in items]


def _image(item: Any) -> bytes:
    try:
        if item["msgtype"] != "image":
            raise RefusedError(40058, "msg_item.msgtype")
        data = base64.b64decode(item["image"]["base64"], validate=True)
        md5 = item["image"]["md5"]
    except (KeyError, TypeError, binascii.Error, ValueError):
        raise RefusedError(40058, "msg_item.image") from None
    if len(data) > IMAGE_BYTES:
        raise RefusedError(45002, f"an image of {len(data)} bytes")
    if not data.startswith(IMAGE_MAGIC):
        raise RefusedError(40058, "msg_item.image is neither PNG nor JPG")
    if hashlib.md5(data).hexdigest() != str(md5).lower():  # noqa: S324 - the platform's choice
        raise RefusedError(40058, "msg_item.image.md5")
    return data
