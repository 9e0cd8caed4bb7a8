"""Every row of the tables of oapi.dingtalk.com and of session webhooks, over the wire."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

import pytest
from contract import until
from dingtalk_rig import SECRET, Rig
from dingtalk_tables import ASK, ask, hurried, in_a_hurry, member

from imbridge.adapters.dingtalk import DingTalkAdapter
from imbridge.adapters.dingtalk.errors import BANNED, OAPI_ERRORS, REFUSED, SESSION_ERRORS
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import DegradeError, RetargetError
from imbridge.protocol import (
    AuthError,
    ContentRefusedError,
    DeliveryError,
    NotPermittedError,
    TargetGoneError,
)

FAIL, REFUSES, FORBIDDEN, GONE, PLAINER, ELSEWAY = (
    DeliveryError, ContentRefusedError, NotPermittedError, TargetGoneError, DegradeError, RetargetError
)  # fmt: skip
Row = int | str
WEBHOOK = "*/robot/sendBySession"
JSON = {"Content-Type": "application/json"}


class TestOlderApi:
    RETRIED: ClassVar[dict[Row, float]] = {-1: 0.5, 88: 0.5, 90018: 1.0, 90002: 1.0, "9000*": 1.0, "9001*": 1.0}
    UNCLEAR = (15,)
    REFRESHED = (40014, 42001, 41001, 40001)
    STOPPED = (40089,)
    RAISED: ClassVar[dict[Row, tuple[type[DeliveryError], str]]] = {
        90020: (FORBIDDEN, "reply_by: webhook"),
        60011: (FORBIDDEN, "Permissions"),
        60020: (FORBIDDEN, "egress IP"),
        50002: (FORBIDDEN, "range"),
        50003: (FORBIDDEN, "range"),
        50004: (FORBIDDEN, "range"),
        40078: (FORBIDDEN, "again"),
        22: (FAIL, "base_url"),
        404: (FAIL, "base_url"),
        60121: (GONE, "no such user"),
        33012: (GONE, "user id"),
        40003: (GONE, "user id"),
        60003: (GONE, "department"),
        40004: (REFUSES, "media type"),
        40005: (REFUSES, "upload"),
        40006: (REFUSES, "size"),
        40007: (REFUSES, "media id"),
        41005: (REFUSES, "no media"),
        44001: (REFUSES, "empty"),
        45001: (REFUSES, "too large"),
        40: (REFUSES, "missing"),
        40035: (REFUSES, "parameter"),
        400002: (REFUSES, "parameter"),
        "4300*": (REFUSES, "not as it should be"),
    }

    @pytest.fixture
    def asking(self, rig: Rig) -> DingTalkAdapter:
        return in_a_hurry(rig)

    def test_every_row_is_tested(self) -> None:
        # the page of a ban, and no code at all: test_dingtalk_calls.py
        tested: set[Row] = {*self.RETRIED, *self.UNCLEAR, *self.REFRESHED, *self.STOPPED, *self.RAISED, BANNED, REFUSED}
        assert tested == {rule.code for rule in OAPI_ERRORS}

    @pytest.mark.parametrize("row", RETRIED)
    async def test_tried_again(self, rig: Rig, asking: DingTalkAdapter, row: Row) -> None:
        assert OAPI_ERRORS.lookup(member(row)).delay == self.RETRIED[row]
        rig.ding.faults.refuse(ASK, member(row), times=2)
        answer = await ask(rig, asking, once=True)
        assert answer.attempts == 3
        assert answer.body["result"]["name"] == "Alice"

    @pytest.mark.parametrize("row", UNCLEAR)
    async def test_a_failure_that_does_not_say_what_happened(self, rig: Rig, asking: DingTalkAdapter, row: Row) -> None:
        rig.ding.faults.refuse(ASK, row, times=3)
        with pytest.raises(DeliveryError) as caught:
            await ask(rig, asking, once=True)
        assert caught.value.ambiguous
        assert (await ask(rig, asking)).attempts == 3

    @pytest.mark.parametrize("row", REFRESHED)
    async def test_another_token_once(self, rig: Rig, asking: DingTalkAdapter, row: int) -> None:
        rig.ding.faults.refuse(ASK, row)
        assert (await ask(rig, asking)).attempts == 2
        assert rig.ding.stats.token_requests == 2
        rig.ding.faults.refuse(ASK, row, times=None)
        with pytest.raises(DeliveryError, match="client_secret") as caught:
            await ask(rig, asking)
        assert caught.value.code == row
        assert rig.ding.stats.token_requests == 3

    @pytest.mark.parametrize("row", RAISED)
    async def test_an_error_that_says_what_to_do(self, rig: Rig, asking: DingTalkAdapter, row: Row) -> None:
        kind, hint = self.RAISED[row]
        rig.ding.faults.refuse(ASK, member(row), message="said by the platform")
        with pytest.raises(kind) as caught:
            await ask(rig, asking)
        assert type(caught.value) is kind
        assert hint in str(caught.value)
        assert "said by the platform" in str(caught.value)
        assert (caught.value.code, caught.value.platform) == (member(row), "dingtalk")
        token = await asking.api.caller.token(patience=1)
        assert not [secret for secret in (SECRET, token) if secret in str(caught.value) + repr(caught.value)]

    @pytest.mark.parametrize("row", STOPPED)
    async def test_an_account_that_is_refused(self, rig: Rig, asking: DingTalkAdapter, row: int) -> None:
        rig.ding.faults.refuse(ASK, row)
        with pytest.raises(AuthError, match="client_secret") as caught:
            await ask(rig, asking)
        assert caught.value.code == row

    @pytest.mark.parametrize(
        ("sub_code", "kind", "hint"),
        [("60011", FORBIDDEN, "Permissions"), (60020, FORBIDDEN, "egress IP"), ("isv.unheard-of", FAIL, "no table")],
    )
    async def test_what_88_means_says_its_sub_code(
        self, rig: Rig, asking: DingTalkAdapter, sub_code: Row, kind: type[DeliveryError], hint: str
    ) -> None:
        page = {"errcode": 88, "errmsg": "ding talk error", "sub_code": sub_code, "sub_msg": "said underneath"}
        rig.ding.faults.http_fail(ASK, 200, 1, json.dumps(page), JSON)
        with pytest.raises(kind, match="said underneath") as caught:
            await ask(rig, asking)
        assert str(caught.value.code) == str(sub_code)
        assert hint in str(caught.value)

    async def test_88_of_a_token_that_is_none(self, rig: Rig, asking: DingTalkAdapter) -> None:
        page = {"errcode": 88, "errmsg": "ding talk error", "sub_code": "40014", "sub_msg": "token"}
        rig.ding.faults.http_fail(ASK, 200, 1, json.dumps(page), JSON)
        assert (await ask(rig, asking)).attempts == 2
        assert rig.ding.stats.token_requests == 2

    async def test_88_of_too_many_calls(self, rig: Rig, asking: DingTalkAdapter) -> None:
        rig.ding.faults.over_qps(ASK, times=2)
        assert (await ask(rig, asking)).attempts == 3


class TestSessionWebhook:
    RETRIED: ClassVar[dict[Row, float]] = {-1: 0.5, 90018: 1.0, 90002: 1.0, "9000*": 1.0, "9001*": 1.0}
    RAISED: ClassVar[dict[Row, tuple[type[DeliveryError], str]]] = {
        130101: (ELSEWAY, "too many"),
        410100: (ELSEWAY, "too many"),
        300001: (ELSEWAY, "over"),
        300005: (ELSEWAY, "over"),
        400101: (ELSEWAY, "over"),
        310000: (ELSEWAY, "refused"),
        400013: (GONE, "disbanded"),
        400102: (FORBIDDEN, "switch it on"),
        400106: (GONE, "no longer there"),
        400105: (PLAINER, "type"),
        40035: (PLAINER, "field"),
        460101: (PLAINER, "too long"),
        "43010*": (REFUSES, "content check"),
        "4300*": (REFUSES, "not as it should be"),
    }

    @pytest.fixture
    async def post(self, rig: Rig) -> Callable[[], Awaitable[Answer]]:
        """Says hi by the webhook of something that was just received."""
        adapter = await rig.start()
        await rig.alice.says("hello")
        await until(lambda: adapter.sessions.find(rig.alice.userid) is not None)
        session = adapter.sessions.find(rig.alice.userid)
        assert session is not None

        async def posted() -> Answer:
            for caller in adapter.sessions._callers.values():
                caller.api = replace(caller.api, errors=hurried(SESSION_ERRORS))
            return await adapter.sessions.post(session, {"msgtype": "text", "text": {"content": "hi"}})

        await posted()
        assert [message.text for message in rig.sent()] == ["hi"]
        return posted

    def test_every_row_is_tested(self) -> None:
        assert {*self.RETRIED, *self.RAISED, BANNED} == {rule.code for rule in SESSION_ERRORS}

    @pytest.mark.parametrize("row", RETRIED)
    async def test_tried_again(self, rig: Rig, post: Callable[[], Awaitable[Answer]], row: Row) -> None:
        assert SESSION_ERRORS.lookup(member(row)).delay == self.RETRIED[row]
        rig.ding.faults.refuse(WEBHOOK, member(row), times=2)
        assert (await post()).attempts == 3
        assert [message.text for message in rig.sent()] == ["hi", "hi"]

    @pytest.mark.parametrize("row", RAISED)
    async def test_an_error(self, rig: Rig, post: Callable[[], Awaitable[Answer]], row: Row) -> None:
        kind, hint = self.RAISED[row]
        rig.ding.faults.refuse(WEBHOOK, member(row))
        with pytest.raises(kind, match=hint) as caught:
            await post()
        assert type(caught.value) is kind
        assert caught.value.code == member(row)
        assert "session=" not in str(caught.value) + repr(caught.value)
        assert [message.text for message in rig.sent()] == ["hi"]

    async def test_a_banned_address_tries_another_way(self, rig: Rig, post: Callable[[], Awaitable[Answer]]) -> None:
        with rig.ding.faults.ban_ip(60), pytest.raises(RetargetError, match="banned"):
            await post()

    async def test_a_page_of_html_may_hide_a_message_that_was_sent(
        self, rig: Rig, post: Callable[[], Awaitable[Answer]]
    ) -> None:
        rig.ding.faults.html_page(WEBHOOK)
        with pytest.raises(DeliveryError) as caught:
            await post()
        assert caught.value.ambiguous
