"""A rendered part → the body of a customer-service message, or the answer to a callback. Pure.

Sources: developers.weixin.qq.com, doc/service/api/customer/message/api_sendcustommessage and
doc/service/guide/product/message/Passive_user_reply_message.html.
"""

import time
from typing import Any

from imbridge.adapters.card_seals import NOT_SEALED, NOT_SEALING, Seal, Seals
from imbridge.adapters.pending import Answer
from imbridge.adapters.unreachable import no_address_for
from imbridge.adapters.wechat.capabilities import WECHAT
from imbridge.adapters.wechat.sent.cards import article_losses, article_of, menu_message, menu_of, menu_text
from imbridge.adapters.wechat.sent.literal import literal
from imbridge.adapters.xml import write_xml
from imbridge.protocol import (
    Audio,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    Degradation,
    Element,
    Event,
    Image,
    Media,
    Message,
    Video,
)
from imbridge.rendering import Part, as_plain
from imbridge.rendering.cards import Choice

Body = dict[str, Any]


def openid_of(channel: Channel) -> str:
    """Who gets what is said in a channel.

    Raises:
        TargetGoneError: the channel is none that an account can send to.
    """
    if channel.kind in (ChannelKind.PRIVATE, ChannelKind.USER):
        return channel.id
    raise no_address_for(channel, "an Official Account", private="openid")


def template_of(part: Part) -> Body | None:
    """The template message that a card's own JSON asks for."""
    card = part.elements[0]
    return card.content if isinstance(card, Card) and "template_id" in card.content else None


def message_body(part: Part, seal: Seal = NOT_SEALED) -> tuple[Body, list[Degradation]]:
    """`msgtype` and the content of a part whose media have been uploaded, and what is shown otherwise than meant.

    Raises:
        ContentRefusedError: the part holds something that cannot be sent.
    """
    first = part.elements[0]
    if isinstance(first, Card):
        return _card_body(first, seal)
    if isinstance(first, Media):
        return _media_body(first), []
    return text_body(_text(part.elements, seal)), []


def plainer_body(part: Part, seal: Seal = NOT_SEALED) -> Body:
    """The same as a text with links, for an account that may not send menus."""
    return text_body(_text(part.elements, seal))


def text_body(text: str) -> Body:
    """A text message."""
    return {"msgtype": "text", "text": {"content": text}}


def choices_in(part: Part, seal: Seal) -> list[Choice]:
    """What can be chosen by a number in a card."""
    card = part.elements[0]
    if not isinstance(card, Card) or card.content or article_of(card) is not None:
        return []
    return menu_of(card, seal).choices


def _card_body(card: Card, seal: Seal) -> tuple[Body, list[Degradation]]:
    if card.content:
        if not isinstance(card.content.get("msgtype"), str):
            raise ContentRefusedError(
                "a card's own JSON for WeChat is a customer-service message with its msgtype, or a template message "
                "with its template_id",
                platform="wechat",
            )
        return card.content, []
    article = article_of(card)
    if article is not None:
        return {"msgtype": "news", "news": {"articles": [article]}}, article_losses(card)
    menu = menu_of(card, seal)
    return menu_message(menu), menu.degradations


def _media_body(media: Media) -> Body:
    if isinstance(media, Image):
        return {"msgtype": "image", "image": {"media_id": media.key}}
    if isinstance(media, Audio):
        return {"msgtype": "voice", "voice": {"media_id": media.key}}
    if isinstance(media, Video):
        video = {"media_id": media.key, "title": media.name, "description": ""}
        # The documents' example has a still picture; clients that send none have worked for years.
        return {"msgtype": "video", "video": {**video, "thumb_media_id": media.cover} if media.cover else video}
    raise ContentRefusedError(f"an Official Account cannot send a {type(media).__name__}", platform="wechat")


def _text(elements: tuple[Element, ...], seal: Seal) -> str:
    return "".join(_shown(element, seal) for element in elements)


def _shown(element: Element, seal: Seal) -> str:
    if isinstance(element, Card) and not element.content:
        return menu_text(menu_of(element, seal))
    return literal(as_plain(element))


def passive_fields(said: Answer, seal: Seal = NOT_SEALED) -> Body | None:
    """The fields of a passive reply, but for the head; None for what cannot be one."""
    first = said[0]
    if len(said) == 1:
        if isinstance(first, Card) and first.content:
            return None
        if isinstance(first, Card) and (article := article_of(first)) is not None:
            item = {
                "Title": article["title"],
                "Description": article["description"],
                "PicUrl": "",
                "Url": article["url"],
            }
            return {"MsgType": "news", "ArticleCount": 1, "Articles": {"item": item}}
        if isinstance(first, Media):
            return _passive_media(first)
    text = _text(said, seal)
    if not text or len(text.encode("utf-8", "replace")) > WECHAT.text_bytes:
        return None
    return {"MsgType": "text", "Content": text}


def _passive_media(media: Media) -> Body | None:
    if not media.key:
        return None
    if isinstance(media, Image):
        return {"MsgType": "image", "Image": {"MediaId": media.key}}
    if isinstance(media, Audio):
        return {"MsgType": "voice", "Voice": {"MediaId": media.key}}
    if isinstance(media, Video):
        return {"MsgType": "video", "Video": {"MediaId": media.key, "Title": media.name, "Description": ""}}
    return None


def passive_xml(item: Message | Event, said: Answer, seals: Seals = NOT_SEALING) -> str | None:
    """The answer to the callback that brought something; None for what cannot be one."""
    payload = item.payload
    if not isinstance(payload, dict):
        return None
    fields = passive_fields(said, seals.at(str(payload["FromUserName"])))
    if fields is None:
        return None
    head = {
        "ToUserName": payload["FromUserName"],
        "FromUserName": payload["ToUserName"],
        "CreateTime": int(time.time()),
    }
    return write_xml({**head, **fields})
