"""Every row of the table of api.dingtalk.com: what is promised there happens, over the wire."""

import traceback

import pytest
from dingtalk_rig import SECRET, Rig
from dingtalk_tables import SEND, in_a_hurry, member, say_hi

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.errors import API_ERRORS, BANNED, REFUSED
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.protocol import (
    AuthError,
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
    TargetGoneError,
)

FAIL, REFUSES, FORBIDDEN, GONE, PLAINER = (
    DeliveryError, ContentRefusedError, NotPermittedError, TargetGoneError, DegradeError
)  # fmt: skip
F, P = "Forbidden.AccessDenied.", "invalidParameter."

RETRIED = {
    f"{F}QpsLimitForAppkeyAndApi": 1.0,
    f"{F}QpsLimitForApi": 1.0,
    f"{F}QpsLimit*": 1.0,
    "system.busy": 0.5,
}
"""With the least wait of each, in seconds."""
UNCLEAR = {"system.err"}
"""It may have happened: not tried again when that would do harm."""
REFRESHED = {"InvalidAuthentication"}
STOPPED = {"invalidClientIdOrSecret": "client_secret", "authFailed": "client_secret"}
"""What refuses the account, not the message."""
RAISED: dict[str, tuple[type[DeliveryError], str]] = {
    f"{F}ApiCountLimitForOrg": (FORBIDDEN, "reply_by: webhook"),
    f"{F}AccessTokenPermissionDenied": (FORBIDDEN, "Permissions"),
    f"{F}IpNotInWhiteList": (FORBIDDEN, "egress IP"),
    f"{F}*": (FORBIDDEN, "Permissions"),
    f"{P}robotCode.empty": (FORBIDDEN, "robot_code"),
    f"{P}robotCode.auth": (FORBIDDEN, "robot_code"),
    f"{P}robotCode.*": (FORBIDDEN, "robot_code"),
    "InvalidAction.NotFound": (FAIL, "base_url"),
    f"{P}userIds.invalid": (GONE, "no such user"),
    f"{P}userIds.empty": (GONE, "no user"),
    f"{P}userIds.*": (FAIL, "too many"),
    "staffId.notExisted": (GONE, "no such user"),
    "staff.not.found": (GONE, "no such user"),
    f"{P}openConversationId.*": (GONE, "not in it"),
    "invalid.openConversationId": (GONE, "no such group"),
    "param.userIdNotExist": (GONE, "no such user"),
    "param.contentUnsafe": (REFUSES, "content check"),
    "param.cardNotExist": (REFUSES, "no such card"),
    "param.stream.outTrackId": (REFUSES, "no such card"),
    "param.stream.*": (REFUSES, "does not take"),
    "param.*": (PLAINER, "does not take"),
    f"{P}msgKey.*": (PLAINER, "kind of message"),
    f"{P}msgParam.*": (PLAINER, "not as it should be"),
    f"{P}msg.*": (PLAINER, "not supported"),
    f"{P}downloadCode.*": (REFUSES, "expired"),
    f"{P}processQueryKey*": (REFUSES, "too old"),
    f"{P}authCode.*": (FORBIDDEN, "again"),
    f"{P}refreshToken.*": (FORBIDDEN, "again"),
    "invalidParameter*": (REFUSES, "not as it should be"),
}
ELSEWHERE = {BANNED, REFUSED}
"""Tested in test_dingtalk_calls.py: no words, but a page, or no code at all."""


def test_every_row_is_tested() -> None:
    assert {*RETRIED, *UNCLEAR, *REFRESHED, *STOPPED, *RAISED, *ELSEWHERE} == {rule.code for rule in API_ERRORS}


@pytest.fixture
def sending(rig: Rig) -> DingTalkAdapter:
    return in_a_hurry(rig)


def refuse(rig: Rig, row: str, times: int | None = 1) -> str:
    """The next calls are refused as the platform does; returns with which code."""
    code = str(member(row))
    status = 401 if row in REFRESHED else 403 if row.startswith(F) else 404 if row == "InvalidAction.NotFound" else 400
    rig.ding.faults.refuse(SEND, code, times, status=status, message="said by the platform")
    return code


@pytest.mark.parametrize("row", RETRIED)
async def test_tried_again(rig: Rig, sending: DingTalkAdapter, row: str) -> None:
    assert API_ERRORS.lookup(member(row)).delay == RETRIED[row]
    refuse(rig, row, times=2)
    answer = await say_hi(rig, sending)
    assert answer.attempts == 3
    assert [message.text for message in rig.sent()] == ["hi"]


@pytest.mark.parametrize("row", sorted(UNCLEAR))
async def test_a_failure_that_does_not_say_what_happened(rig: Rig, sending: DingTalkAdapter, row: str) -> None:
    refuse(rig, row)
    with pytest.raises(DeliveryError) as caught:
        await say_hi(rig, sending)
    assert caught.value.ambiguous
    rig.ding.faults.refuse("*/batchRecall", row, times=2)
    answer = await sending.api.recall_from_users(["one"])  # twice is as good as once
    assert answer.attempts == 3


@pytest.mark.parametrize("row", sorted(REFRESHED))
async def test_another_token_once(rig: Rig, sending: DingTalkAdapter, row: str) -> None:
    refuse(rig, row)
    answer = await say_hi(rig, sending)
    assert answer.attempts == 2
    assert rig.ding.stats.token_requests == 2
    refuse(rig, row, times=None)
    with pytest.raises(DeliveryError, match="client_secret") as caught:
        await say_hi(rig, sending)
    assert caught.value.code == row
    assert rig.ding.stats.token_requests == 3


@pytest.mark.parametrize("row", RAISED)
async def test_an_error_that_says_what_to_do(rig: Rig, sending: DingTalkAdapter, row: str) -> None:
    kind, hint = RAISED[row]
    code = refuse(rig, row)
    with pytest.raises(kind) as caught:
        await say_hi(rig, sending)
    assert type(caught.value) is kind
    assert hint in str(caught.value)
    assert "said by the platform" in str(caught.value)
    assert (caught.value.code, caught.value.platform) == (code, "dingtalk")
    assert not caught.value.ambiguous
    token = await sending.api.caller.token(patience=1)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [secret for secret in (SECRET, token) if secret in shown]
    assert rig.sent() == []
    assert rig.ding.stats.api_sends == 0


@pytest.mark.parametrize("row", STOPPED)
async def test_an_account_that_is_refused_while_it_speaks(rig: Rig, sending: DingTalkAdapter, row: str) -> None:
    refuse(rig, row)
    with pytest.raises(AuthError, match=STOPPED[row]) as caught:
        await say_hi(rig, sending)
    assert caught.value.code == row
    assert SECRET not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("row", STOPPED)
async def test_an_account_that_gets_no_token(rig: Rig, sending: DingTalkAdapter, row: str) -> None:
    rig.ding.faults.refuse("*/oauth2/accessToken", row, message=f"appSecret {SECRET} is wrong")
    with pytest.raises(AuthError, match=STOPPED[row]) as caught:
        await say_hi(rig, sending)
    assert caught.value.code == row
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_credentials_that_are_right_but_not_from_here(rig: Rig, sending: DingTalkAdapter) -> None:
    rig.ding.faults.refuse("*/oauth2/accessToken", f"{F}IpNotInWhiteList", status=403)
    with pytest.raises(NotPermittedError, match="egress IP"):
        await say_hi(rig, sending)


async def test_a_code_that_is_in_no_table(rig: Rig, sending: DingTalkAdapter) -> None:
    rig.ding.faults.refuse(SEND, "something.new", message="only the platform knows")
    with pytest.raises(
        DeliveryError, match=r"only the platform knows; see https://open\.dingtalk\.com/.*something\.new"
    ):
        await say_hi(rig, sending)


async def test_too_many_calls_are_no_missing_right(rig: Rig, sending: DingTalkAdapter) -> None:
    """Their codes begin alike."""
    rig.ding.faults.over_qps(SEND, times=2)
    assert (await say_hi(rig, sending)).attempts == 3
    rig.ding.faults.over_month(SEND)
    with pytest.raises(NotPermittedError, match="used up"):
        await say_hi(rig, sending)
