"""Merged and forwarded messages: what was forwarded, as `GET im/v1/messages/:id` shows it.

The answer's first item is the merged message; all below it follow, whatever their depth, each with the
`upper_message_id` of the merged message it is in
(https://open.feishu.cn/document/server-docs/im-v1/message/get).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu import posting
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.message import BotMessage, Message

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


def copies(world: "World", messages: Sequence[Message]) -> list[Message]:
    """Forwarded messages are copies with ids of their own; what later happens to the originals does not show."""
    return [_copy(world, message) for message in messages]


def _copy(world: "World", message: Message) -> Message:
    message_id = "om_" + world.ids.hex("message")
    world.store.add_merged(message_id)
    copy = replace(
        message,
        message_id=message_id,
        root_id="",
        parent_id="",
        thread_id="",
        edits=[],
        reactions=[],
        pin=None,
        forwarded=copies(world, message.forwarded),
    )
    if isinstance(copy, BotMessage) and copy.entity is not None:
        copy.raw_content = dump(copy.card)
        copy.entity = None
    return copy


def items(
    world: "World", message: Message, app: App, *, id_type: str = "open_id", card_content: str = ""
) -> list[dict[str, Any]]:
    """The message and everything that is merged in it."""

    def shown(one: Message) -> dict[str, Any]:
        return posting.as_json(world, one, app, id_type=id_type, card_content=card_content)

    return [shown(message), *_below(message, shown)]


def _below(message: Message, shown: Callable[[Message], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if message.recalled:
        return
    for child in message.forwarded:
        yield shown(child) | {"upper_message_id": message.message_id}
        yield from _below(child, shown)
