"""Posting to a robot's address, and uploading what its messages hold.

Rules: developer.work.weixin.qq.com, path/99110 (formerly 91770): 20 messages a minute; no idempotency key, so a message
that may have arrived is never repeated. The key in the address is a credential and is in no error.
"""

from typing import Any

from imbridge.adapters.errcode_calls import Answer, ErrcodeCaller, Form
from imbridge.adapters.errcode_refusals import Api
from imbridge.adapters.group_hook import hook_base
from imbridge.adapters.uploads import Content, multipart
from imbridge.adapters.wecom.config import WeComConfig, hook_key
from imbridge.adapters.wecom.errors import DOCS
from imbridge.adapters.wecom.robot.errors import ROBOT_ERRORS, ROBOT_KINDS
from imbridge.protocol import DeliveryError
from imbridge.transport import HttpPool, Rate

_SEND = "/cgi-bin/webhook/send"
_UPLOAD = "/cgi-bin/webhook/upload_media"


class RobotHook:
    """One robot's address."""

    def __init__(self, config: WeComConfig, pool: HttpPool) -> None:
        """No I/O.

        Raises:
            ValueError: the settings name no robot.
        """
        if config.webhook_url is None:
            raise ValueError("a group robot needs a webhook_url")
        api = Api(
            "wecom",
            config.key,
            hook_base(config.webhook_url, config.base_url),
            ROBOT_ERRORS,
            ROBOT_KINDS,
            DOCS,
            config.send_timeout,
        )
        self.caller = ErrcodeCaller(api, pool)
        self._key = hook_key(config.webhook_url.get_secret_value())
        self._limits = (("robot", Rate.parse(config.robot_rate)),)

    async def send(self, body: dict[str, Any]) -> Answer:
        """Post one message, again while that can do no harm and `send_timeout` lasts.

        Raises:
            DeliveryError: and its kinds. `ambiguous` when the message may be in the group all the same.
        """
        return await self._call(_SEND, {}, json=body, limits=self._limits, once=True)

    async def ask(self, *, patience: float) -> Answer:
        """Post a message that says nothing and that nobody sees; `patience` in seconds.

        Raises:
            DeliveryError: and its kinds.
        """
        return await self._call(_SEND, {}, json={}, patience=patience, once=True)

    async def upload(self, content: Content, kind: str, name: str) -> str:
        """Upload a file; the media id, which this robot can use for three days.

        Args:
            content: What is uploaded.
            kind: `file` or `voice`.
            name: What people see a file called.

        Raises:
            DeliveryError: and its kinds.
        """

        def form() -> Any:
            return multipart({}, "media", content, name)

        answer = await self._call(_UPLOAD, {"type": kind}, form=form)
        media_id = answer.body.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            raise DeliveryError("wecom webhook/upload_media: the answer holds no media_id", platform="wecom")
        return media_id

    async def _call(self, path: str, params: dict[str, str], *, form: Form | None = None, **options: Any) -> Answer:
        try:
            return await self.caller.call("POST", path, params={"key": self._key, **params}, form=form, **options)
        except DeliveryError as error:
            if self._key in str(error):  # a platform, or a proxy, that repeats what it was asked
                error.args = (str(error).replace(self._key, "***"),)
            raise
