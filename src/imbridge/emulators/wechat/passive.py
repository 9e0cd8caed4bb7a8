"""What an account answers to a callback: nothing, or the passive reply.

Rule: https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.wechat import crypto, xml_text
from imbridge.emulators.wechat.message import BotMessage, SentMessage
from imbridge.emulators.wechat.readable import readable

if TYPE_CHECKING:
    from imbridge.emulators.wechat.world import World

TAKEN = frozenset({b"", b"success"})
SILENT_EVENTS = frozenset({"unsubscribe", "VIEW", "view_miniprogram", "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH"})
"""Events after which the person is not in the conversation: no reply is shown, and no fault."""


class ReplyError(Exception):
    """The answer is no passive reply."""


def take(world: "World", sent: SentMessage, body: bytes) -> None:
    """Deals with an answer of status 200."""
    stats = world.stats
    if body in TAKEN:
        stats.callbacks_taken += 1
        sent.settle("taken")
        return
    try:
        fields = opened(world, sent, body)
        message = reply(world, sent, fields)
    except (ReplyError, crypto.CryptoError, xml_text.XmlError) as error:
        world.violation("passive_reply", f"the answer to {_named(sent)} is no passive reply: {error}")
        _fault(world, sent, str(error))
        sent.settle("fault", str(error))
        return
    if sent.event in SILENT_EVENTS:
        stats.answers_ignored += 1
        sent.settle("taken")
        return
    stats.callbacks_answered += 1
    if message is None:
        stats.transfers += 1
    else:
        world.show(message)
    sent.settle("answered")


def give_up(world: "World", sent: SentMessage, reason: str) -> None:
    """No attempt was answered."""
    _fault(world, sent, reason)
    sent.settle("given_up", reason)


def opened(world: "World", sent: SentMessage, body: bytes) -> dict[str, Any]:
    """The fields of a passive reply, decrypted if it is encrypted.

    Raises:
        ReplyError: It is in the wrong form for the account's mode, or its signature is wrong.
        CryptoError: It cannot be decrypted.
        XmlError: It is no XML.
    """
    account = sent.follower.account
    try:
        fields = xml_text.read(body.decode())
    except UnicodeDecodeError:
        raise ReplyError("it is no UTF-8") from None
    if "Encrypt" not in fields:
        if account.mode == "encrypted" and world.settings.plain_answers == "refused":
            raise ReplyError("it is plain, although the account's messages are encrypted")
        return fields
    if account.mode == "plain":
        raise ReplyError("it is encrypted, although the account's messages are plain")
    missing = [name for name in ("Encrypt", "MsgSignature", "TimeStamp", "Nonce") if not fields.get(name)]
    if missing:
        raise ReplyError(f"{' and '.join(missing)} missing")
    signed = crypto.signature(account.token, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
    if not crypto.same(signed, fields["MsgSignature"]):
        raise ReplyError("MsgSignature is wrong")
    return xml_text.read(crypto.decrypt(account.aes_key, account.app_id, fields["Encrypt"]))


def reply(world: "World", sent: SentMessage, fields: dict[str, Any]) -> BotMessage | None:
    """The message a passive reply shows; None: it hands the conversation to the staff.

    Raises:
        ReplyError: A field is missing or wrong.
    """
    follower = sent.follower
    if fields.get("ToUserName") != follower.openid:
        raise ReplyError("ToUserName is not the follower's openid")
    if fields.get("FromUserName") != follower.account.original_id:
        raise ReplyError(f"FromUserName is not {follower.account.original_id}")
    if not str(fields.get("CreateTime", "")).isdecimal():
        raise ReplyError("CreateTime is no number")
    kind = fields.get("MsgType")
    if kind == "transfer_customer_service":
        return None
    if kind != "text":
        raise ReplyError(f"MsgType {kind!r} is none of the passive kinds")
    content = fields.get("Content")
    if not isinstance(content, str) or not content:
        raise ReplyError("Content is empty")
    if len(content.encode()) > world.settings.text_limit:
        raise ReplyError(f"Content has {len(content.encode())} bytes, more than {world.settings.text_limit}")
    return BotMessage(
        account=follower.account,
        follower=follower,
        kind=kind,
        how="passive",
        body=fields,
        text=readable(kind, {"content": content}),
        answers=sent,
    )


def _fault(world: "World", sent: SentMessage, reason: str) -> None:
    if sent.event not in SILENT_EVENTS:
        world.service_fault(sent, reason)


def _named(sent: SentMessage) -> str:
    return f"{sent.event or sent.kind} {sent.msg_id or sent.fields.get('CreateTime')} of {sent.follower.openid}"
