"""A person who talks with bots."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

from imbridge.emulators.common.compact_json import dump
from imbridge.emulators.feishu import acting, events, merged, old_events
from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat
from imbridge.emulators.feishu.events import now_ms
from imbridge.emulators.feishu.inbox import Expected, Inbox
from imbridge.emulators.feishu.message import BotMessage, Edit, Message, Reaction, SentMessage
from imbridge.emulators.feishu.posting import place
from imbridge.emulators.feishu.profile import Profile
from imbridge.emulators.feishu.reacting import push_reaction
from imbridge.emulators.feishu.sending import Sending
from imbridge.emulators.feishu.sending import Where as Place

if TYPE_CHECKING:
    from imbridge.emulators.feishu.world import World

Where = Chat | App | None
"""A chat; an app (the private chat with its bot); None: the private chat with the only bot there is."""


class User(Sending):
    """A person of the tenant. Made by `FeishuEmulator.add_user`.

    Attributes:
        profile: What the directory knows beside name, ids and e-mail.
    """

    def __init__(
        self, world: "World", name: str, *, union_id: str, user_id: str, email: str, profile: Profile | None = None
    ) -> None:
        self.name = name
        self.union_id = union_id
        self.user_id = user_id
        self.email = email
        self.profile = profile or Profile()
        self.inbox = Inbox(name, world.settings.history)
        self._world = world

    def __repr__(self) -> str:
        return f"<User {self.name!r} {self.user_id}>"

    @property
    def open_id(self) -> str:
        """The open_id for the first app that was added (open_ids are per app: see `open_id_for`)."""
        for app in self._world.directory.apps.values():
            return self.open_id_for(app)
        raise RuntimeError(f"{self.name} has no open_id yet: an open_id is per app, and there is no app. Call add_app.")

    def open_id_for(self, app: App) -> str:
        """The open_id by which this app knows the person."""
        return self._world.directory.ids_of(self, app)["open_id"]

    async def says(
        self,
        text: str,
        *,
        chat: Where = None,
        mentions: "tuple[User | App, ...] | list[User | App]" = (),
        mention_all: bool = False,
    ) -> SentMessage:
        """Sends a text.

        Args:
            text: What is said. `@name` of somebody in `mentions` (or `@bot` for an app) becomes the placeholder; a
                mention whose name is not in the text is put in front.
            chat: Where.
            mentions: Who is mentioned.
            mention_all: Mentions everybody: `@_all` in the text, nothing in the event's mentions, as the platform does.
        """
        content, mentioned = _text_content(text, mentions, mention_all=mention_all)
        return await self._post("text", dump(content), self._chat(chat), mentioned)

    async def sends(
        self,
        msg_type: str,
        content: dict[str, Any] | str,
        *,
        mentions: "tuple[User | App, ...] | list[User | App]" = (),
        forwarded: Sequence[Message] = (),
        **where: Unpack[Place],
    ) -> SentMessage:
        """Sends any type of message with any content; the content is not checked."""
        parent = where.get("reply_to")
        chat = self._chat(where.get("chat")) if parent is None else parent.chat
        raw = content if isinstance(content, str) else dump(content)
        return await self._post(
            msg_type,
            raw,
            chat,
            tuple(mentions),
            parent=parent,
            in_thread=where.get("thread", False),
            forwarded=forwarded,
        )

    def keeps_image(self, data: bytes) -> str:
        """Uploads an image; returns its key."""
        return self._world.uploads.add_image(data, self).key

    def keeps_file(self, data: bytes, *, name: str, file_type: str, duration: int | None = None) -> str:
        """Uploads a file; returns its key."""
        return self._world.uploads.add_file(data, self, name=name, file_type=file_type, duration=duration).key

    async def replies(
        self,
        to: Message,
        text: str,
        *,
        thread: bool = False,
        mentions: "tuple[User | App, ...] | list[User | App]" = (),
    ) -> SentMessage:
        """Replies to a message, with `thread=True` in its thread (which is opened if there is none)."""
        content, mentioned = _text_content(text, mentions, mention_all=False)
        return await self._post("text", dump(content), to.chat, mentioned, parent=to, in_thread=thread)

    def recalls(self, message: Message) -> list[str]:
        """Recalls a message of one's own; returns the ids of the events pushed."""
        self._must_own(message, "recall")
        message.recalled = True
        event = events.message_recalled(message, "message_owner")
        return [self._world.push(app, events.MESSAGE_RECALLED, event) for app in message.chat.apps]

    def edits(self, message: Message, text: str, *, pushed: bool = False) -> dict[str, str]:
        """Changes the text of one's own message; the API shows it.

        Args:
            message: Which.
            text: The new text.
            pushed: The platform documents no event of an edited message, so none is pushed. With True the message
                is pushed once more, with the same id and an `update_time` later than its `create_time`, as the
                event's fields would allow; whether the platform ever does is unverified.

        Returns:
            The ids of the events pushed, by app_id.
        """
        self._must_own(message, "edit")
        message.edits.append(Edit(message.raw_content, now_ms()))
        message.raw_content = dump({"text": text})
        message.update_time = max(now_ms(), message.create_time + 1)
        return self._world.push_message(message) if pushed else {}

    def reacts(self, message: Message | str, emoji_type: str) -> Reaction:
        """Puts an emoji on a message (its id will do) and pushes the event."""
        target = self._message(message)
        reaction = Reaction(self._world.ids.hex("reaction"), emoji_type, self, now_ms())
        target.reactions.append(reaction)
        push_reaction(self._world, target, reaction, events.REACTION_CREATED)
        return reaction

    def unreacts(self, message: Message | str, emoji_type: str) -> None:
        """Takes one's emoji away again and pushes the event."""
        target = self._message(message)
        for reaction in target.reactions:
            if reaction.by is self and reaction.emoji_type == emoji_type:
                target.reactions.remove(reaction)
                push_reaction(self._world, target, reaction, events.REACTION_DELETED)
                return
        raise ValueError(f"{self.name} has no {emoji_type} on {target.message_id}")

    def reads(self, *messages: BotMessage) -> list[str]:
        """Marks bot messages as read; returns the ids of the events pushed, one for each app."""
        for message in messages:
            message.read_by.setdefault(self, now_ms())
        pushed = []
        for app in {message.app_id: message.sender for message in messages}.values():
            if isinstance(app, App):
                own = [message.message_id for message in messages if message.sender is app]
                ids = self._world.directory.ids_of(self, app)
                event = events.messages_read(ids, own, self._world.settings.tenant_key)
                pushed.append(self._world.push(app, events.MESSAGE_READ, event))
                if app.names(old_events.MESSAGE_READ):
                    chat_id = next(message.chat_id for message in messages if message.sender is app)
                    old = old_events.messages_read(self, app, chat_id, own, self._world.directory)
                    self._world.push_old(app, old_events.MESSAGE_READ, old)
        return pushed

    def enters_chat(self, app: App) -> str:
        """Opens the private chat with a bot; returns the event's id."""
        return acting.enters_chat(self._world, self, app)

    def clicks_menu(self, app: App, event_key: str) -> str:
        """Presses a button of the bot's menu; returns the event's id."""
        return acting.clicks_menu(self._world, self, app, event_key)

    async def previews_link(self, app: App, url: str, *, message: Message | None = None, timeout: float = 5.0) -> Any:
        """Sees a link the app previews (in a message, or while typing it); returns the app's answer.

        Raises:
            CallbackError: There is no right answer in time (it is due in `settings.ack_timeout`).
        """
        return await acting.previews_link(self._world, self, app, url, message, timeout)

    def comments(
        self, app: App, file_token: str, *, file_type: str = "docx", comment_id: str = "", mentioned: bool = True
    ) -> str:
        """Comments on a document so that the bot is told; with `comment_id` a reply there. Returns the event's id."""
        return acting.comments(self._world, self, app, file_token, file_type, comment_id, mentioned=mentioned)

    def invites_to_meeting(self, app: App, topic: str = "Meeting", *, meeting_no: str = "123456789") -> str:
        """Invites the bot to a video meeting; returns the event's id."""
        return acting.invites_to_meeting(self._world, self, app, topic, meeting_no)

    async def receives(self, expected: Expected = None, chat: Where = None, timeout: float = 5.0) -> BotMessage:
        """Waits for a bot's message that fits and was not received before; messages that do not fit stay.

        Args:
            expected: The whole text, a pattern to find in it, or a function of the message; None: any.
            chat: Only messages there.
            timeout: Seconds to wait.

        Raises:
            AssertionError: None came; says what was expected and what came instead.
        """
        return await self.inbox.receive(expected, timeout, None if chat is None else self._chat(chat))

    async def receives_nothing(self, within: float = 0.2, chat: Where = None) -> None:
        """Waits `within` seconds; AssertionError if a message is there that was not received before."""
        await self.inbox.receive_nothing(within, None if chat is None else self._chat(chat))

    def _chat(self, where: Where) -> Chat:
        directory = self._world.directory
        if isinstance(where, Chat):
            return where
        if isinstance(where, App):
            return directory.private_chat(self, where)
        if len(directory.apps) != 1:
            raise ValueError(f"say which chat: there are {len(directory.apps)} apps")
        return directory.private_chat(self, next(iter(directory.apps.values())))

    def _message(self, message: Message | str) -> Message:
        if isinstance(message, Message):
            return message
        found = self._world.store.get(message)
        if found is None:
            raise ValueError(f"there is no message {message} (any more)")
        return found

    def _must_own(self, message: Message, what: str) -> None:
        if message.sender is not self:
            raise ValueError(f"{self.name} can {what} their own messages only, not {message.message_id}")

    async def _post(
        self,
        msg_type: str,
        raw_content: str,
        chat: Chat,
        mentions: "tuple[User | App, ...]",
        *,
        parent: Message | None = None,
        in_thread: bool = False,
        forwarded: Sequence[Message] = (),
    ) -> SentMessage:
        world = self._world
        if self not in chat.members:
            raise ValueError(f"{self.name} is not in {chat!r}")
        root_id, parent_id, thread_id = place(world, chat, parent, in_thread=in_thread)
        message = SentMessage(
            message_id="om_" + world.ids.hex("message"),
            chat=chat,
            sender=self,
            msg_type=msg_type,
            raw_content=raw_content,
            create_time=now_ms(),
            root_id=root_id,
            parent_id=parent_id,
            thread_id=thread_id,
            mentions=mentions,
            forwarded=merged.copies(world, forwarded),
        )
        world.store.add(message)
        message.event_ids = world.push_message(message)
        message.event_id = next(iter(message.event_ids.values()), "")
        for app in chat.apps:
            await world.queue(app).drain()
        return message


def _text_content(
    text: str, mentions: "tuple[User | App, ...] | list[User | App]", *, mention_all: bool
) -> "tuple[dict[str, Any], tuple[User | App, ...]]":
    for number, who in enumerate(mentions, start=1):
        key = f"@_user_{number}"
        names = [f"@{who.name}", "@bot"] if isinstance(who, App) else [f"@{who.name}"]
        name = next((name for name in names if name in text), None)
        text = text.replace(name, key, 1) if name else f"{key} {text}"
    if mention_all:
        text = text.replace("@all", "@_all", 1) if "@all" in text else f"@_all {text}"
    return {"text": text}, tuple(mentions)
