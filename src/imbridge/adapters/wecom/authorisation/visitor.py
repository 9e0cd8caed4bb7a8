"""Somebody who has come by a browser, as the platform tells it."""

from typing import Any

from pydantic import Field

from imbridge.adapters.entries import Facts, text
from imbridge.protocol.model import ProtocolModel

_NOT_KEPT = frozenset({"errcode", "errmsg", "user_ticket"})
"""The ticket opens what is private; it is used at once and kept nowhere."""


class Private(ProtocolModel):
    """What somebody has agreed to tell; the repr shows none of it.

    Attributes:
        gender: `1` a man, `2` a woman, `0` not told.
        mobile: Their telephone number.
        email: The e-mail address they have entered.
        corp_email: The corp's own address for them.
        address: Where they live or work.
        avatar: Address of their portrait.
        qr_code: Address of a picture by which others add them.
    """

    gender: str = Field(default="", repr=False)
    mobile: str = Field(default="", repr=False)
    email: str = Field(default="", repr=False)
    corp_email: str = Field(default="", repr=False)
    address: str = Field(default="", repr=False)
    avatar: str = Field(default="", repr=False)
    qr_code: str = Field(default="", repr=False)


class Visitor(ProtocolModel):
    """Somebody who has come by a browser.

    Attributes:
        userid: Of a member of the corp; empty for everybody else.
        openid: Of somebody outside the corp.
        external_userid: Of somebody outside the corp whom a member has as a contact.
        private: What they have agreed to tell; None unless they were asked and agreed.
        note: What the link was given to bring back.
        payload: All that the platform says, without the ticket.
    """

    userid: str = ""
    openid: str = ""
    external_userid: str = ""
    private: Private | None = None
    note: str = ""
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


def visitor_of(facts: Facts, *, note: str, detail: Facts | None = None) -> Visitor:
    """Who it is.

    Args:
        facts: The answer of `auth/getuserinfo`; older deployments write `UserId` and `OpenId`.
        note: What the link was given to bring back.
        detail: The answer of `auth/getuserdetail`.
    """
    both = {**facts, **(detail or {})}
    return Visitor(
        userid=text(facts, "userid", "UserId"),
        openid=text(facts, "openid", "OpenId"),
        external_userid=text(facts, "external_userid"),
        private=None if detail is None else _private(detail),
        note=note,
        payload={name: value for name, value in both.items() if name not in _NOT_KEPT},
    )


def _private(detail: Facts) -> Private:
    return Private(
        gender=text(detail, "gender"),
        mobile=text(detail, "mobile"),
        email=text(detail, "email"),
        corp_email=text(detail, "biz_mail"),
        address=text(detail, "address"),
        avatar=text(detail, "avatar"),
        qr_code=text(detail, "qr_code"),
    )
