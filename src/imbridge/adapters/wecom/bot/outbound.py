"""Rendered parts → the bodies of a smart bot's messages. Pure.

Source: developer.work.weixin.qq.com, "long connection" (path/101463), "passive replies" (path/101031).
"""

import hashlib
from typing import Any

from imbridge.adapters.card_seals import Seal
from imbridge.adapters.unreachable import no_address_for
from imbridge.adapters.wecom.bot.events import FEEDBACK
from imbridge.adapters.wecom.bot.thinking import shut
from imbridge.adapters.wecom.sent.cards import has_task, template_card
from imbridge.adapters.wecom.sent.markdown import BOT
from imbridge.adapters.wecom.sent.speaking import task_id
from imbridge.protocol import (
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    Loss,
)
from imbridge.rendering import Part, PartKind, message_in

_STREAM = "stream"
_TITLE_BYTES = 64


def content_of(part: Part) -> str:
    """What a text or Markdown part says, as Markdown."""
    return message_in(part, BOT).text


def measure(part: Part) -> int:
    """Bytes of a part's content as sent."""
    return 0 if part.kind.alone else len(content_of(part).encode("utf-8", "replace"))


def stream_body(stream_id: str, content: str, *, finish: bool, feedback: bool = False) -> dict[str, Any]:
    """One state of a stream; with `feedback`, in its first state, people can rate it."""
    stream: dict[str, Any] = {"id": stream_id, "finish": finish, "content": shut(content) if finish else content}
    if feedback:
        stream["feedback"] = {"id": FEEDBACK + stream_id}
    return {"msgtype": _STREAM, _STREAM: stream}


def markdown_body(content: str, rated_as: str = "") -> dict[str, Any]:
    """A message that is pushed: there is no plain text (code 40008). With `rated_as`, people can rate it."""
    markdown: dict[str, Any] = {"content": content}
    if rated_as:
        markdown["feedback"] = {"id": FEEDBACK + rated_as}
    return {"msgtype": "markdown", "markdown": markdown}


def stream_id_of(key: str) -> str:
    """The stream that a part becomes: the same for each attempt, so that a repeated one changes nothing."""
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def template_of(card: Card, seal: Seal, *, settled: str = "") -> tuple[dict[str, Any], list[Degradation]]:
    """A card as a template card without a `task_id` of ours, and what is shown otherwise than meant.

    Args:
        card: The card.
        seal: What seals it for the chat that it goes to.
        settled: As `template_card` has it, for a card that takes the place of another.

    Raises:
        ContentRefusedError: it is another kind of message.
        DoesNotFitError: no template card has room for it.
    """
    if not card.content:
        of_model, degradations = template_card(
            card, {}, seal, settled=settled
        )  # there is no place to upload its pictures to
        return _without_links(of_model, degradations), degradations
    content = card.content
    made: Any = content.get("template_card") if content.get("msgtype") == "template_card" else content
    if not isinstance(made, dict) or not isinstance(made.get("card_type"), str):
        raise ContentRefusedError(
            "a smart bot shows template cards only: Card(content={'card_type': ..., ...})", platform="wecom"
        )
    return made, []


def card_body(card: Card, key: str, seal: Seal) -> tuple[dict[str, Any], list[Degradation]]:
    """The body of a card's message; what can be clicked gets a `task_id`, by which clicks find it.

    Raises:
        ContentRefusedError: as `template_of`.
        DoesNotFitError: as `template_of`.
    """
    made, degradations = template_of(card, seal)
    if has_task(made):
        made = {"task_id": task_id(key), **made}
    return {"msgtype": "template_card", "template_card": made}, degradations


def _without_links(made: dict[str, Any], degradations: list[Degradation]) -> dict[str, Any]:
    """Its buttons tell us of a click, all of them: addresses stand in the text."""
    links = [button for button in made.get("button_list", ()) if "url" in button]
    if not links:
        return made
    why = "the buttons of a smart bot's cards open no pages"
    degradations += [Degradation(loss=Loss.AS_TEXT, what="button", how="text: its address", why=why)] * len(links)
    text = "\n".join([made.get("sub_title_text", ""), *(f"{link['text']}: {link['url']}" for link in links)])
    buttons = [button for button in made["button_list"] if "url" not in button]
    return {**made, "sub_title_text": text.lstrip("\n"), "button_list": buttons}


def media_body(kind: str, media_id: str, title: str = "") -> dict[str, Any]:
    """The body of an uploaded medium's message; `title` is for videos."""
    fields = {"media_id": media_id}
    if kind == "video" and title:
        fields["title"] = title.encode()[:_TITLE_BYTES].decode(errors="ignore")
    return {"msgtype": kind, kind: fields}


def stream_in(part: Part) -> str:
    """The id of the growing stream that a part stands for; empty when it stands for none."""
    card = part.elements[0] if part.kind is PartKind.CARD else None
    if isinstance(card, Card) and card.content.get("msgtype") == _STREAM:
        stream = card.content.get(_STREAM)
        return str(stream.get("id") or "") if isinstance(stream, dict) else ""
    return ""


def stream_card(stream_id: str, text: str) -> Card:
    """What has to be sent so that a growing stream is seen."""
    return Card(content={"msgtype": _STREAM, _STREAM: {"id": stream_id}}, text=text or "\u2026")


def chat(channel: Channel) -> dict[str, Any]:
    """The fields of a push that say where it goes.

    Raises:
        TargetGoneError: the channel is none that a bot can send to.
    """
    if channel.kind is ChannelKind.GROUP:
        return {"chatid": channel.id, "chat_type": 2}
    if channel.kind in (ChannelKind.PRIVATE, ChannelKind.USER):
        return {"chatid": channel.id, "chat_type": 1}
    raise no_address_for(channel, "a smart bot", private="userid", group="chatid")
