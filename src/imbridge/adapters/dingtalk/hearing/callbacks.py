"""Hearing by HTTP callbacks: the robot's messages, and the app's events where they are set up."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from imbridge.adapters.base import Health, Intake
from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.dingtalk.crypto import envelope_of
from imbridge.adapters.dingtalk.hearing.base import Decoder, Teller
from imbridge.adapters.dingtalk.hearing.events import EventWebhook
from imbridge.adapters.dingtalk.webhook import RobotWebhook
from imbridge.adapters.errcode_calls import ErrcodeCaller
from imbridge.adapters.patience import patiently
from imbridge.adapters.taking import Taking
from imbridge.protocol import ImbridgeError
from imbridge.transport import WebhookRoute

log = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Seconds for the platform to give a token, before somebody is told that it does not."""


class Callbacks:
    """The callback URLs of one account."""

    def __init__(
        self,
        config: DingTalkConfig,
        intake: Intake,
        taking: Taking,
        decode: Decoder,
        caller: ErrcodeCaller,
        tell: Teller,
        counts: Counter[str],
    ) -> None:
        """No I/O; `caller` is asked for a token, which shows whether the secret is right that signs the callbacks."""
        self._key = config.key
        self._taking = taking
        self._caller = caller
        self._tell = tell
        self._robot = RobotWebhook(config, taking, decode, counts)
        envelope = envelope_of(config)
        self._events = None if envelope is None else EventWebhook(config.name, envelope, intake, decode, counts)

    async def start(self) -> None:
        """See that the credentials are right, however long that takes; callbacks can come before that.

        Raises:
            AuthError: they are wrong.
            DeliveryError: the platform cannot be asked: a proxy or a wrong address.
        """
        log.warning(
            "%s: mode callback: DingTalk signs the time of a robot's message, not the message: whoever sees a request "
            "before we do can say anything with it. Mode stream has no such weakness and needs no address; see "
            "docs/dingtalk.md",
            self._key,
        )
        self._taking.start()
        try:
            await patiently(self._key, lambda: self._caller.token(patience=_PATIENCE), self._tell)
        except ImbridgeError as error:
            await self._taking.stop(within=0)
            self._tell(Health.FAILED, str(error))
            raise
        self._tell(Health.UP, "waiting for callbacks")

    async def stop(self) -> None:
        """Take nothing new; what came is taken in."""
        self._robot.reading = False
        if self._events is not None:
            self._events.reading = False
        self._taking.hurry()  # or a callback that waits for room would be let in when nobody hands it over any more
        await self._taking.stop()

    def routes(self) -> Sequence[WebhookRoute]:
        """`/dingtalk/<account>`, and `/dingtalk/<account>/events`."""
        return (self._robot.route(),) if self._events is None else (self._robot.route(), self._events.route())

    def counters(self) -> Mapping[str, int]:
        """None of its own."""
        return {}
