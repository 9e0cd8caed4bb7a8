"""Hearing by webhooks: the platform posts each event to our address."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from imbridge.adapters.base import Health, Intake
from imbridge.adapters.patience import patiently
from imbridge.adapters.qq.api import QQApi
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.qq.hearing.base import Decoder, Introduced, Teller
from imbridge.adapters.qq.webhook import QQWebhook
from imbridge.protocol import AuthError, DeliveryError, ImbridgeError
from imbridge.transport import WebhookRoute

log = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Seconds for the platform to give a token, before somebody is told that it does not."""


class Callbacks:
    """The callback URL of one account."""

    def __init__(
        self, config: QQConfig, api: QQApi, intake: Intake, decode: Decoder, introduced: Introduced, tell: Teller,
        counts: Counter[str],
    ) -> None:  # fmt: skip
        """No I/O; `api` is asked for a token, which shows whether the secret is right that signs the callbacks."""
        self._key = config.key
        self._api = api
        self._introduced = introduced
        self._tell = tell
        self._webhook = QQWebhook(config, intake, decode, counts)

    async def start(self) -> None:
        """See that the credentials are right, however long that takes; callbacks can come before that.

        Raises:
            AuthError: they are wrong.
            DeliveryError: the platform cannot be asked: a proxy or a wrong address.
        """
        try:
            await patiently(self._key, lambda: self._api.caller.token(patience=_PATIENCE), self._tell)
            await self._ask_who_we_are()
        except ImbridgeError as error:
            self._tell(Health.FAILED, str(error))
            raise
        self._tell(Health.UP, "waiting for callbacks")

    async def stop(self) -> None:
        """Take nothing new: the platform is told to come again."""
        self._webhook.reading = False

    def routes(self) -> Sequence[WebhookRoute]:
        """`/qq/<account>`."""
        return (self._webhook.route(),)

    def problems(self) -> Sequence[str]:
        """None: which events come is chosen in the console."""
        return ()

    def counters(self) -> Mapping[str, int]:
        """None of its own."""
        return {}

    async def _ask_who_we_are(self) -> None:
        """The gateway says it by itself. It is needed for what mentions us, and for nothing else."""
        try:
            self._introduced(await self._api.me(patience=_PATIENCE))
        except (DeliveryError, AuthError) as error:
            log.warning("%s: who the bot is cannot be asked: %s", self._key, error)
