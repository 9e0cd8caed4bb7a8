"""Feishu's HTTP callbacks: verify, decrypt, take in, answer.

Source: open.feishu.cn, "event subscription: request URL". A callback is authenticated before its content is looked at.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from pydantic_core import to_json

from imbridge.adapters.base import Inbound, Intake, Verdict
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.crypto import decrypt, old_signature, signature
from imbridge.adapters.feishu.frames import parse_json
from imbridge.adapters.feishu.inbound import Identity, decode, unreadable
from imbridge.adapters.feishu.sent.answers import ANSWER_WITHIN, AnswerWriter, expects_answer
from imbridge.adapters.pending import PendingAnswer
from imbridge.protocol import DecodeError
from imbridge.transport import (
    Refused,
    ReplayWindow,
    WebhookRequest,
    WebhookResponse,
    WebhookRoute,
    constant_time_equal,
)

log = logging.getLogger(__name__)

_JSON = {"Content-Type": "application/json"}
_LATER = {"Retry-After": "5"}
_TIMEOUT = 2.5
"""Seconds for a whole callback; the platform waits 3."""


class FeishuWebhook:
    """The callback URL of one account, `/feishu/<account>`."""

    def __init__(self, config: FeishuConfig, me: Identity, intake: Intake, answer: AnswerWriter) -> None:
        """For one account; `answer` writes the answer to a callback, within so many seconds."""
        self._key = config.encrypt_key.get_secret_value() if config.encrypt_key else None
        self._token = config.verification_token.get_secret_value() if config.verification_token else None
        self._me = me
        self._intake = intake
        self._answer = answer
        self._replay = ReplayWindow(300.0)
        self._path = f"/feishu/{config.name}"

    def route(self) -> WebhookRoute:
        """Where it is."""
        return WebhookRoute(self._path, ("POST",), self.handle, timeout=_TIMEOUT)

    async def handle(self, request: WebhookRequest) -> WebhookResponse:
        """Answer one callback.

        Raises:
            Refused: it is not the platform's.
        """
        signed = self._check_signature(request)
        payload = self._open(request.body)
        if isinstance(payload, dict) and payload.get("type") == "url_verification":
            self._check_token(payload.get("token"))
            return WebhookResponse(200, to_json({"challenge": payload.get("challenge")}), _JSON)
        if self._key is not None and not signed:
            raise Refused(403, "not signed")
        if self._key is None and self._token is not None and _is_old_click(payload):
            signed = self._check_old_signature(request, self._token)
        else:
            self._check_token(_token_of(payload))
        received = time.monotonic()
        inbound = self._decode(payload)
        if expects_answer(inbound.item):
            inbound.answer = PendingAnswer()
        response = None
        try:
            response = await self._take_in(inbound, received)
        finally:
            if inbound.answer is not None:
                inbound.answer.shown(())
            if signed and (response is None or response.status != 200):
                self._replay.forget(*_stamp(request))  # it comes again
        return response

    async def _take_in(self, inbound: Inbound, received: float) -> WebhookResponse:
        if not self._me.bot_id:  # the platform's API is down: we could not tell who is mentioned
            return WebhookResponse(503, b"", _LATER)
        offered = self._intake.offer(inbound)
        # Shielded: when the time to answer is over, what is being stored must still be handled.
        verdict = offered.result() if offered.done() else await asyncio.shield(offered)
        if verdict is Verdict.OVERLOADED:
            return WebhookResponse(503, b"", _LATER)
        answer = b""
        if inbound.answer is not None and verdict is Verdict.ACCEPTED:
            answer, shown = await self._answer(inbound, ANSWER_WITHIN - (time.monotonic() - received))
            inbound.answer.shown(shown)
        return WebhookResponse(200, answer or b"{}", _JSON)

    def _check_signature(self, request: WebhookRequest) -> bool:
        """True when it is signed, False when it is not (only the URL's verification comes unsigned)."""
        return self._key is not None and self._is_signed(request, signature, self._key)

    def _check_old_signature(self, request: WebhookRequest, token: str) -> bool:
        """The older callback of a card: the token in it is the card's, so only the signature tells whose it is."""
        if not self._is_signed(request, old_signature, token):
            raise Refused(403, "not signed")
        return True

    def _is_signed(self, request: WebhookRequest, sign: Callable[[str, str, str, bytes], str], secret: str) -> bool:
        given = request.headers.get("X-Lark-Signature")
        timestamp = request.headers.get("X-Lark-Request-Timestamp")
        nonce = request.headers.get("X-Lark-Request-Nonce")
        if given is None or timestamp is None or nonce is None:
            return False
        if not constant_time_equal(given, sign(timestamp, nonce, secret, request.body)):
            raise Refused(403, "wrong signature")
        self._replay.check(timestamp, nonce)
        return True

    def _open(self, body: bytes) -> Any:
        try:
            payload = parse_json(body)
        except DecodeError:
            raise Refused(400, "not JSON") from None
        if self._key is None:
            return payload
        if not isinstance(payload, dict) or not isinstance(payload.get("encrypt"), str):
            raise Refused(403, "not encrypted")
        try:
            return parse_json(decrypt(payload["encrypt"], self._key))
        except DecodeError:
            raise Refused(403, "cannot be decrypted") from None

    def _check_token(self, given: Any) -> None:
        if self._token is None:
            if self._key is None:
                raise Refused(403, "neither encrypt_key nor verification_token is configured")
            return
        if not isinstance(given, str) or not constant_time_equal(given, self._token):
            raise Refused(403, "wrong verification token")

    def _decode(self, payload: Any) -> Inbound:
        try:
            return decode(payload, self._me)
        except DecodeError:
            pass  # passed on whole, below
        except Exception as error:  # noqa: BLE001 - told, without its text; our mistake must not lose the event
            log.warning(
                "%s: the decoder failed on a callback (%s), which is passed on whole", self._path, type(error).__name__
            )
        # By its plain content: the body is encrypted anew for each repetition.
        return unreadable(payload, to_json(payload), self._me)


def _stamp(request: WebhookRequest) -> tuple[str, str]:
    return request.headers["X-Lark-Request-Timestamp"], request.headers["X-Lark-Request-Nonce"]


def _is_old_click(payload: Any) -> bool:
    """A click as apps of before 2024 are told of it: not in an event's form."""
    return isinstance(payload, dict) and isinstance(payload.get("action"), dict) and "event" not in payload


def _token_of(payload: Any) -> Any:
    """Schema 2.0 has it in the header, the older schema at the top."""
    if not isinstance(payload, dict):
        return None
    header = payload.get("header")
    return header.get("token") if isinstance(header, dict) else payload.get("token")
