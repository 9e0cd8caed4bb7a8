"""`response_url`: one message by a plain POST, https://developer.work.weixin.qq.com/document/path/101138."""

import json
import time
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.posting import post

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World


def respond_once(world: "World", response_code: str, raw: bytes) -> dict[str, Any]:
    """What a POST to a `response_url` answers."""
    try:
        _respond(world, response_code, raw)
    except RefusedError as error:
        world.stats.refused += 1
        return {"errcode": error.code, "errmsg": error.errmsg}
    return {"errcode": 0, "errmsg": "ok"}


def _respond(world: "World", response_code: str, raw: bytes) -> None:
    refusal = world.faults.take("refuse_response_url")
    if refusal is not None:
        raise RefusedError(refusal.facts["code"])
    interaction = world.response_codes.get(response_code)
    if interaction is None:
        raise RefusedError(93000, "response_code")
    if interaction.response_used:
        # What the platform answers to a second use is not documented, and reports differ.
        world.violation("response_url_again", f"the response_url of {interaction.msgid} was used before")
        raise RefusedError(93000, "response_code was used")
    if time.monotonic() - interaction.born > world.settings.response_seconds:
        raise RefusedError(93000, "response_code has expired")
    try:
        body = json.loads(raw)
    except ValueError:
        raise RefusedError(40058, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise RefusedError(40058, "the body is no JSON object")
    post(world, interaction.bot, interaction.chat, "response_url", body, interaction)
    interaction.response_used = True
