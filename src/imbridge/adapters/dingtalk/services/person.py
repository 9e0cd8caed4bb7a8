"""Somebody who has logged in, as the platform tells it, and the calls that are made with their token."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, SecretStr

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.dingtalk.calls import TOKEN_HEADER, DingTalkCaller
from imbridge.adapters.entries import text
from imbridge.adapters.errcode_refusals import without
from imbridge.protocol.model import ProtocolModel
from imbridge.transport import HttpPool, HttpResponse

_NOT_KEPT = frozenset({"accessToken", "refreshToken"})


class Visitor(ProtocolModel):
    """Somebody who has logged in; the repr shows neither how they are reached nor their tokens.

    Attributes:
        userid: Of a member of the organisation, which is the staff id in messages; empty for everybody else, and when
            the app may not look people up.
        union_id: The same person for all apps of one owner.
        open_id: The person for this app; not told of a login inside DingTalk.
        name: What they are called.
        mobile: Their telephone number, when the app may know it.
        email: Their e-mail address, when the app may know it.
        avatar: Address of their portrait.
        corp_id: The organisation that they chose, when they were asked.
        note: What the link was given to bring back.
        access_token: Calls the API as this person for two hours; empty after a login inside DingTalk.
        refresh_token: Gets another one, for 30 days.
        payload: All that the platform says, without the tokens.
    """

    userid: str = ""
    union_id: str = ""
    open_id: str = ""
    name: str = ""
    mobile: str = Field(default="", repr=False)
    email: str = Field(default="", repr=False)
    avatar: str = Field(default="", repr=False)
    corp_id: str = ""
    note: str = ""
    access_token: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    payload: dict[str, Any] = Field(default_factory=dict, repr=False)


class PersonCaller(DingTalkCaller):
    """Calls the newer API with a person's token, or with none."""

    def __init__(self, api: DingTalkApi, pool: HttpPool, *, token: str = "", hidden: tuple[str, ...] = ()) -> None:
        """For one person; `hidden` is what a refusal must not repeat."""
        super().__init__(api.caller.api, pool, None, api.quota)
        self.backoff = api.caller.backoff
        self._person = token
        self._hidden = tuple(secret for secret in (token, *hidden) if secret)

    def headers(self, token: str) -> dict[str, str] | None:
        """The person's token."""
        return {TOKEN_HEADER: self._person} if self._person else None

    def read(self, response: HttpResponse) -> tuple[Any, dict[str, Any]]:
        """As ever, without what is hidden."""
        code, body = super().read(response)
        if code != 0:
            for secret in self._hidden:
                body = without(secret, body)
        return code, body


def person_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `contact/users/me`."""
    return {
        "union_id": text(facts, "unionId"),
        "open_id": text(facts, "openId"),
        "name": text(facts, "nick"),
        "mobile": text(facts, "mobile"),
        "email": text(facts, "email"),
        "avatar": text(facts, "avatarUrl"),
    }


def tokens_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `userAccessToken`."""
    return {
        "access_token": SecretStr(text(facts, "accessToken")),
        "refresh_token": SecretStr(text(facts, "refreshToken")),
    }


def open_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What may be kept and shown."""
    return {name: value for name, value in facts.items() if name not in _NOT_KEPT}
