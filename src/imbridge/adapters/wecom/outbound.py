"""A rendered part → the body of `message/send`, or the answer to a callback. Pure.

Source: developer.work.weixin.qq.com, "send messages of an app" (path/90236).
"""

import time
from typing import Any

from imbridge.adapters.base import Answer
from imbridge.adapters.xml import write_xml
from imbridge.protocol import Channel, ChannelKind, ContentRefusedError, Message, TargetGoneError
from imbridge.rendering import Part, PartKind


def message_body(part: Part, *, markdown: bool) -> dict[str, Any]:
    """`msgtype` and the content of a part whose media have been uploaded.

    Raises:
        ContentRefusedError: the part holds something that this version cannot send.
    """
    if part.kind in (PartKind.TEXT, PartKind.RICH) or (part.kind is PartKind.MARKDOWN and not markdown):
        return {"msgtype": "text", "text": {"content": "".join(element.as_text() for element in part.elements)}}
    if part.kind is PartKind.MARKDOWN:
        return {"msgtype": "markdown", "markdown": {"content": part.elements[0].as_text()}}
    raise ContentRefusedError(f"cannot send a {part.kind} part to WeCom", platform="wecom")


def recipients(channel: Channel) -> dict[str, str]:
    """The fields that say who gets it.

    Only an address that says `user` can mean several people, or all of them: never an answer.

    Raises:
        TargetGoneError: the channel is none that an app can send to.
    """
    if channel.kind is ChannelKind.USER:
        return {"touser": channel.id}
    if channel.kind is ChannelKind.DEPARTMENT:
        return {"toparty": channel.id}
    if channel.kind is ChannelKind.TAG:
        return {"totag": channel.id}
    if channel.kind is ChannelKind.PRIVATE and "|" not in channel.id and not channel.id.startswith("@"):
        return {"touser": channel.id}
    raise TargetGoneError(f"{channel.address} is no address that an app can send to", platform="wecom")


def fits_passive(part: Part, *, markdown: bool) -> bool:
    """Whether a part can be the answer to a callback: there is no Markdown and no card among these, and no file."""
    return part.kind is PartKind.TEXT or (part.kind is PartKind.MARKDOWN and not markdown)


def passive_xml(message: Message, said: Answer, corp_id: str) -> str:
    """The answer to the callback that brought a message.

    Source: developer.work.weixin.qq.com, "passive replies" (path/90241): a text of more than 2,048 bytes is cut.
    """
    head = {"ToUserName": message.sender.id, "FromUserName": corp_id, "CreateTime": int(time.time())}
    text = "".join(element.as_text() for element in said)
    return write_xml({**head, "MsgType": "text", "Content": text})
