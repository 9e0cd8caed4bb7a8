"""The robot's message templates: `msgKey` and `msgParam`.

Rule: open.dingtalk.com, "Types of messages sent by enterprise robots".
"""

import json
from typing import TYPE_CHECKING, Any

from imbridge.emulators.dingtalk.errors import ApiError

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World

PARAM_LIMIT = 15_000


def filled(world: "World", msg_key: object, msg_param: object) -> tuple[str, str, dict[str, Any]]:
    """A template filled in: the message's kind, what a person reads, and `msgParam` as an object.

    Raises:
        ApiError: The template is unknown, or what fills it is not as documented.
    """
    if not isinstance(msg_param, str):
        world.violation("msg_param", f"msgParam is the JSON text of an object, not {type(msg_param).__name__}")
        raise ApiError("invalidParameter.msgParam.invalid", "msgParam invalid")
    try:
        param = json.loads(msg_param)
    except ValueError:
        param = None
    if not isinstance(param, dict):
        world.violation("msg_param", "msgParam is not the JSON text of an object")
        raise ApiError("invalidParameter.msgParam.invalid", "msgParam invalid")
    if msg_key == "sampleText":
        return "text", str(param.get("content", "")), param
    if msg_key == "sampleMarkdown":
        return "markdown", str(param.get("text", "")), param
    world.violation("msg_key", f"unknown msgKey {msg_key!r}")
    raise ApiError("invalidParameter.msgKey.invalid", "msgKey invalid")
