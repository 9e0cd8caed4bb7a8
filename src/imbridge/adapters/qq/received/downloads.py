"""Media on their way from the platform: their addresses are in the messages, some without a scheme.

Source: bot.q.qq.com, "message events" (attachments). The addresses hold what is needed to fetch from them.
"""

from urllib.parse import urlsplit

from imbridge.adapters.downloads import Downloads as Fetching
from imbridge.adapters.qq.config import QQConfig
from imbridge.protocol import Media, NotSupportedError
from imbridge.transport import HttpPool
from imbridge.transport.hosts import LOOPBACK


class Downloads(Fetching):
    """Fetches what was received."""

    def __init__(self, config: QQConfig, pool: HttpPool) -> None:
        """For one bot."""
        super().__init__(
            "qq", pool, limit=config.download_limit, within=config.download_timeout, places=(config.base_url,)
        )
        self._plain = urlsplit(config.base_url).scheme == "http"

    async def found(self, media: Media) -> str | None:
        """The key, which is the address; an API without encryption on this machine has its files without, too."""
        if not media.key:
            raise NotSupportedError(f"QQ does not hand out this {type(media).__name__}: it has no address")
        if self._plain and urlsplit(media.key).hostname in LOOPBACK:
            return media.key.replace("https://", "http://", 1)
        return media.key
