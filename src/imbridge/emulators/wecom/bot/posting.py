"""Messages of bots: what is allowed, and what people see of it.

Rules: https://developer.work.weixin.qq.com/document/path/101031 (answers), 101463 (long connection), 101138
(`response_url`).
"""

import time
from typing import TYPE_CHECKING, Any, NoReturn

from imbridge.emulators.wecom.bot import streams
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.card_rules import check_card
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.errors import RefusedError
from imbridge.emulators.wecom.bot.interaction import Interaction
from imbridge.emulators.wecom.bot.message import BotMessage, How, Kind
from imbridge.emulators.wecom.bot.showing import show
from imbridge.emulators.wecom.bot.uploads import Upload

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.world import World

MEDIA = frozenset({"file", "image", "voice", "video"})
ALLOWED: dict[How, frozenset[str]] = {
    "respond": frozenset({"stream", "stream_with_template_card", "template_card", "markdown"}) | MEDIA,
    "push": frozenset({"template_card", "markdown"}) | MEDIA,
    "passive": frozenset({"stream", "stream_with_template_card", "template_card"}),
    "response_url": frozenset({"template_card", "markdown"}),
    "welcome": frozenset({"text", "template_card"}),
}


def post(
    world: "World", bot: Bot, chat: BotChat, how: How, body: dict[str, Any], interaction: Interaction | None = None
) -> BotMessage:
    """Makes a message, or changes the stream that the body names; of a stream with a card, returns the stream.

    Raises:
        RefusedError: The body breaks a rule.
    """
    msgtype = body.get("msgtype")
    if msgtype not in ALLOWED[how]:
        raise RefusedError(40008, f"msgtype {msgtype!r}")
    if msgtype == "stream_with_template_card" and how == "respond" and not world.settings.ws_stream_with_card:
        raise RefusedError(40008, "stream_with_template_card on the long connection")
    posting = Posting(world, bot, chat, how, body, interaction)
    if msgtype == "template_card":
        return posting.card()
    if msgtype == "markdown":
        return posting.written("markdown")
    if msgtype == "text":
        return posting.written("text")
    if msgtype in MEDIA:
        return posting.medium(msgtype)
    if interaction is None:
        _impossible(how)
    if msgtype == "stream_with_template_card" and body.get("template_card") is not None:
        if interaction.card_sent:
            raise RefusedError(40058, "a card was sent with this message already")
        check_card(body["template_card"])
        message = streams.frame(posting, interaction)
        posting.card()
        interaction.card_sent = True
        return message
    return streams.frame(posting, interaction)


class Posting:
    """One body on its way to become a message."""

    def __init__(
        self,
        world: "World",
        bot: Bot,
        chat: BotChat,
        how: How,
        body: dict[str, Any],
        interaction: Interaction | None,
    ) -> None:
        self.world = world
        self.bot = bot
        self.chat = chat
        self.how = how
        self.body = body
        self.req_id = "" if interaction is None else interaction.req_id

    def written(self, kind: Kind) -> BotMessage:
        """A Markdown message or a text."""
        fields = self.fields(kind)
        content = self.content(fields)
        if not content.strip():
            raise RefusedError(40058, "content is empty")
        feedback_id = self.feedback(fields)
        return self.publish(kind, states=[content], feedback_id=feedback_id)

    def card(self) -> BotMessage:
        """A template card."""
        card = check_card(self.body.get("template_card"))
        if self.how == "push" and self.chat.kind == "group" and not self.world.settings.card_pushes_to_groups:
            raise RefusedError(40008, "template_card is for single chats")
        task_id = card.get("task_id")
        if task_id is not None and (self.bot, task_id) in self.world.task_ids:
            raise RefusedError(40058, f"task_id {task_id} was used before")
        feedback_id = self.feedback(card)
        message = self.publish("template_card", card=card, feedback_id=feedback_id)
        if task_id is not None:
            self.world.task_ids.add((self.bot, task_id))
        return message

    def medium(self, kind: str) -> BotMessage:
        """An uploaded file, image, voice message or video."""
        media_id = self.fields(kind).get("media_id")
        return self.publish("media", media=self.world.uploads.medium(self.bot, kind, media_id))

    def fields(self, name: str) -> dict[str, Any]:
        """The structure that is named like the type."""
        fields = self.body.get(name)
        if not isinstance(fields, dict):
            raise RefusedError(40058, f"{name} is missing")
        return fields

    def content(self, fields: dict[str, Any]) -> str:
        """The `content`; absent is empty."""
        content = fields.get("content", "")
        if not isinstance(content, str):
            raise RefusedError(40058, "content is no text")
        try:
            size = len(content.encode())
        except UnicodeEncodeError:
            raise RefusedError(40058, "content is not UTF-8") from None
        limit = self.world.settings.content_limit
        if size > limit:
            raise RefusedError(45002, f"content of {size} bytes, the limit is {limit}")
        return content

    def feedback(self, fields: dict[str, Any]) -> str:
        """The feedback id, or empty."""
        feedback = fields.get("feedback") or {}
        feedback_id = feedback.get("id", "") if isinstance(feedback, dict) else None
        if not isinstance(feedback_id, str) or len(feedback_id.encode()) > self.world.settings.feedback_limit:
            raise RefusedError(40058, "feedback")
        return feedback_id

    def publish(
        self,
        kind: Kind,
        *,
        states: list[str] | None = None,
        card: dict[str, Any] | None = None,
        media: Upload | None = None,
        feedback_id: str = "",
        stream_id: str = "",
        visible: bool = True,
        finished: bool = True,
    ) -> BotMessage:
        """Makes the message, unless the conversation has had too many.

        Raises:
            RefusedError: 45009, it has.
        """
        world, stats = self.world, self.world.stats
        dropped = self._over_rate()
        now = time.monotonic()
        message = BotMessage(
            msgid=world.ids.hex("bot_msgid"),
            bot=self.bot,
            chat=self.chat,
            kind=kind,
            how=self.how,
            body=self.body,
            created=now,
            changed=now,
            req_id=self.req_id,
            stream_id=stream_id,
            states=states or [],
            finished=finished,
            dropped=dropped,
            media=media,
            card=card or {},
            feedback_id=feedback_id,
        )
        world.messages.append(message)
        stats.replies += self.how in {"respond", "passive"}
        stats.pushes += self.how == "push"
        stats.response_urls += self.how == "response_url"
        stats.welcomes += self.how == "welcome"
        if visible:
            show(message)
        return message

    def _over_rate(self) -> bool:
        """Whether the conversation has had too many messages, and the platform says nothing.

        Raises:
            RefusedError: 45009, it has, and the platform says so.
        """
        world, chat = self.world, self.chat
        settings = world.settings
        key = f"{self.bot.bot_id} {chat.kind} {chat.chatid}"
        if not settings.rate_limits or world.chat_rates.take(key)[0] == 0:
            return False
        world.stats.rate_limited += 1
        limits = f"{settings.chat_rate_minute} a minute or {settings.chat_rate_hour} an hour"
        world.violation("rate_exceeded", f"{self.bot.bot_id} sent more than {limits} to {chat.chatid}")
        if not settings.rate_drops:
            raise RefusedError(45009)
        return True


def _impossible(how: str) -> NoReturn:
    raise RuntimeError(f"a stream cannot be sent by {how}")
