"""Merged and forwarded messages: what was forwarded, as `GET im/v1/messages/:id` shows it.

The answer's first item is the merged message; all below it follow, whatever their depth, each with the
`upper_message_id` of the merged message it is in
(https://open.feishu.cn/document/server-docs/im-v1/message/get).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu import posting
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.message import Message

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


def copies(world: "World", messages: Sequence[Message]) -> list[Message]:
    """Forwarded messages are copies with ids of their own; what later happens to the originals does not show."""
    return [
        replace(
            message,
            message_id="om_" + world.ids.next("message"),
            root_id="",
            parent_id="",
            thread_id="",
            edits=[],
            reactions=[],
            forwarded=copies(world, message.forwarded),
        )
        for message in messages
    ]


def items(world: "World", message: Message, app: App) -> list[dict[str, Any]]:
    """The message and everything that is merged in it."""
    return [posting.as_json(world, message, app), *_below(world, message, app)]


def _below(world: "World", message: Message, app: App) -> Iterator[dict[str, Any]]:
    if message.recalled:
        return
    for child in message.forwarded:
        yield posting.as_json(world, child, app) | {"upper_message_id": message.message_id}
        yield from _below(world, child, app)
