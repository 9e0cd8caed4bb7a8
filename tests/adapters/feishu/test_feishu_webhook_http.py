"""Callbacks the whole way: the emulator posts, uvicorn serves, the adapter answers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from contract import until
from feishu_rig import Rig, text
from served import served

from imbridge.adapters.base import Health, Verdict
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import EmulatorSettings, Forged
from imbridge.emulators.feishu.callback import CallbackRefusedError
from imbridge.protocol import Button, ButtonClicked, Card, Message, Toast
from imbridge.rendering import Part, PartKind
from imbridge.transport import WebhookApp

KEY, TOKEN = "canary-encrypt-key", "canary-verification"


class TestOverHttp:
    """The emulator posts, uvicorn serves, the adapter answers."""

    @pytest.fixture
    def settings(self) -> EmulatorSettings:
        return EmulatorSettings(redelivery=(0.05, 0.1, 0.2), ack_timeout=10)

    @pytest.fixture
    async def callback(self, rig: Rig) -> AsyncIterator[tuple[FeishuAdapter, str, WebhookApp]]:
        rig.app.encrypt_key, rig.app.verification_token = KEY, TOKEN
        adapter = await rig.start(mode="webhook", encrypt_key=KEY, verification_token=TOKEN)
        app = WebhookApp(adapter.routes())
        async with served(app) as url:
            yield adapter, f"{url}/feishu/work", app

    async def test_end_to_end(self, rig: Rig, callback: Any, caplog: pytest.LogCaptureFixture) -> None:
        adapter, url, app = callback
        caplog.set_level(logging.DEBUG)
        assert adapter.health is Health.UP
        await rig.feishu.set_callback(rig.app, url)
        await rig.alice.says("by callback")
        await rig.intake.has("by callback")
        rig.intake.answers.append(Verdict.OVERLOADED)
        await rig.alice.says("busy")
        await until(lambda: rig.intake.texts == ["by callback", "busy", "busy"])
        await until(lambda: rig.feishu.unacknowledged_events(rig.app) == 0)
        assert rig.feishu.connections(rig.app) == 0
        assert rig.feishu.stats.endpoint_requests == 0
        assert {status for _, status, _ in app.counts} == {200, 503}
        item = rig.intake.items[0]
        assert isinstance(item, Message)
        await adapter.send(rig.target(), text("and back"), "k")
        assert rig.feishu.messages[-1].text == "and back"
        assert "canary" not in caplog.text

    @pytest.mark.parametrize(
        ("forged", "status", "reason"),
        [
            (Forged(), 200, ""),
            (Forged(age=290), 200, ""),
            (Forged(encrypted=False), 403, "not encrypted"),
            (Forged(encrypted=False, signature="missing"), 403, "not encrypted"),
            (Forged(signature="missing"), 403, "not signed"),
            (Forged(signature="wrong"), 403, "wrong signature"),
            (Forged(without="X-Lark-Signature"), 403, "not signed"),
            (Forged(without="X-Lark-Request-Nonce"), 403, "not signed"),
            (Forged(without="X-Lark-Request-Timestamp"), 403, "not signed"),
            (Forged(age=310), 403, "stale timestamp"),
            (Forged(age=-310), 403, "stale timestamp"),
            (Forged(key="another"), 403, "wrong signature"),
            (Forged(token="another"), 403, "wrong verification token"),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("old", [False, True], ids=["2.0", "1.0"])
    async def test_only_what_the_platform_makes_gets_in(
        self, rig: Rig, callback: Any, forged: Forged, status: int, reason: str, old: bool
    ) -> None:
        _, url, app = callback
        await rig.feishu.set_callback(rig.app, url)
        kind, about = ("p2p_chat_create", {"chat_id": "oc_1"}) if old else ("some.new_event_v9", {"x": 1})
        answer = await rig.feishu.callbacks.send(rig.app, kind, about, forged, old=old)
        assert answer.status == status
        assert len(rig.intake.offered) == (status == 200)
        assert {why for _, code, why in app.counts if code == 403} == ({reason} if reason else set())
        assert answer.body == ({} if status == 200 else ""), "a refusal tells nothing"

    async def test_a_recorded_request_is_worth_nothing(self, rig: Rig, callback: Any) -> None:
        _, url, app = callback
        await rig.feishu.set_callback(rig.app, url)
        await rig.feishu.callbacks.send(rig.app, "some.new_event_v9", {})
        assert (await rig.feishu.callbacks.replay(rig.app)).status == 403
        assert len(rig.intake.offered) == 1
        assert [why for _, code, why in app.counts if code == 403] == ["replayed"]

    @pytest.mark.parametrize("forged", [Forged(), Forged(signature="missing")], ids=["signed", "not signed"])
    async def test_the_challenge(self, rig: Rig, callback: Any, forged: Forged) -> None:
        _, url, _ = callback
        await rig.feishu.set_callback(rig.app, url)
        assert (await rig.feishu.callbacks.challenge(rig.app, forged)).status == 200
        assert rig.intake.offered == []

    @pytest.mark.parametrize(
        "forged",
        [Forged(encrypted=False, signature="missing"), Forged(key="another"), Forged(token="another"), Forged(age=400)],
        ids=repr,
    )
    async def test_a_challenge_that_is_not_the_platforms(self, rig: Rig, callback: Any, forged: Forged) -> None:
        _, url, _ = callback
        await rig.feishu.set_callback(rig.app, url)
        with pytest.raises(CallbackRefusedError, match="HTTP 403"):
            await rig.feishu.callbacks.challenge(rig.app, forged)

    async def test_a_click_is_answered_over_http(self, rig: Rig, callback: Any) -> None:
        adapter, url, _ = callback
        await rig.feishu.set_callback(rig.app, url)
        sent = await adapter.send(rig.target(), Part(PartKind.CARD, (Card(body=(Button("OK", value=7),)),)), "k")
        clicking = asyncio.create_task(rig.feishu.clicks(rig.alice, rig.feishu.messages[-1], button="OK"))
        await rig.intake_has(1)
        inbound = rig.intake.offered[0]
        assert isinstance(inbound.item, ButtonClicked)
        assert (inbound.item.message_id, inbound.item.value) == (sent.part.message_id, 7)
        assert inbound.answer is not None
        showing = asyncio.create_task(inbound.answer.show((Toast("thanks", kind="success"),)))
        answer = await clicking
        assert "thanks" in str(answer)
        assert await showing == ()

    async def test_wrong_settings_are_refused(self, rig: Rig, callback: Any) -> None:
        _, url, app = callback
        rig.app.encrypt_key = "another-key"
        with pytest.raises(AssertionError, match="HTTP 403"):
            await rig.feishu.set_callback(rig.app, url)
        assert rig.intake.offered == []
        assert [reason for _, status, reason in app.counts if status == 403] == ["wrong signature"]
