"""Every row of the table of errors: what is promised there happens."""

import asyncio
from dataclasses import replace

import pytest
from wechat_rig import SECRET, Rig, text

from imbridge.adapters.wechat import WeChatAdapter
from imbridge.adapters.wechat import errors as errors_module
from imbridge.adapters.wechat.errors import API_ERRORS
from imbridge.protocol import (
    AuthError,
    Button,
    Card,
    ContentRefusedError,
    DegradedError,
    DeliveryError,
    NotPermittedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.rendering import Part, PartKind
from imbridge.transport import ErrorTable, Reaction

FAIL, REFUSED, FORBIDDEN, GONE = DeliveryError, ContentRefusedError, NotPermittedError, TargetGoneError
SEND = "/cgi-bin/message/custom/send"
TOKEN = "/cgi-bin/stable_token"
MENU = Part(PartKind.CARD, (Card(title="?", body=[Button("Yes", action="yes")]),))

RETRIED = {-1: 0.5, 45011: 60.0}
"""With the least wait of each, in seconds."""
NOT_TODAY = {45009}
REFRESHED = {40001, 40014, 42001, 41001}
STOPPED = {40002, 40013, 40125, 40243, 41002, 41004, 40164}
DEGRADED = {40008, 40200, 45098}
DONE = {45081}
RAISED: dict[int, tuple[type[DeliveryError], str]] = {
    48001: (FORBIDDEN, "customer_service: false"),
    48004: (FORBIDDEN, "closed to the account"),
    48006: (FORBIDDEN, "quota"),
    50004: (FORBIDDEN, "forbidden"),
    40003: (GONE, "belongs to one account"),
    41009: (GONE, "no openid"),
    43004: (GONE, "does not follow"),
    43019: (GONE, "blacklist"),
    50005: (GONE, "does not follow"),
    50002: (FAIL, "limited"),
    43101: (FAIL, "does not want"),
    45015: (FAIL, "within 48 hours"),
    45047: (FAIL, "five messages"),
    45072: (FAIL, "unknown command"),
    45080: (FAIL, "30 s"),
    40004: (REFUSED, "JPG, PNG or GIF"),
    40005: (REFUSED, "MP4"),
    40006: (REFUSED, "invalid size"),
    40007: (REFUSED, "three days"),
    40009: (REFUSED, "image is too large"),
    40010: (REFUSED, "voice is too large"),
    40011: (REFUSED, "video is too large"),
    40012: (REFUSED, "64 KB"),
    40033: (REFUSED, "characters"),
    40035: (REFUSED, "parameter"),
    40037: (FAIL, "template"),
    40137: (REFUSED, "image format"),
    41005: (REFUSED, "no media data"),
    41006: (REFUSED, "no media_id"),
    44001: (REFUSED, "empty file"),
    44002: (REFUSED, "empty request"),
    44003: (REFUSED, "without articles"),
    44004: (REFUSED, "empty text"),
    45001: (REFUSED, "file is too large"),
    45002: (REFUSED, "2,048 bytes"),
    45003: (REFUSED, "title"),
    45004: (REFUSED, "description"),
    45007: (REFUSED, "60 s"),
    45008: (REFUSED, "one article"),
    47001: (REFUSED, "no JSON"),
    87014: (REFUSED, "risky"),
    40029: (FORBIDDEN, "authorize_url"),
    40163: (FORBIDDEN, "used already"),
    41008: (FORBIDDEN, "no code"),
    42003: (FORBIDDEN, "expired"),
    40030: (FORBIDDEN, "refresh_token"),
    42002: (FORBIDDEN, "refresh_token has expired"),
}


@pytest.fixture
async def adapter(rig: Rig) -> WeChatAdapter:
    rig.alice.quota.grant("message", 100, 3600.0)
    return await rig.start()


def test_every_row_is_tested_here() -> None:
    tested = [*RETRIED, *NOT_TODAY, *REFRESHED, *STOPPED, *DEGRADED, *DONE, *RAISED]
    assert len(tested) == len(set(tested))
    assert {int(rule.code) for rule in API_ERRORS} == set(tested)


@pytest.mark.parametrize("code", RETRIED)
async def test_retried(rig: Rig, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait of the row is shortened here, by the same factor for all."""
    assert API_ERRORS.lookup(code).delay == RETRIED[code]
    rows = [replace(rule, delay=rule.delay and rule.delay / 600, max_delay=1.0) for rule in API_ERRORS]
    monkeypatch.setattr("imbridge.adapters.wechat.api.API_ERRORS", ErrorTable(rows))
    rig.alice.quota.grant("message", 100, 3600.0)
    adapter = await rig.start()
    rig.wechat.faults.refuse(SEND, code, 2)
    sent = await adapter.send(rig.target(), text("patient"), "k")
    assert sent.attempts == 3
    assert [message.text for message in rig.wechat.messages] == ["patient"]


@pytest.mark.parametrize("code", NOT_TODAY)
async def test_what_is_over_for_today_is_not_waited_for(rig: Rig, adapter: WeChatAdapter, code: int) -> None:
    rig.wechat.faults.refuse(SEND, code, None)
    with pytest.raises(RateLimitedError, match="midnight") as caught:
        await adapter.send(rig.target(), text("no"), "k")
    assert caught.value.retry_after == 3600.0
    assert len(rig.calls(SEND)) == 1


@pytest.mark.parametrize("code", REFRESHED)
async def test_a_token_is_replaced_once(rig: Rig, adapter: WeChatAdapter, code: int) -> None:
    rig.wechat.faults.refuse(SEND, code)
    assert (await adapter.send(rig.target(), text("again"), "k")).attempts == 2
    rig.wechat.faults.refuse(SEND, code, None)
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(rig.target(), text("no"), "k")
    assert caught.value.code == code
    assert len(rig.calls(SEND)) == 4


@pytest.mark.parametrize("code", STOPPED)
async def test_the_account_is_stopped(rig: Rig, code: int) -> None:
    rig.wechat.faults.refuse_token(code, None)
    adapter = rig.make()
    with pytest.raises(AuthError) as caught:
        await adapter.start()
    assert caught.value.code == code
    assert API_ERRORS.lookup(code).reaction is Reaction.STOP
    hint = API_ERRORS.lookup(code).hint
    assert hint in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_an_address_that_is_not_listed_is_named(rig: Rig) -> None:
    rig.account.allowed_ips = frozenset({"203.0.113.9"})
    probe = await rig.make().probe()
    assert not probe.ok
    assert "127.0.0.1" in probe.problems[0]
    assert "IP whitelist" in probe.problems[0]


@pytest.mark.parametrize("code", sorted(DEGRADED))
async def test_a_menu_becomes_text(rig: Rig, adapter: WeChatAdapter, code: int) -> None:
    rig.wechat.faults.refuse(SEND, code)
    sent = await adapter.send(rig.target(), MENU, "k")
    (message,) = rig.wechat.messages
    assert (message.kind, sent.part.kind) == ("text", "text")
    assert "msgmenuid=yes" in message.text
    assert [degradation.how for degradation in sent.degradations] == ["text with links"]


async def test_strictly_it_does_not(rig: Rig, adapter: WeChatAdapter) -> None:
    rig.wechat.faults.refuse(SEND, min(DEGRADED))
    with pytest.raises(DegradedError, match="text with links"):
        await adapter.send(rig.target(strict=True), MENU, "k")
    assert not rig.wechat.messages


@pytest.mark.parametrize("code", DONE)
async def test_done_already(rig: Rig, adapter: WeChatAdapter, code: int) -> None:
    rig.wechat.faults.refuse("/cgi-bin/message/custom/typing", code)
    await adapter.typing(rig.channel(), "1", True)


@pytest.mark.parametrize("code", RAISED)
async def test_raised(rig: Rig, adapter: WeChatAdapter, code: int) -> None:
    kind, words = RAISED[code]
    rig.wechat.faults.refuse(SEND, code, None)
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(rig.target(), text("no"), "k")
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.platform, caught.value.ambiguous) == (code, "wechat", False)
    assert words in str(caught.value)
    assert len(rig.calls(SEND)) == 1


async def test_a_code_in_no_table(rig: Rig, adapter: WeChatAdapter) -> None:
    rig.wechat.faults.refuse(SEND, 61234)
    with pytest.raises(DeliveryError, match="61234"):
        await adapter.send(rig.target(), text("no"), "k")


async def test_a_lost_answer_is_not_repeated(rig: Rig, adapter: WeChatAdapter) -> None:
    """There is no key that would make it harmless: whether it arrived is not known, and is said."""
    rig.wechat.faults.lose_answer(SEND)
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(rig.target(), text("perhaps"), "k")
    assert caught.value.ambiguous
    assert [message.text for message in rig.wechat.messages] == ["perhaps"]


async def test_a_template_message_has_a_key_and_is_repeated(rig: Rig, adapter: WeChatAdapter) -> None:
    template = rig.wechat.add_template(rig.account, "{{first.DATA}} is ready")
    rig.wechat.faults.lose_answer("/cgi-bin/message/template/send")
    card = Card(content={"template_id": template.template_id, "data": {"first": {"value": "tea"}}})
    sent = await adapter.send(rig.target(), Part(PartKind.CARD, (card,)), "key-1")
    assert sent.attempts == 2
    (message,) = rig.wechat.messages
    assert (message.how, message.text) == ("template", "tea is ready")
    assert sent.part.message_id == str(message.msg_id)


async def test_a_gateway_that_answers_is_no_answer_of_the_platform(rig: Rig, adapter: WeChatAdapter) -> None:
    rig.wechat.faults.http_fail(SEND, 502)
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(rig.target(), text("?"), "k")
    assert caught.value.ambiguous


async def test_a_window_that_is_closed_and_a_quota_that_is_used_up(rig: Rig, adapter: WeChatAdapter) -> None:
    rig.alice.quota.close()
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(rig.target(), text("hello?"), "k")
    assert caught.value.code == 45015
    rig.alice.quota.grant("message", 1, 60.0)
    await adapter.send(rig.target(), text("one"), "k")
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(rig.target(), text("two"), "k")
    assert caught.value.code == 45047


async def test_ten_sends_with_a_dead_token_fetch_one(rig: Rig, adapter: WeChatAdapter) -> None:
    rig.wechat.faults.expire_tokens()
    before = len(rig.calls(TOKEN))
    await asyncio.gather(*(adapter.send(rig.target(), text(str(n)), str(n)) for n in range(10)))
    assert len(rig.wechat.messages) == 10
    # One, and one more when the stable token that comes is the one that was refused.
    assert len(rig.calls(TOKEN)) - before <= 2


def test_the_table_names_its_source() -> None:
    assert "developers.weixin.qq.com" in (errors_module.__doc__ or "")
