"""Every row of the table of API errors: what is promised there happens, over the wire."""

import traceback
from dataclasses import replace

import pytest
from wecom_rig import AES_KEY, SECRET, TOKEN, Rig, part, to

from imbridge.adapters.base import Health
from imbridge.adapters.errcode_refusals import DegradeError
from imbridge.adapters.wecom import WeComAdapter
from imbridge.adapters.wecom.errors import API_ERRORS
from imbridge.protocol import (
    AuthError,
    Button,
    Card,
    ContentRefusedError,
    DeliveryError,
    Markdown,
    NotPermittedError,
    TargetGoneError,
    Text,
)
from imbridge.rendering import PartKind
from imbridge.transport import ErrorTable

FAIL, REFUSED, FORBIDDEN, GONE = DeliveryError, ContentRefusedError, NotPermittedError, TargetGoneError

RETRIED = {-1: 0.5, 45009: 60.0, 45033: 0.5}
"""With the least wait of each, in seconds."""
REFRESHED = {40014, 42001, 41001, 40001}
DEGRADED = {40008, 45002, 40058, 40016, 40017, 41010, 41016, 45008}
RAISED: dict[int, tuple[type[DeliveryError], str]] = {
    60020: (FORBIDDEN, "Trusted IP"),
    60011: (FORBIDDEN, "Visible range"),
    48002: (FORBIDDEN, "not open"),
    50002: (FORBIDDEN, "Visible range"),
    301002: (FORBIDDEN, "different apps"),
    40056: (FORBIDDEN, "AgentId"),
    41011: (FORBIDDEN, "agent_id"),
    86008: (FORBIDDEN, "has made"),
    40029: (FORBIDDEN, "again"),
    42003: (FORBIDDEN, "again"),
    84014: (FORBIDDEN, "again"),
    84015: (FORBIDDEN, "again"),
    40003: (GONE, "userid"),
    40031: (GONE, "userids"),
    60111: (GONE, "no such member"),
    46004: (GONE, "no such member"),
    60021: (GONE, "visible range"),
    81013: (GONE, "Visible range"),
    82001: (GONE, "no recipients"),
    86001: (GONE, "chat id"),
    86003: (GONE, "no such chat"),
    60003: (GONE, "no such department"),
    40066: (GONE, "department"),
    60123: (GONE, "department"),
    40068: (GONE, "tag"),
    44004: (REFUSED, "empty"),
    40004: (REFUSED, "media type"),
    40005: (REFUSED, "upload"),
    40006: (REFUSED, "media size"),
    40007: (REFUSED, "media id"),
    40009: (REFUSED, "too large"),
    40011: (REFUSED, "video size"),
    41005: (REFUSED, "no media"),
    41006: (REFUSED, "no media id"),
    44001: (REFUSED, "empty file"),
    45001: (REFUSED, "too large"),
    45007: (REFUSED, "too long"),
    47001: (REFUSED, "request"),
    82002: (FAIL, "too many departments"),
    82003: (FAIL, "too many tags"),
    40032: (FAIL, "too many members"),
    93000: (FAIL, "used up"),
}
STOPPED = {40013: "corp_id", 40091: "secret", 41002: "corp_id", 41004: "secret", 50003: "disabled"}
"""What refuses the account, not the message."""
HI = part(PartKind.TEXT, Text("hi"))


def test_every_row_is_tested() -> None:
    assert {*RETRIED, *REFRESHED, *DEGRADED, *RAISED, *STOPPED} == {rule.code for rule in API_ERRORS}


@pytest.fixture
async def sending(rig: Rig) -> WeComAdapter:
    """One that only sends, and does not wait as long as the table says."""
    adapter = rig.make(token=None, aes_key=None)
    adapter.api.caller.api = replace(
        adapter.api.caller.api, errors=ErrorTable(replace(rule, delay=None, max_delay=0.05) for rule in API_ERRORS)
    )
    await adapter.start()
    return adapter


@pytest.mark.parametrize("code", RETRIED)
async def test_tried_again(rig: Rig, sending: WeComAdapter, code: int) -> None:
    assert API_ERRORS.lookup(code).delay == RETRIED[code]
    rig.wecom.faults.refuse_send(code, times=2)
    sent = await sending.send(to(), HI, "key")
    assert sent.attempts == 3
    assert [message.text for message in rig.shown] == ["hi"]


@pytest.mark.parametrize("code", sorted(REFRESHED))
async def test_another_token_once(rig: Rig, sending: WeComAdapter, code: int) -> None:
    before = rig.wecom.stats.token_requests
    rig.wecom.faults.refuse_send(code)
    sent = await sending.send(to(), HI, "key")
    assert sent.attempts == 2
    assert rig.wecom.stats.token_requests == before + 1
    rig.wecom.faults.refuse_send(code, times=None)
    with pytest.raises(DeliveryError) as caught:
        await sending.send(to(), HI, "key2")
    assert caught.value.code == code
    assert rig.wecom.stats.token_requests == before + 2


@pytest.mark.parametrize("code", sorted(DEGRADED))
async def test_a_plainer_form(rig: Rig, sending: WeComAdapter, code: int) -> None:
    rig.wecom.faults.refuse_send(code)
    sent = await sending.send(to(), part(PartKind.MARKDOWN, Markdown("**x**")), "key")
    assert [one.what for one in sent.degradations] == ["markdown"]
    rig.wecom.faults.refuse_send(code)
    card = await sending.send(to(), part(PartKind.CARD, Card(title="C", body=(Button("b"),))), "key2")
    assert [one.what for one in card.degradations] == ["card", "button"]
    assert [message.kind for message in rig.shown] == ["text", "markdown"]
    rig.wecom.faults.refuse_send(code)
    with pytest.raises(DegradeError):  # there is nothing plainer than a text
        await sending.send(to(), HI, "key3")


@pytest.mark.parametrize("code", RAISED)
async def test_an_error_that_says_what_to_do(rig: Rig, sending: WeComAdapter, code: int) -> None:
    kind, hint = RAISED[code]
    rig.wecom.faults.refuse_send(code)
    with pytest.raises(kind) as caught:
        await sending.send(to(), HI, "key")
    assert type(caught.value) is kind
    assert hint in str(caught.value)
    assert (caught.value.code, caught.value.platform) == (code, "wecom")
    assert not caught.value.ambiguous
    shown = str(caught.value) + repr(caught.value)
    assert not [secret for secret in (SECRET, TOKEN, AES_KEY, "access_token=") if secret in shown]
    assert rig.shown == []


@pytest.mark.parametrize("code", STOPPED)
async def test_an_account_that_is_refused_while_it_speaks(rig: Rig, sending: WeComAdapter, code: int) -> None:
    rig.wecom.faults.refuse_send(code)
    with pytest.raises(AuthError, match=STOPPED[code]) as caught:
        await sending.send(to(), HI, "key")
    assert caught.value.code == code
    assert not [secret for secret in (SECRET, TOKEN, AES_KEY, "access_token=") if secret in repr(caught.value)]
    assert rig.shown == []


async def test_a_refusal_after_an_attempt_that_may_have_arrived_leaves_the_doubt(rig: Rig) -> None:
    """An `AuthError` says that nothing happened; behind a gateway's page it may all the same."""
    adapter = rig.make(token=None, aes_key=None, duplicate_check=True)
    await adapter.start()
    rig.wecom.faults.html_page("*/message/send", status=502)
    rig.wecom.faults.refuse_send(50003)
    with pytest.raises(DeliveryError, match="disabled") as caught:
        await adapter.send(to(), HI, "key")
    assert (caught.value.code, caught.value.ambiguous) == (50003, True)


@pytest.mark.parametrize("code", STOPPED)
async def test_an_account_that_is_refused_does_not_start(rig: Rig, code: int) -> None:
    rig.wecom.faults.refuse("*/gettoken", code)
    adapter = rig.make()
    with pytest.raises(AuthError) as caught:
        await adapter.start()
    assert caught.value.code == code
    assert adapter.health is Health.FAILED
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("code", [60020, 50003, 987654, 40014])
async def test_a_token_that_is_repeated_to_us_is_not_repeated(rig: Rig, sending: WeComAdapter, code: int) -> None:
    """By a platform, or a proxy, that says what it was asked."""
    token = await sending.api.caller.token(patience=1)
    rig.wecom.faults.refuse("*/message/send", code, None, detail=f"GET ?access_token={token} was refused")
    sending.api.caller.tokens.invalidate = lambda refused: None  # type: ignore[union-attr, method-assign]
    with pytest.raises((DeliveryError, AuthError), match="was refused") as caught:
        await sending.send(to(), HI, "key")
    assert token not in "".join(traceback.format_exception(caught.value))


async def test_a_secret_that_is_repeated_to_us_is_not_repeated(rig: Rig) -> None:
    rig.wecom.faults.refuse("*/gettoken", 40001, detail=f"corpsecret={SECRET} is wrong")
    with pytest.raises(AuthError, match="is wrong") as caught:
        await rig.make().start()
    assert SECRET not in "".join(traceback.format_exception(caught.value))


async def test_a_code_that_is_in_no_table(rig: Rig, sending: WeComAdapter) -> None:
    rig.wecom.faults.refuse_send(987654)
    with pytest.raises(DeliveryError, match=r"987654.*devtool/query\?e=987654"):
        await sending.send(to(), HI, "key")


async def test_a_page_of_html_is_no_answer(rig: Rig, sending: WeComAdapter) -> None:
    rig.wecom.faults.html_page("*/message/send")
    with pytest.raises(DeliveryError) as caught:
        await sending.send(to(), HI, "key")
    assert caught.value.ambiguous  # somebody may have taken it all the same
