"""Posting to a custom robot's address.

Rules: open.dingtalk.com, "custom robots send group messages": 20 messages a minute, and silence for ten minutes when it
is more; `msgUuid` makes a repetition harmless. The token in the address is a credential and is in no error.
"""

import hashlib
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

from imbridge.adapters.dingtalk.calls import OapiCaller
from imbridge.adapters.dingtalk.config import DingTalkConfig, hook_token
from imbridge.adapters.dingtalk.errors import DOCS
from imbridge.adapters.dingtalk.robot.errors import ROBOT_ERRORS, ROBOT_KINDS, SECURITY, SECURITY_HINTS
from imbridge.adapters.dingtalk.robot.signing import signed
from imbridge.adapters.errcode_calls import Answer
from imbridge.adapters.errcode_refusals import Api
from imbridge.adapters.group_hook import hook_base
from imbridge.protocol import DeliveryError
from imbridge.transport import HttpPool, HttpResponse, Rate

_SEND = "/robot/send"
_NOTABLE_SKEW = 60.0
"""Seconds by which a clock may be wrong: a signature is good for an hour, and dates are whole seconds."""


class RobotCaller(OapiCaller):
    """Calls one robot's address, and sees by each answer what time it is there.

    Attributes:
        skew: Seconds by which the platform's clock is ahead of ours, by the last answer.
    """

    skew: float = 0.0

    def read(self, response: HttpResponse) -> tuple[Any, dict[str, Any]]:
        """As `OapiCaller`."""
        self.skew = _skew(response)
        return super().read(response)


class RobotHook:
    """One robot's address."""

    def __init__(self, config: DingTalkConfig, pool: HttpPool, *, now: Callable[[], float] = time.time) -> None:
        """No I/O; `now` gives seconds since 1970.

        Raises:
            ValueError: the settings name no robot.
        """
        if config.webhook_url is None:
            raise ValueError("a custom robot needs a webhook_url")
        api = Api(
            "dingtalk",
            config.key,
            hook_base(config.webhook_url, config.oapi_url),
            ROBOT_ERRORS,
            ROBOT_KINDS,
            DOCS,
            config.send_timeout,
        )
        self.caller = RobotCaller(api, pool, None)
        self._now = now
        self._ahead = 0.0
        self._token = hook_token(config.webhook_url.get_secret_value())
        self._secret = config.sign_secret.get_secret_value() if config.sign_secret is not None else ""
        self._limits = (("robot", Rate.parse(config.robot_rate)),)

    async def send(self, body: dict[str, Any], key: str) -> Answer:
        """Post one message, again while `send_timeout` lasts; `key` makes that harmless.

        Raises:
            DeliveryError: and its kinds. `ambiguous` when the message may be in the group all the same.
        """
        return await self._call({**body, "msgUuid": uuid_of(key)}, limits=self._limits)

    async def ask(self, *, patience: float) -> Answer:
        """Post a message that says nothing and that nobody sees; `patience` in seconds.

        Raises:
            DeliveryError: and its kinds.
        """
        return await self._call({}, patience=patience)

    async def _call(self, body: dict[str, Any], **options: Any) -> Answer:
        try:
            return await self._signed(body, options)
        except DeliveryError as error:
            if error.code == SECURITY and self._set_clock():
                try:
                    return await self._signed(body, options)
                except DeliveryError as again:
                    raise self._told(again) from None
            raise self._told(error) from None

    async def _signed(self, body: dict[str, Any], options: dict[str, Any]) -> Answer:
        params = {"access_token": self._token}
        if self._secret:
            params |= signed(self._secret, round((self._now() + self._ahead) * 1000))
        return await self.caller.call("POST", _SEND, json=body, params=params, **options)

    def _set_clock(self) -> bool:
        """Go by the platform's clock from now on; whether that is another time."""
        skew = self.caller.skew + time.time() - self._now()
        if not self._secret or abs(skew - self._ahead) < _NOTABLE_SKEW:
            return False
        self._ahead = skew
        return True

    def _told(self, error: DeliveryError) -> DeliveryError:
        """The error, with what to do, and without what is secret."""
        text = str(error)
        if error.code == SECURITY:
            said = text.casefold()
            hint = next((hint for words, hint in SECURITY_HINTS if any(word in said for word in words)), "")
            text = f"{text}; {hint}" if hint else text
        for secret in (self._token, self._secret):
            text = text.replace(secret, "***") if secret else text
        error.args = (text,)
        return error


def uuid_of(key: str) -> str:
    """What tells the platform that it is the same message."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _skew(response: HttpResponse) -> float:
    try:
        there = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return there - time.time()
