"""People who do something other than writing: events, https://developer.work.weixin.qq.com/document/path/101027."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.bot import bodies
from imbridge.emulators.wecom.bot.bot import Bot
from imbridge.emulators.wecom.bot.card_rules import keys_of, menu_keys, preset_of, questions_of, texts_of
from imbridge.emulators.wecom.bot.chat import BotChat
from imbridge.emulators.wecom.bot.interaction import Interaction, Reason
from imbridge.emulators.wecom.bot.message import BotMessage, SentMessage

if TYPE_CHECKING:
    from imbridge.emulators.wecom.bot.user import BotUser
    from imbridge.emulators.wecom.bot.world import World

Selected = str | Sequence[str] | Mapping[str, str | Sequence[str]] | None


class NothingToDoError(AssertionError):
    """A client would not send anything: there is nothing of the kind to click or rate."""


def note(world: "World", sent: SentMessage, interaction: Interaction) -> None:
    """Writes down by which ids a bot was told."""
    sent.msgids[interaction.bot] = interaction.msgid
    sent.req_ids[interaction.bot] = interaction.req_id
    if not sent.msgid:
        sent.msgid, sent.req_id = interaction.msgid, interaction.req_id
        sent.response_url = world.response_url(interaction) if interaction.response_code else ""


def tell(
    world: "World",
    user: "BotUser",
    chat: BotChat,
    bot: Bot,
    reason: Reason,
    details: dict[str, Any] | None,
    clicked: BotMessage | None = None,
) -> SentMessage:
    """Gives out an event."""
    interaction = world.begin(bot, chat, user, reason)
    if clicked is not None and details is not None:
        interaction.clicked, interaction.task_id = clicked, details["task_id"]
    sent = SentMessage(chat=chat, sender=user, kind="event", text=f"[{reason}]")
    note(world, sent, interaction)
    world.give_out(interaction, bodies.event_body(world, interaction, details))
    return sent


def click(world: "World", user: "BotUser", message: BotMessage, key: str | None, selected: Selected) -> SentMessage:
    """A click on a card.

    Raises:
        NothingToDoError: There is nothing of that kind on the card.
    """
    card = message.card
    if user not in message.chat.members or not card:
        raise NothingToDoError(f"{user.name} sees no card in {message!r}")
    keys = keys_of(card)
    if key is None and len(keys) == 1:
        key = keys[0]
    if key not in keys:
        key = texts_of(card).get(key or "", key)
    if key not in keys:
        raise NothingToDoError(f"the card has {keys}, not {key!r}")
    details: dict[str, Any] = {"card_type": card["card_type"], "event_key": key, "task_id": card.get("task_id", "")}
    if not details["task_id"]:
        # The card of an update has none: https://developer.work.weixin.qq.com/document/path/101032 says it is ignored.
        details["task_id"] = next((old["task_id"] for old in reversed(message.cards) if old.get("task_id")), "")
    if key not in menu_keys(card):
        chosen = preset_of(card) | _chosen(card, selected)
        if chosen:
            items = [{"question_key": name, "option_ids": {"option_id": ids}} for name, ids in chosen.items()]
            details["selected_items"] = {"selected_item": items}
    return tell(world, user, message.chat, message.bot, "template_card_event", details, message)


def rate(
    world: "World", user: "BotUser", message: BotMessage, good: bool | None, text: str, reasons: Sequence[int]
) -> SentMessage:
    """A rating.

    Raises:
        NothingToDoError: The message cannot be rated.
    """
    if user not in message.chat.members or not message.feedback_id:
        raise NothingToDoError(f"{user.name} cannot rate {message!r}: it was sent without a feedback id")
    kind = 3 if good is None else 1 if good else 2
    details: dict[str, Any] = {"id": message.feedback_id, "type": kind}
    if text:
        details["content"] = text
    if reasons:
        details["inaccurate_reason_list"] = list(reasons)
    return tell(world, user, message.chat, message.bot, "feedback_event", details)


def _chosen(card: dict[str, Any], selected: Selected) -> dict[str, list[str]]:
    if selected is None:
        return {}
    questions = questions_of(card)
    if not isinstance(selected, Mapping):
        if len(questions) != 1:
            raise NothingToDoError(f"the card asks {list(questions)}: say selected={{question: option}}")
        selected = {next(iter(questions)): selected}
    chosen: dict[str, list[str]] = {}
    for name, ids in selected.items():
        known = questions.get(name, {})
        chosen[name] = [known.get(one, one) for one in ([ids] if isinstance(ids, str) else ids)]
        if not set(chosen[name]) <= set(known.values()):
            raise NothingToDoError(f"question {name!r} has the options {questions.get(name)}, not {chosen[name]}")
    return chosen
