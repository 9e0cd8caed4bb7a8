"""Media on their way from the platform: a code, for which it gives an address, which is fetched.

Source: open.dingtalk.com, "download the file content of messages received by robots":
`POST /v1.0/robot/messageFiles/download`.
"""

from imbridge.adapters.dingtalk.api import DingTalkApi
from imbridge.adapters.downloads import Downloads as Fetching
from imbridge.protocol import Media, NotSupportedError
from imbridge.transport import HttpPool

PATH = "/v1.0/robot/messageFiles/download"


class Downloads(Fetching):
    """Fetches what was received."""

    def __init__(self, api: DingTalkApi, pool: HttpPool) -> None:
        """Over one app's API."""
        config = api.config
        super().__init__(
            "dingtalk",
            pool,
            limit=config.download_limit,
            within=config.download_timeout,
            places=(config.base_url, config.oapi_url),
        )
        self._api = api

    async def found(self, media: Media) -> str | None:
        """The address that the platform gives for a code."""
        if not media.key:
            raise NotSupportedError(f"DingTalk does not hand out this {type(media).__name__}: it has no downloadCode")
        sent = {"downloadCode": media.key, "robotCode": self._api.config.robot}
        answer = await self._api.caller.call("POST", PATH, json=sent, limits=self._api.limits(PATH))
        found = answer.body.get("downloadUrl")
        return found if isinstance(found, str) else None
