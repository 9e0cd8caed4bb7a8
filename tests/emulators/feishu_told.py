"""Reading what an app was told, for tests of events."""

from typing import Any

from feishu_raw_client import Bot, Link

from imbridge.emulators.feishu import App, FeishuEmulator


class Told:
    """The events of one app, read in order over a long connection."""

    def __init__(self, feishu: FeishuEmulator, app: App, link: Link) -> None:
        self.feishu = feishu
        self.app = app
        self.link = link

    @classmethod
    async def connect(cls, feishu: FeishuEmulator, app: App, bot: Bot) -> "Told":
        return cls(feishu, app, await bot.connect())

    async def next(self, event_type: str) -> dict[str, Any]:
        """The next event, which is of this type and of schema 2.0: its body."""
        payload = await self.link.acked_event()
        assert payload["schema"] == "2.0"
        header = payload["header"]
        assert header["event_type"] == event_type
        assert (header["app_id"], header["token"]) == (self.app.app_id, self.app.verification_token)
        assert header["tenant_key"] == self.feishu.settings.tenant_key
        event: dict[str, Any] = payload["event"]
        return event

    async def next_old(self, event_type: str) -> dict[str, Any]:
        """The next event, which is of this type and of schema 1.0: its body."""
        payload = await self.link.acked_event()
        assert set(payload) == {"uuid", "token", "ts", "type", "event"}
        assert (payload["type"], payload["token"]) == ("event_callback", self.app.verification_token)
        assert 1_600_000_000 < float(payload["ts"]) < 5_000_000_000
        event: dict[str, Any] = payload["event"]
        assert (event.pop("type"), event.pop("app_id")) == (event_type, self.app.app_id)
        assert event.pop("tenant_key") == self.feishu.settings.tenant_key
        return event
