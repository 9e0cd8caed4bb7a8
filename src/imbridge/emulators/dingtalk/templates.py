"""The robot's message templates: `msgKey` and `msgParam`.

Rules: help.dingtalk.io, "Message types" (templates and their fields) and the error tables of the pages on sending
(`invalidParameter.msgKey.empty`, `.msgKey.invalid`, `.msgParam.invalid`, `.param.invalid`); `msgParam` has at most
15,000 bytes. Which refusal a missing field or an unknown media id gets is not documented.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

PARAM_LIMIT = 15_000
KINDS: Mapping[str, str] = {
    "sampleText": "text",
    "sampleMarkdown": "markdown",
    "sampleImageMsg": "image",
    "sampleLink": "link",
    "sampleActionCard": "actionCard",
    "sampleActionCard2": "actionCard",
    "sampleActionCard3": "actionCard",
    "sampleActionCard4": "actionCard",
    "sampleActionCard5": "actionCard",
    "sampleActionCard6": "actionCard",
    "sampleAudio": "audio",
    "sampleFile": "file",
    "sampleVideo": "video",
}
CARD = ("title", "text")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "sampleText": ("content",),
    "sampleMarkdown": ("title", "text"),
    "sampleImageMsg": ("photoURL",),
    "sampleLink": ("text", "title", "picUrl", "messageUrl"),
    "sampleActionCard": (*CARD, "singleTitle", "singleURL"),
    **{
        f"sampleActionCard{count}": (
            *CARD,
            *(f"{name}{number}" for number in range(1, count + 1) for name in ("actionTitle", "actionURL")),
        )
        for count in range(2, 6)
    },
    "sampleActionCard6": (*CARD, "buttonTitle1", "buttonUrl1", "buttonTitle2", "buttonUrl2"),
    "sampleAudio": ("mediaId", "duration"),
    "sampleFile": ("mediaId", "fileName", "fileType"),
    "sampleVideo": ("duration", "videoMediaId", "videoType", "picMediaId"),
}
OPTIONAL = frozenset({"picUrl"})
MEDIA: Mapping[str, Mapping[str, str]] = {
    "sampleAudio": {"mediaId": "voice"},
    "sampleFile": {"mediaId": "file"},
    "sampleVideo": {"videoMediaId": "video", "picMediaId": "image"},
}
"""Fields that hold a media id, and what it must have been uploaded as."""
FILE_TYPES = frozenset({"xlsx", "pdf", "zip", "rar", "doc", "docx"})
READ: Mapping[str, tuple[str, ...]] = {
    "text": ("content",),
    "markdown": ("text",),
    "link": ("title", "text"),
    "actionCard": ("text",),
    "file": ("fileName",),
}
"""What a person reads, by kind."""


def filled(world: "World", msg_key: object, msg_param: object) -> tuple[str, str, dict[str, Any]]:
    """A template filled in: the message's kind, what a person reads, and `msgParam` as an object.

    Raises:
        ApiError: The template is unknown, or what fills it is not as documented.
    """
    if not msg_key:
        raise ApiError("invalidParameter.msgKey.empty", "The msgKey is missing.")
    if not isinstance(msg_key, str) or msg_key not in KINDS:
        world.violation("msg_key", f"unknown msgKey {msg_key!r}")
        raise ApiError("invalidParameter.msgKey.invalid", "The msgKey is invalid.")
    param = _param(world, msg_param)
    for name in FIELDS[msg_key]:
        value = param.get(name)
        if value is None and name in OPTIONAL:
            continue
        if not isinstance(value, str) or not value:
            world.violation("msg_param", f"{msg_key}: {name} is {value!r}, not a text")
            raise ApiError("invalidParameter.param.invalid", f"The parameter is invalid: {name}")
    _check_media(world, msg_key, param)
    kind = KINDS[msg_key]
    return kind, "\n".join(str(param[name]) for name in READ.get(kind, ()) if param.get(name)), param


def _param(world: "World", msg_param: object) -> dict[str, Any]:
    if isinstance(msg_param, str):
        if len(msg_param.encode()) > PARAM_LIMIT:
            raise ApiError("invalidParameter.msgParam.invalid", f"msgParam exceeds {PARAM_LIMIT} bytes")
        try:
            param = json.loads(msg_param)
        except ValueError:
            param = None
        if isinstance(param, dict):
            return param
    world.violation("msg_param", "msgParam is not the JSON text of an object")
    raise ApiError("invalidParameter.msgParam.invalid", "The msgParam must be in JSON format.")


def _check_media(world: "World", msg_key: str, param: Mapping[str, Any]) -> None:
    wanted = dict(MEDIA.get(msg_key, {}))
    if msg_key == "sampleImageMsg" and not param["photoURL"].startswith(("http://", "https://")):
        wanted["photoURL"] = "image"
    for name, kind in wanted.items():
        if world.uploads.get(param[name], kind) is None:
            raise ApiError("invalidParameter.param.invalid", f"The parameter is invalid: {name} is no {kind}")
    if msg_key == "sampleFile" and world.settings.strict_formats and param["fileType"] not in FILE_TYPES:
        raise ApiError("invalidParameter.param.invalid", "The parameter is invalid: fileType")
