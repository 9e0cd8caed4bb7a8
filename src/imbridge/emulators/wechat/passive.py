"""What an account answers to a callback: nothing, or the passive reply.

Rule: https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
"""

from typing import TYPE_CHECKING, Any

from imbridge.emulators.common.crypto import CryptoError
from imbridge.emulators.wechat import xml_text
from imbridge.emulators.wechat.message import SentMessage
from imbridge.emulators.wechat.passive_kinds import ReplyError, reply

if TYPE_CHECKING:
    from imbridge.emulators.wechat.world import World

TAKEN = frozenset({b"", b"success", b"SUCCESS"})
"""The last is not documented, but what one of the most used libraries has answered for years."""
SILENT_EVENTS = frozenset({"unsubscribe", "VIEW", "view_miniprogram", "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH"})
"""Events after which the person is not in the conversation: no reply is shown, and no fault."""


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
    except (ReplyError, CryptoError, xml_text.XmlError) as error:
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
    if not account.crypto.is_signed(fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"], fields["Encrypt"]):
        raise ReplyError("MsgSignature is wrong")
    return xml_text.read(account.crypto.decrypt_text(fields["Encrypt"]))


def _fault(world: "World", sent: SentMessage, reason: str) -> None:
    if sent.event not in SILENT_EVENTS:
        world.service_fault(sent, reason)


def _named(sent: SentMessage) -> str:
    return f"{sent.event or sent.kind} {sent.msg_id or sent.fields.get('CreateTime')} of {sent.follower.openid}"
