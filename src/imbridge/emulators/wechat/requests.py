"""How a callback request is signed and encrypted.

Rule: https://developers.weixin.qq.com/doc/subscription/guide/dev/push/encryption.html. Every request carries
`signature`, `timestamp`, `nonce` and `openid`; with encryption `encrypt_type=aes` and `msg_signature` as well.
"""

import time
from dataclasses import dataclass
from typing import Any, Literal

from imbridge.emulators.common.cdata import Cdata
from imbridge.emulators.common.crypto import SALT, Crypto
from imbridge.emulators.wechat import xml_text
from imbridge.emulators.wechat.account import Account, Mode
from imbridge.emulators.wechat.ids import Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Forged:
    """How a callback request differs from a proper one: what an attacker or a wrong setting sends.

    Attributes:
        mode: Sent in this mode instead of the account's.
        signature: `right`, `wrong` or `missing`.
        msg_signature: The same for `msg_signature`.
        without: One parameter of the query to leave out, for instance `nonce`.
        age: Seconds by which the timestamp lies in the past (negative: in the future).
        timestamp: Instead of a number.
        token: Signed with this token instead of the account's.
        aes_key: Encrypted with this key instead of the account's.
        app_id: Encrypted for this account instead of the right one.
        encrypt: This instead of the encrypted text.
        body: These bytes instead of the whole body; the signatures are those of the proper one.
    """

    mode: Mode | None = None
    signature: Literal["right", "wrong", "missing"] = "right"
    msg_signature: Literal["right", "wrong", "missing"] = "right"
    without: str = ""
    age: float = 0.0
    timestamp: str | None = None
    token: str | None = None
    aes_key: str | None = None
    app_id: str | None = None
    encrypt: str | None = None
    body: bytes | None = None


PROPER = Forged()


@dataclass(frozen=True, slots=True)
class Request:
    """A callback request: its query and its body."""

    query: dict[str, str]
    body: bytes


def verification(account: Account, ids: Ids, echo: str, forged: Forged = PROPER) -> Request:
    """The request that asks an address for its echo."""
    query = _signed(account, ids, forged)
    query["echostr"] = echo
    query.pop(forged.without, None)
    return Request(query, b"")


def message(account: Account, ids: Ids, fields: xml_text.Fields, cdata: Cdata, forged: Forged = PROPER) -> Request:
    """The request that brings a message or an event."""
    mode = forged.mode or account.mode
    query = _signed(account, ids, forged)
    query["openid"] = str(fields.get("FromUserName", ""))
    plain = xml_text.write(fields, cdata)
    body = plain
    if mode != "plain":
        crypto = _crypto(account, forged)
        encrypted = forged.encrypt
        if encrypted is None:
            encrypted = crypto.encrypt(plain.encode(), ids.data("salt", SALT))
        query["encrypt_type"] = "aes"
        signed = crypto.sign(query["timestamp"], query["nonce"], encrypted)
        _put(query, "msg_signature", signed, forged.msg_signature)
        sealed = f"<Encrypt><![CDATA[{encrypted}]]></Encrypt>"
        if mode == "compatible":
            body = plain.removesuffix("</xml>") + sealed + "</xml>"
        else:
            body = f"<xml><ToUserName><![CDATA[{account.original_id}]]></ToUserName>{sealed}</xml>"
    query.pop(forged.without, None)
    return Request(query, body.encode() if forged.body is None else forged.body)


def _signed(account: Account, ids: Ids, forged: Forged) -> dict[str, str]:
    timestamp = str(int(time.time() - forged.age)) if forged.timestamp is None else forged.timestamp
    query: dict[str, Any] = {"timestamp": timestamp, "nonce": ids.number("nonce", 10)}
    signed = _crypto(account, forged).sign(timestamp, query["nonce"])
    _put(query, "signature", signed, forged.signature)
    return query


def _crypto(account: Account, forged: Forged) -> Crypto:
    return Crypto(forged.token or account.token, forged.aes_key or account.aes_key, forged.app_id or account.app_id)


def _put(query: dict[str, str], name: str, signed: str, how: str) -> None:
    if how != "missing":
        query[name] = signed if how == "right" else signed[::-1]
