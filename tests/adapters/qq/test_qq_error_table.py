"""Every row of the table: what is promised there happens, over the wire."""

import traceback
from dataclasses import replace
from typing import Any

import pytest
from qq_rig import FAST, SECRET, Rig
from qq_saying import hears
from rigs import markdown, text

from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.adapters.qq import QQAdapter
from imbridge.adapters.qq.errors import ADDRESS_CODES, API_ERRORS, DUPLICATE, PENDING
from imbridge.emulators.qq import EmulatorSettings
from imbridge.protocol import (
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
    RateLimitedError,
    TargetGoneError,
)
from imbridge.transport import ErrorTable, Reaction

SEND = "*/messages"
FAIL, REFUSES, FORBIDDEN = DeliveryError, ContentRefusedError, NotPermittedError

ONCE_MORE = {11242, 11252, 11263, 11281}
"""Tried again once and no more, as the documents ask for."""
RETRIED: dict[int, float] = {
    22009: 1.0, 50002: 1.0, 20028: 1.0, 1100100: 1.0, 1100308: 1.0, 610013: 1.0, 620006: 1.0, 306003: 0.5, 306005: 0.5,
    306006: 0.5, 40093001: 1.0,
}  # fmt: skip
"""Until time is up, with the least wait of each, in seconds."""
BOUNDED: dict[int, int] = {
    610012: 2, 304018: 5, 304010: 2, 304017: 2, 304021: 2, 304082: 2, 304083: 2, 850019: 2, 850026: 2, 620007: 2,
    306010: 2,
}  # fmt: skip
"""Tried again so often."""
UNCLEAR = {304016: 2, 1100300: 2}
"""It may have happened: not tried again where that would do harm."""
REFRESHED = {11241, 11243, 11244, 11251, 11255, 11261, 11275, 401}
GONE = {10001, 10003, 10004, 304031, 304032, 304034, 610007, 1100104, 1100301, 40054003, 40054004}
ELSEWHERE = {304026, 304027, 304028, 40034005, 40034024, 40034025, 40034026, 40034027, 40034128}
"""What is answered cannot be answered: another way."""
PLAINER = {
    304003, 40054010, 304004, 304014, 304036, 304037, 40034127, 50055, 50056, 304005, 304011, 304038, 304039, 304040,
    50037, 50040, 50041, 50042, 50054, 50057, 40034008, 40034029, 40034124, 304020, 850031, 40093002,
}  # fmt: skip
RAISED: dict[int | str, tuple[type[DeliveryError], str]] = {
    11253: (FORBIDDEN, "apply"), 11254: (FORBIDDEN, "banned"), 11262: (FORBIDDEN, "not for bots"),
    11264: (FORBIDDEN, "admin has to grant"), 11265: (FORBIDDEN, "q.qq.com"), 11282: (FORBIDDEN, "admin has to grant"),
    "3010*": (FORBIDDEN, "admin has to grant"), "6100*": (FORBIDDEN, "admin has to grant"),
    40034102: (FORBIDDEN, "speak first"), 40034100: (FORBIDDEN, "too often"), 40034105: (FORBIDDEN, "does not let"),
    40034122: (FORBIDDEN, "this period"), 40034123: (FORBIDDEN, "woken up"), 304022: (FORBIDDEN, "time of the day"),
    304035: (FORBIDDEN, "too many"), 304045: (FORBIDDEN, "used up"), 304046: (FORBIDDEN, "this channel"),
    304047: (FORBIDDEN, "used up"), 304048: (FORBIDDEN, "this guild"), 304049: (FORBIDDEN, "used up"),
    304050: (FORBIDDEN, "used up"), 1100102: (FORBIDDEN, "feature"), 306004: (FORBIDDEN, "may not recall"),
    40062003: (FORBIDDEN, "may not recall"), 620005: (FORBIDDEN, "may not react"),
    50006: (REFUSES, "empty"), 304061: (REFUSES, "empty"), 22006: (REFUSES, "kind"), 340069: (REFUSES, "kind"),
    50035: (REFUSES, "form"), 50045: (REFUSES, "itself"), 12002: (REFUSES, "should be"),
    40034001: (REFUSES, "should be"), 40054007: (REFUSES, "too long"),
    304019: (REFUSES, "too often"), 304025: (REFUSES, "not allowed"),
    1100101: (REFUSES, "not allowed"), 1100103: (REFUSES, "not allowed"), 1100304: (REFUSES, "too often"),
    304080: (REFUSES, "not known any more"), 306001: (REFUSES, "recall"), 306002: (REFUSES, "no such message"),
    306007: (REFUSES, "another group"), 306008: (REFUSES, "another bot"), 306009: (REFUSES, "somebody else"),
    306011: (REFUSES, "two minutes"), 40061002: (REFUSES, "no such message"), 40064004: (REFUSES, "two minutes"),
    50039: (REFUSES, "no such message"), 620001: (REFUSES, "no such emoji"), 620002: (REFUSES, "too many"),
    10000: (FAIL, "not supported"), 1100499: (FAIL, "without a reason"),
}  # fmt: skip
DONE = {DUPLICATE, *PENDING, 620003, 620004}
"""Tested where they mean something: test_qq_windows.py, test_qq_audits.py, test_qq_send.py."""


def test_every_row_is_tested() -> None:
    tested = [*ONCE_MORE, *RETRIED, *BOUNDED, *UNCLEAR, *REFRESHED, *GONE, *ELSEWHERE, *PLAINER, *RAISED, *DONE]
    assert len(tested) == len(set(tested))
    assert set(tested) == {rule.code for rule in API_ERRORS}
    assert {rule.code for rule in API_ERRORS if rule.reaction is Reaction.DONE} == DONE


def in_a_hurry(adapter: QQAdapter) -> QQAdapter:
    """The same with waits that a test can afford."""
    caller = adapter.api.caller
    table = ErrorTable(replace(rule, delay=None, max_delay=0.02) for rule in API_ERRORS)
    caller.api = replace(caller.api, errors=table)
    return adapter


@pytest.fixture
def settings() -> EmulatorSettings:
    """Codes as they are asked for: not those that newer documents have instead."""
    return replace(FAST, old_codes=True)


@pytest.fixture
async def sending(rig: Rig) -> QQAdapter:
    adapter = in_a_hurry(await rig.start())
    await hears(rig)
    return adapter


def refuse(rig: Rig, row: int | str, times: int | None = 1) -> int:
    """The next calls are refused as the platform does; returns with which code."""
    code = int(str(row).replace("*", "03"))
    status = 401 if row in REFRESHED else 200 if code % 2 else 400  # errors within success are errors as well
    rig.qq.faults.refuse(SEND, code, status, times, message="said by the platform")
    return code


async def say_hi(rig: Rig, adapter: QQAdapter) -> Answer:
    """An answer, by the API alone."""
    channel = rig.target().channel
    handle = adapter.windows.find(channel, None)
    assert handle is not None
    body: dict[str, Any] = {"msg_type": 0, "content": "hi", **adapter.windows.take(handle, "key")}
    return await adapter.api.send(channel, body)


@pytest.mark.parametrize("row", RETRIED)
async def test_tried_again(rig: Rig, sending: QQAdapter, row: int) -> None:
    assert API_ERRORS.lookup(row).delay == RETRIED[row]
    assert API_ERRORS.lookup(row).retries is None
    refuse(rig, row, times=4)
    assert (await say_hi(rig, sending)).attempts == 5
    assert [message.text for message in rig.sent()] == ["hi"]


@pytest.mark.parametrize("row", [*ONCE_MORE, *BOUNDED])
async def test_tried_again_so_often(rig: Rig, sending: QQAdapter, row: int) -> None:
    times = BOUNDED.get(row, 1)
    refuse(rig, row, times=times)
    assert (await say_hi(rig, sending)).attempts == times + 1
    refuse(rig, row, times=times + 1)
    with pytest.raises(RateLimitedError) as caught:
        await say_hi(rig, sending)
    assert caught.value.code == row
    assert not caught.value.ambiguous


@pytest.mark.parametrize("row", UNCLEAR)
async def test_a_failure_that_does_not_say_what_happened(rig: Rig, sending: QQAdapter, row: int) -> None:
    refuse(rig, row, times=UNCLEAR[row])
    assert (await say_hi(rig, sending)).attempts == UNCLEAR[row] + 1  # its number makes that harmless
    rig.bot.active = True
    refuse(rig, row)
    with pytest.raises(DeliveryError) as caught:
        await sending.api.send(rig.target().channel, {"msg_type": 0, "content": "unasked"})
    assert caught.value.ambiguous
    assert [message.text for message in rig.sent()] == ["hi"]


@pytest.mark.parametrize("row", sorted(REFRESHED))
async def test_another_token_once(rig: Rig, sending: QQAdapter, row: int) -> None:
    before = rig.qq.stats.token_requests
    refuse(rig, row)
    assert (await say_hi(rig, sending)).attempts == 2
    assert rig.qq.stats.token_requests == before + 1
    refuse(rig, row, times=None)
    with pytest.raises(DeliveryError, match="app_id and secret") as caught:
        await say_hi(rig, sending)
    assert caught.value.code == row


@pytest.mark.parametrize("row", sorted(GONE))
async def test_the_target_is_gone(rig: Rig, sending: QQAdapter, row: int) -> None:
    refuse(rig, row)
    with pytest.raises(TargetGoneError) as caught:
        await sending.send(rig.target(), text("hi"), "key")
    assert caught.value.code == row
    assert rig.sent() == []


@pytest.mark.parametrize("row", sorted(ELSEWHERE))
async def test_another_way(rig: Rig, sending: QQAdapter, row: int) -> None:
    refuse(rig, row)
    with pytest.raises(RetargetError):
        await say_hi(rig, sending)
    refuse(rig, row)
    await sending.send(rig.target(), text("hi"), "key")
    assert [(message.text, message.wakeup) for message in rig.sent()] == [("hi", True)]


@pytest.mark.parametrize("row", sorted(PLAINER))
async def test_a_plainer_form(rig: Rig, sending: QQAdapter, row: int) -> None:
    refuse(rig, row)
    with pytest.raises(DegradeError) as caught:
        await say_hi(rig, sending)
    assert caught.value.code == row
    refuse(rig, row)
    sent = await sending.send(rig.target(), markdown("**hi**"), "key")
    assert [message.text for message in rig.sent()] == ["**hi**" if row in ADDRESS_CODES else "hi"]
    assert bool(sent.degradations) != (row in ADDRESS_CODES)  # there was no address in it to write otherwise


@pytest.mark.parametrize("row", RAISED)
async def test_an_error_that_says_what_to_do(rig: Rig, sending: QQAdapter, row: int | str) -> None:
    kind, hint = RAISED[row]
    code = refuse(rig, row)
    with pytest.raises(kind) as caught:
        await say_hi(rig, sending)
    assert type(caught.value) is kind
    assert hint in str(caught.value)
    assert "said by the platform" in str(caught.value)
    assert (caught.value.code, caught.value.platform) == (code, "qq")
    assert not caught.value.ambiguous
    token = await sending.api.caller.token(patience=1)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert not [secret for secret in (SECRET, token) if secret in shown]
    assert rig.sent() == []


async def test_a_code_that_is_in_no_table(rig: Rig, sending: QQAdapter) -> None:
    rig.qq.faults.refuse(SEND, 987654, message="only the platform knows")
    with pytest.raises(DeliveryError, match="only the platform knows") as caught:
        await sending.send(rig.target(), text("hi"), "key")
    assert caught.value.code == 987654


@pytest.mark.parametrize(("status", "attempts"), [(429, 2), (500, 2), (504, 2)])
async def test_a_status_without_a_code(rig: Rig, sending: QQAdapter, status: int, attempts: int) -> None:
    rig.qq.faults.http_fail(SEND, status)
    assert (await say_hi(rig, sending)).attempts == attempts


async def test_unauthorised_without_a_code(rig: Rig, sending: QQAdapter) -> None:
    rig.qq.faults.http_fail(SEND, 401)
    before = rig.qq.stats.token_requests
    assert (await say_hi(rig, sending)).attempts == 2
    assert rig.qq.stats.token_requests == before + 1
