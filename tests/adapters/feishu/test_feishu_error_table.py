"""Every row of the table of API errors: what is promised there happens."""

import time
from dataclasses import replace
from typing import Any

import pytest
from feishu_rig import SECRET, Rig, text

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu import calls as calls_module
from imbridge.adapters.feishu import errors as error_tables
from imbridge.adapters.feishu.errors import API_ERRORS, TOKEN_ERRORS
from imbridge.protocol import (
    AuthError,
    ContentRefusedError,
    DeliveryError,
    Markdown,
    NotPermittedError,
    TargetGoneError,
)
from imbridge.rendering import Part, PartKind
from imbridge.transport import ErrorTable, Reaction

FAIL, REFUSED, FORBIDDEN, GONE = DeliveryError, ContentRefusedError, NotPermittedError, TargetGoneError

RETRIED = {99991400: 1.0, 11232: 2.0, 230020: 0.3, 230049: 1.0}
"""With the least wait of each, in seconds."""
REFRESHED = {99991663, 99991664, 99991661, 99991671, 99991668, 99991677}
DEGRADED = {230001, 230025, 230054, 230055, 230099}
RETARGETED = {230011, 231003, 230019, 230071, 230072, 230111}
RAISED: dict[int, tuple[type[DeliveryError], str]] = {
    99991672: (FORBIDDEN, "Permissions & Scopes"),
    99991679: (FORBIDDEN, "Permissions & Scopes"),
    230006: (FORBIDDEN, "Add Features > Bot"),
    230017: (FORBIDDEN, "owner"),
    230018: (FORBIDDEN, "muted"),
    230035: (FORBIDDEN, "group's owner"),
    230027: (FORBIDDEN, "Permissions & Scopes"),
    230050: (FAIL, "invisible"),
    230022: (REFUSED, "sensitive"),
    230028: (REFUSED, "data loss"),
    234006: (REFUSED, "too large"),
    234010: (REFUSED, "empty"),
    234011: (REFUSED, "send it as a File"),
    231010: (FAIL, "reaction"),
    99992351: (FAIL, "open_id"),
    99992361: (FAIL, "one app only"),
    230002: (GONE, "add the bot to the group"),
    230013: (GONE, "Availability"),
    232009: (GONE, "disbanded"),
}
POST = Part(PartKind.MARKDOWN, (Markdown("**x** <at id=all></at>"),))


def test_every_row_is_tested_and_nothing_else() -> None:
    tested = [*RETRIED, *REFRESHED, *DEGRADED, *RETARGETED, *RAISED]
    assert len(tested) == len(set(tested))
    assert set(tested) == {rule.code for rule in API_ERRORS}


def test_the_sets_beside_the_table_name_its_rows() -> None:
    rows = {rule.code for rule in API_ERRORS}
    for name in ("GONE", "GONE_REACTION", "NO_THREAD", "REFUSED_CONTENT"):
        assert getattr(error_tables, name) <= rows, name
    assert rows >= calls_module._PERMISSIONS


def test_waits() -> None:
    assert {rule.code: rule.delay for rule in API_ERRORS if rule.reaction is Reaction.RETRY} == RETRIED


@pytest.mark.parametrize("code", sorted(RETRIED))
async def test_retried_with_the_same_key(
    rig: Rig, adapter: FeishuAdapter, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = [replace(rule, delay=rule.delay and rule.delay / 10) for rule in API_ERRORS]
    monkeypatch.setattr(calls_module, "API_ERRORS", ErrorTable(impatient))
    started = time.monotonic()
    fault = rig.feishu.faults.refuse_send(code)
    result = await adapter.send(rig.target(), text("x"), "same")
    assert (fault.hits, result.attempts, result.degradations) == (1, 2, ())
    assert [message.text for message in rig.feishu.messages] == ["x"]
    assert [call["request"]["uuid"] for call in rig.calls("/messages")] == ["same", "same"]
    assert adapter.counters()["retries"] == 1
    assert time.monotonic() - started >= RETRIED[code] / 10


@pytest.mark.parametrize("code", sorted(REFRESHED))
async def test_refreshed(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    # A token refused so soon after its issue counts as a failure and is not asked for again at once: pretend it is old.
    adapter.caller.tokens._token.issued_at -= 60  # type: ignore[union-attr]
    rig.feishu.faults.refuse_send(code)
    result = await adapter.send(rig.target(), text("x"), "k")
    assert result.attempts == 2
    assert rig.feishu.stats.token_requests == 2
    assert adapter.counters()["token_refreshes"] == 1
    assert [message.text for message in rig.feishu.messages] == ["x"]


@pytest.mark.parametrize("code", sorted(DEGRADED))
async def test_degraded_to_text(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    rig.feishu.faults.refuse_send(code)
    result = await adapter.send(rig.target(), POST, "k")
    (message,) = rig.feishu.messages
    assert message.msg_type == "text"
    assert message.content["text"].replace("\u200b", "") == "**x** <at id=all></at>"
    assert "<at" not in message.content["text"]
    (degradation,) = result.degradations
    assert (degradation.what, degradation.how) == ("post", "text")
    assert str(code) in degradation.why
    assert [call["request"]["uuid"] for call in rig.calls("/messages")] == ["k", "k-t"]


@pytest.mark.parametrize("code", sorted(DEGRADED))
async def test_nothing_plainer_than_text(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    rig.feishu.faults.refuse_send(code, times=None)
    with pytest.raises(ContentRefusedError, match=str(code)):
        await adapter.send(rig.target(), text("x"), "k")
    assert len(rig.calls("/messages")) == 1


@pytest.mark.parametrize("code", sorted(DEGRADED))
async def test_refused_as_text_too(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    rig.feishu.faults.refuse_send(code, times=None)
    with pytest.raises(ContentRefusedError, match=str(code)):
        await adapter.send(rig.target(), POST, "k")
    assert len(rig.calls("/messages")) == 2


@pytest.mark.parametrize("code", sorted(RETARGETED))
async def test_retargeted_to_the_chat(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    question = await rig.alice.says("?")
    rig.feishu.faults.refuse_send(code)
    result = await adapter.send(rig.target(reply_to=question.message_id), text("!"), "k")
    (message,) = rig.feishu.messages
    assert (message.text, message.parent_id) == ("!", "")
    (degradation,) = result.degradations
    assert (degradation.what, degradation.how) == ("reply", "sent to the chat")
    assert str(code) in degradation.why
    assert [call["request"]["uuid"] for call in rig.calls("/messages")] == ["k", "k-c"]


@pytest.mark.parametrize("code", sorted(RETARGETED))
async def test_without_a_reply_there_is_no_other_target(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    rig.feishu.faults.refuse_send(code)
    with pytest.raises(DeliveryError, match=str(code)):
        await adapter.send(rig.target(), text("!"), "k")


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", sorted(RAISED))
async def test_raised(rig: Rig, adapter: FeishuAdapter, code: int, status: int) -> None:
    kind, hint = RAISED[code]
    rig.feishu.faults.refuse_send(code, http_status=status)
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(rig.target(), text("x"), "k")
    error = caught.value
    assert type(error) is kind
    assert (error.code, error.platform, error.ambiguous) == (code, "feishu", False)
    assert error.log_id
    for fact in (str(code), hint, error.log_id, "message.create", f"HTTP {status}"):
        assert fact in str(error)
    assert SECRET not in str(error)
    assert rig.feishu.stats.sends == 0
    assert len(rig.calls("/messages")) == 1, "not tried again"


@pytest.mark.parametrize("body", ["<html>a proxy's page</html>", "", "[]", "null", "{}"])
async def test_a_success_that_is_none_of_the_platforms_is_tried_again(
    rig: Rig, adapter: FeishuAdapter, body: str
) -> None:
    rig.feishu.faults.http_fail("*/messages", 200, body=body, times=2)
    sent = await adapter.send(rig.target(), text("x"), "k")
    assert sent.attempts == 3
    assert rig.feishu.stats.sends == 1


ODD = ['{"code": []}', '{"code": {"a": 1}, "msg": null}', '{"code": "x"}']


@pytest.mark.parametrize(
    ("status", "body"),
    [(status, body) for status in (200, 400) for body in ODD] + [(400, "[]"), (400, "null"), (400, "{}")],
)
async def test_odd_answers_are_delivery_errors(rig: Rig, adapter: FeishuAdapter, status: int, body: str) -> None:
    rig.feishu.faults.http_fail("*/messages", status, body=body)
    with pytest.raises(DeliveryError, match=r"message\.create"):
        await adapter.send(rig.target(), text("x"), "k")


async def test_unknown_code_says_where_to_look_it_up(rig: Rig, adapter: FeishuAdapter) -> None:
    rig.feishu.faults.refuse_send(424242)
    with pytest.raises(DeliveryError, match=r"open\.feishu\.cn/search\?q=424242"):
        await adapter.send(rig.target(), text("x"), "k")


@pytest.mark.parametrize("rule", list(TOKEN_ERRORS), ids=lambda rule: str(rule.code))
async def test_token_rows(rig: Rig, rule: Any) -> None:
    assert rule.reaction is Reaction.STOP
    rig.feishu.faults.http_fail("*tenant_access_token*", 200, times=None, body=f'{{"code": {rule.code}, "msg": "no"}}')
    adapter = rig.make()
    with pytest.raises(AuthError) as caught:
        await adapter.send(rig.target(), text("x"), "k")
    assert caught.value.code == rule.code
    assert rule.hint in str(caught.value)
    assert SECRET not in str(caught.value)
