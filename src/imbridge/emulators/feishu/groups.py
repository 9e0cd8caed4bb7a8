"""What people do to groups; every bot of the group that is subscribed is told."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.feishu import chat_events, old_events
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

Pushed = list[str]
"""The ids of the events pushed, one for each app that is subscribed."""


class Groups:
    """Members, names and ends of groups. Reached as `feishu.groups`."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def add_bot(self, chat: Chat, app: App, *, by: "User") -> Pushed:
        """Somebody adds a bot: `im.chat.member.bot.added_v1` for that bot alone."""
        chat.apps.append(app)
        return self._bot(chat, app, by, chat_events.BOT_ADDED, old_events.BOT_ADDED)

    def remove_bot(self, chat: Chat, app: App, *, by: "User") -> Pushed:
        """Somebody removes a bot: `im.chat.member.bot.deleted_v1` for that bot alone."""
        chat.apps.remove(app)
        return self._bot(chat, app, by, chat_events.BOT_DELETED, old_events.BOT_REMOVED)

    def add_members(self, chat: Chat, *users: "User", by: "User") -> Pushed:
        """People join: `im.chat.member.user.added_v1`."""
        chat.members.extend(user for user in users if user not in chat.members)
        return self._members(chat, users, by, chat_events.USERS_ADDED, old_events.USERS_ADDED)

    def remove_members(self, chat: Chat, *users: "User", by: "User") -> Pushed:
        """People leave (`by` is then the person) or are removed: `im.chat.member.user.deleted_v1`."""
        self._without(chat, users)
        return self._members(chat, users, by, chat_events.USERS_DELETED, old_events.USERS_REMOVED)

    def withdraw_members(self, chat: Chat, *users: "User", by: "User") -> Pushed:
        """Somebody takes an invitation back: `im.chat.member.user.withdrawn_v1`."""
        self._without(chat, users)
        return self._members(chat, users, by, chat_events.USERS_WITHDRAWN, old_events.USERS_WITHDRAWN)

    def change(
        self,
        chat: Chat,
        *,
        by: "User",
        name: str | None = None,
        description: str | None = None,
        owner: "User | None" = None,
        topic: bool | None = None,
    ) -> Pushed:
        """Somebody changes name, description, owner or form of a group: `im.chat.updated_v1`."""
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        if name is not None:
            before["name"], after["name"], chat.name = chat.name, name, name
        if description is not None:
            before["description"], after["description"], chat.description = chat.description, description, description
        if topic is not None:
            before["group_message_type"], after["group_message_type"] = _form(chat.topic), _form(topic)
            chat.topic = topic
        old_owner = chat.owner
        if owner is not None:
            before |= {} if old_owner is None else {"owner_id": old_owner}
            after["owner_id"] = chat.owner = owner

        def payload(app: App) -> dict[str, Any]:
            return chat_events.updated(self._world, chat, app, by, before, after)

        pushed = self._tell(chat, chat_events.CHAT_UPDATED, payload)
        if owner is not None:  # of these changes, the only one that the old event knows
            directory = self._world.directory
            self._tell_old(
                chat,
                old_events.GROUP_CHANGED,
                lambda app: old_events.group_owner_changed(chat, app, by, old_owner, owner, directory),
            )
        return pushed

    def disband(self, chat: Chat, *, by: "User", keep_history: bool = False) -> Pushed:
        """Somebody disbands a group: `im.chat.disbanded_v1`, but not when the members keep the history."""
        chat.dissolved = True
        if keep_history:
            return []
        directory = self._world.directory
        pushed = self._tell(
            chat, chat_events.CHAT_DISBANDED, lambda app: chat_events.chat_event(self._world, chat, app, by)
        )
        self._tell_old(chat, old_events.CHAT_DISBANDED, lambda app: old_events.chat_disbanded(chat, app, by, directory))
        return pushed

    def _bot(self, chat: Chat, app: App, by: "User", event_type: str, old_type: str) -> Pushed:
        world = self._world
        event_id = world.push(app, event_type, chat_events.chat_event(world, chat, app, by))
        if app.names(old_type):
            world.push_old(app, old_type, old_events.bot_membership(chat, app, by, world.directory))
        return [event_id] if event_id else []

    def _members(self, chat: Chat, users: "tuple[User, ...]", by: "User", event_type: str, old_type: str) -> Pushed:
        world = self._world
        pushed = self._tell(chat, event_type, lambda app: chat_events.users_event(world, chat, app, by, users))
        self._tell_old(chat, old_type, lambda app: old_events.chat_users(chat, app, by, users, world.directory))
        return pushed

    def _tell(self, chat: Chat, event_type: str, payload: Callable[[App], dict[str, Any]]) -> Pushed:
        pushed = [self._world.push(app, event_type, payload(app)) for app in chat.apps]
        return [event_id for event_id in pushed if event_id]

    def _tell_old(self, chat: Chat, old_type: str, payload: Callable[[App], dict[str, Any]]) -> None:
        for app in chat.apps:
            if app.names(old_type):
                self._world.push_old(app, old_type, payload(app))

    def _without(self, chat: Chat, users: "tuple[User, ...]") -> None:
        chat.members[:] = [member for member in chat.members if member not in users]


def _form(topic: bool) -> str:
    return "thread" if topic else "chat"
