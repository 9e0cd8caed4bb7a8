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
from imbridge.adapters.feishu.sent.streaming import StreamingCard
from imbridge.adapters.growing import GrowingFullError
from imbridge.emulators.feishu import BotMessage
from imbridge.protocol import (
    AuthError,
    Card,
    ContentRefusedError,
    DeliveryError,
    Image,
    Markdown,
    NotPermittedError,
    Table,
    TargetGoneError,
)
from imbridge.rendering import Part, PartKind
from imbridge.transport import ErrorTable, Reaction

FAIL, REFUSED, FORBIDDEN, GONE = DeliveryError, ContentRefusedError, NotPermittedError, TargetGoneError

RETRIED = {
    99991400: 1.0, 11232: 2.0, 230020: 0.3, 230049: 1.0, 200810: 0.5, 230047: 0.3, 230048: 0.3, 40003: 1.0,
    232096: 1.0, 234019: 1.0,
}  # fmt: skip
"""With the least wait of each, in seconds."""
REFRESHED = {99991663, 99991664, 99991661, 99991671, 99991668, 99991677}
DEGRADED = {230001, 230015, 230025, 230054, 230055, 230099, 11246}
RETARGETED = {230011, 230110, 231003, 230019, 230071, 230072, 230111}
RAISED: dict[int, tuple[type[DeliveryError], str]] = {
    99991672: (FORBIDDEN, "Permissions & Scopes"),
    99991679: (FORBIDDEN, "Permissions & Scopes"),
    230006: (FORBIDDEN, "Add Features > Bot"),
    230017: (FORBIDDEN, "owner"),
    230018: (FORBIDDEN, "muted"),
    230035: (FORBIDDEN, "group's owner"),
    230027: (FORBIDDEN, "Permissions & Scopes"),
    230050: (FORBIDDEN, "invisible"),
    230022: (REFUSED, "sensitive"),
    230028: (REFUSED, "data loss"),
    234006: (REFUSED, "too large"),
    234010: (REFUSED, "empty"),
    234011: (REFUSED, "send it as a File"),
    231010: (FAIL, "reaction"),
    99992351: (FAIL, "open_id"),
    99992361: (FAIL, "one app only"),
    230031: (FAIL, "send a new one"),
    300311: (FAIL, "another app"),
    1390002: (FAIL, "approval's code"),
    230002: (GONE, "add the bot to the group"),
    230013: (GONE, "Availability"),
    232009: (GONE, "disbanded"),
    # forwarding
    230061: (REFUSED, "cannot be forwarded"),
    230062: (FORBIDDEN, "third-party encryption"),
    230063: (GONE, "chat to forward to"),
    230064: (GONE, "none of the messages"),
    230065: (GONE, "recalled"),
    230066: (REFUSED, "secret groups"),
    230067: (REFUSED, "all of one topic"),
    230069: (REFUSED, "different chats"),
    230070: (REFUSED, "confidential"),
    230073: (FORBIDDEN, "hides its history"),
    230074: (FORBIDDEN, "hides its history"),
    # sending, urging, pinning, reading, taking back
    230009: (FAIL, "too late"),
    230012: (FORBIDDEN, "not a message of this bot"),
    230023: (FAIL, "200 unread"),
    230024: (FAIL, "quota"),
    230026: (FORBIDDEN, "take this message back"),
    230029: (GONE, "left"),
    230030: (FAIL, "batch"),
    230033: (FAIL, "7 days"),
    230034: (FAIL, "does not fit its type"),
    230036: (FAIL, "encryption key"),
    230038: (FORBIDDEN, "tenant"),
    230045: (GONE, "no such chat"),
    230046: (FORBIDDEN, "may pin"),
    230052: (FORBIDDEN, "urged"),
    230053: (FORBIDDEN, "does not want"),
    230075: (REFUSED, "secret chats"),
    230098: (FAIL, "folded"),
    # to many at once
    10002: (FAIL, "could not be made"),
    10003: (FAIL, "parameter"),
    11101: (FAIL, "one app only"),
    11203: (FORBIDDEN, "im:message:send_multi_users"),
    11204: (FORBIDDEN, "im:message:send_multi_depts"),
    11205: (FORBIDDEN, "Add Features > Bot"),
    11207: (FORBIDDEN, "administrator"),
    11209: (FORBIDDEN, "no such app"),
    11210: (FORBIDDEN, "administrator"),
    11223: (FORBIDDEN, "Permissions & Scopes"),
    11227: (REFUSED, "upload it with this bot"),
    11231: (GONE, "no such chat"),
    11235: (FORBIDDEN, "call everybody"),
    11247: (FAIL, "500,000"),
    11312: (REFUSED, "refused"),
    # chats
    232001: (FAIL, "parameter"),
    232004: (FORBIDDEN, "no such app"),
    232006: (GONE, "no such chat"),
    232010: (FORBIDDEN, "another tenant"),
    232011: (GONE, "add the bot to the group"),
    232025: (FORBIDDEN, "Add Features > Bot"),
    232033: (FORBIDDEN, "external"),
    232034: (FORBIDDEN, "administrator"),
    # up and down
    234001: (FAIL, "parameter"),
    234002: (FORBIDDEN, "who asks"),
    234003: (FAIL, "not in this message"),
    234004: (GONE, "add the bot to the group"),
    234007: (FORBIDDEN, "Add Features > Bot"),
    234008: (FORBIDDEN, "another app"),
    234009: (FORBIDDEN, "external"),
    234037: (FAIL, "100 MB"),
    234038: (FORBIDDEN, "confidential"),
    234039: (REFUSED, "send it as a File"),
    234040: (FORBIDDEN, "hides its history"),
    234041: (FAIL, "encryption key"),
    234042: (FAIL, "full"),
    234043: (FAIL, "forwarded messages"),
    # the address book
    40001: (FAIL, "parameter"),
    40004: (FORBIDDEN, "contact range"),
    40008: (FAIL, "empty"),
    40011: (FAIL, "page_size"),
    40012: (FAIL, "page_token"),
    40014: (FORBIDDEN, "contact range"),
    40015: (FAIL, "no such department"),
    41012: (FAIL, "no such user"),
    41050: (FORBIDDEN, "contact range"),
    42008: (FAIL, "another tenant"),
    43007: (FAIL, "one id"),
    43010: (FAIL, "recursive=False"),
}
FULL, CLOSED, SEQUENCE, DONE = {200740, 200750, 200860}, {200850, 300309}, {300317}, {200770, 1390007}
"""Of cards that text is streamed into; of approvals too, what is done already."""
SUB_CODES = {11310: "table", 200914: "table", 200570: "image", 200621: "card", 200861: "card"}
"""Of a refused card, with what is shown otherwise because of it."""
POST = Part(PartKind.MARKDOWN, (Markdown("**x** <at id=all></at>"),))


def test_every_row_is_tested_and_nothing_else() -> None:
    tested = [*RETRIED, *REFRESHED, *DEGRADED, *RETARGETED, *RAISED, *FULL, *CLOSED, *SEQUENCE, *DONE]
    assert len(tested) == len(set(tested))
    assert set(tested) == {rule.code for rule in API_ERRORS}
    assert set(SUB_CODES) == {rule.sub_code for rule in API_ERRORS if rule.sub_code is not None}


def test_the_sets_beside_the_table_name_its_rows() -> None:
    rows = {rule.code for rule in API_ERRORS}
    sets = (
        "GONE",
        "GONE_REACTION",
        "NO_THREAD",
        "REFUSED_CONTENT",
        "FORBIDDEN",
        "CARD_FULL",
        "CARD_CLOSED",
        "CARD_SEQUENCE",
    )
    for name in sets:
        assert getattr(error_tables, name) <= rows, name


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
    assert message.content["text"].replace("\u200b", "") == "x <at id=all></at>"
    assert "<at" not in message.content["text"]
    (degradation,) = result.degradations
    assert (degradation.what, degradation.how) == ("markdown", "text")
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


@pytest.mark.parametrize("sub_code", sorted(SUB_CODES))
async def test_a_card_without_what_is_refused(rig: Rig, adapter: FeishuAdapter, sub_code: int) -> None:
    png = b"\x89PNG\r\n\x1a\n" + bytes(32)
    card = Card(title="t", body=["hi", Image(data=png, alt="a chart"), Table(columns=["a"], rows=[["1"]])])
    ext = f"ErrCode: {sub_code}; ErrMsg: not like this; ErrorValue: x; "
    rig.feishu.faults.refuse("*/im/v1/messages", 230099, ext=ext)
    result = await adapter.send(rig.target(), Part(PartKind.CARD, (card,)), "k")
    (message,) = rig.feishu.messages
    (degradation,) = result.degradations
    what = SUB_CODES[sub_code]
    assert degradation.what == what
    assert message.msg_type == ("text" if what == "card" else "interactive")
    shown = {part["tag"] for part in message.card["body"]["elements"]} if what != "card" else set()
    assert ("img" in shown, "table" in shown) == (what == "table", what == "image")
    assert "hi" in message.text
    assert len({call["request"]["uuid"] for call in rig.calls("/messages")}) == 2, "each form has a key of its own"


CONTENT = "*/cardkit/v1/cards/*/content"


async def streaming(rig: Rig, adapter: FeishuAdapter) -> tuple[StreamingCard, BotMessage]:
    growing = adapter.grow(markdown=True)
    assert growing is not None
    element = await growing.open("a")
    await adapter.send(rig.target(), Part(PartKind.CARD, (element,)), "k")
    (message,) = rig.feishu.messages
    return growing, message


@pytest.mark.parametrize("code", sorted(FULL))
async def test_a_full_card(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    growing, message = await streaming(rig, adapter)
    rig.feishu.faults.refuse(CONTENT, code)
    with pytest.raises(GrowingFullError, match=str(code)):
        await growing.show("ab")
    assert message.text == "a"


@pytest.mark.parametrize("code", sorted(CLOSED))
async def test_a_closed_stream(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    growing, message = await streaming(rig, adapter)
    rig.feishu.faults.refuse(CONTENT, code)
    await growing.show("ab")
    assert message.text == "ab"
    (opened,) = rig.calls("/settings")
    assert '"streaming_mode":true' in opened["request"]["settings"]


@pytest.mark.parametrize("code", sorted(SEQUENCE))
async def test_a_low_sequence(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    growing, message = await streaming(rig, adapter)
    rig.feishu.faults.refuse(CONTENT, code)
    await growing.show("ab")
    assert message.text == "ab"
    first, second = [call["request"] for call in rig.calls("/content")]
    assert second["sequence"] > first["sequence"] + 1
    assert second["uuid"] != first["uuid"]


@pytest.mark.parametrize("code", sorted(DONE))
async def test_what_is_done_already(rig: Rig, adapter: FeishuAdapter, code: int) -> None:
    growing, _ = await streaming(rig, adapter)
    rig.feishu.faults.refuse(CONTENT, code)
    await growing.show("ab")
    assert len(rig.calls("/content")) == 1


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
