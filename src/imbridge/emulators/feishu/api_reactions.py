"""im/v1/messages/:id/reactions."""

from typing import Any

from imbridge.emulators.feishu import events
from imbridge.emulators.feishu.api_messages import the_message
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.errors import ApiError
from imbridge.emulators.feishu.gateway import Call, Routes
from imbridge.emulators.feishu.message import Message, Reaction
from imbridge.emulators.feishu.reacting import push_reaction


def add_routes(routes: Routes) -> None:
    """Adds the routes of this part."""
    routes.add("POST", "im/v1/messages/:id/reactions", create)
    routes.add("GET", "im/v1/messages/:id/reactions", list_reactions)
    routes.add("DELETE", "im/v1/messages/:id/reactions/:reaction", delete)


def create(call: Call) -> dict[str, Any]:
    """`POST im/v1/messages/:id/reactions`."""
    world, message = call.world, _message(call)
    kind = call.json().get("reaction_type")
    emoji = kind.get("emoji_type") if isinstance(kind, dict) else None
    if not isinstance(emoji, str) or not emoji.replace("_", "").isalnum():
        raise ApiError(231001, f"emoji_type {emoji!r}")
    known = [one for one in message.reactions if one.by is call.app and one.emoji_type == emoji]
    if known:  # The same reaction of the same operator exists once.
        return _as_json(call, known[0])
    reaction = Reaction(world.ids.hex("reaction"), emoji, call.app, events.now_ms())
    message.reactions.append(reaction)
    world.stats.reactions += 1
    push_reaction(world, message, reaction, events.REACTION_CREATED)
    return _as_json(call, reaction)


def delete(call: Call) -> dict[str, Any]:
    """`DELETE im/v1/messages/:id/reactions/:reaction`; only one's own."""
    message = _message(call)
    reaction = next((one for one in message.reactions if one.reaction_id == call.args[1]), None)
    if reaction is None:
        raise ApiError(231010)
    if reaction.by is not call.app:
        raise ApiError(231007)
    message.reactions.remove(reaction)
    push_reaction(call.world, message, reaction, events.REACTION_DELETED)
    return _as_json(call, reaction)


def list_reactions(call: Call) -> dict[str, Any]:
    """`GET im/v1/messages/:id/reactions`, on one page; `reaction_type` selects an emoji."""
    wanted = call.query("reaction_type")
    reactions = [one for one in _message(call).reactions if not wanted or one.emoji_type == wanted]
    return {"items": [_as_json(call, one) for one in reactions], "has_more": False, "page_token": ""}


def _message(call: Call) -> Message:
    message = call.world.store.get(call.args[0])
    if message is None or message.recalled:
        raise ApiError(231003)
    return the_message(call)


def _as_json(call: Call, reaction: Reaction) -> dict[str, Any]:
    by = reaction.by
    operator_id = by.app_id if isinstance(by, App) else call.world.directory.ids_of(by, call.app)["open_id"]
    return {
        "reaction_id": reaction.reaction_id,
        "operator": {"operator_id": operator_id, "operator_type": "app" if isinstance(by, App) else "user"},
        "action_time": str(reaction.action_time),
        "reaction_type": {"emoji_type": reaction.emoji_type},
    }
