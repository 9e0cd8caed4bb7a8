"""Telling the apps of a chat about a reaction."""

from typing import TYPE_CHECKING

from imbridge.emulators.feishu import events
from imbridge.emulators.feishu.message import Message, Reaction

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World


def push_reaction(world: "World", message: Message, reaction: Reaction, event_type: str) -> list[str]:
    """Pushes the event to every app of the chat, the reacting one included if the settings say so."""
    pushed = []
    for app in message.chat.apps:
        if reaction.by is app and not world.settings.echo_reactions:
            continue
        event = events.reaction_changed(message, reaction, app, world.directory)
        pushed.append(world.push(app, event_type, event))
    return pushed
