"""Custom bots for the tests: adapters made on demand, and what is said through them."""

from typing import Any

from feishu_rig import Rig

from imbridge.adapters.base import Adapter, AdapterContext, Target
from imbridge.adapters.feishu import FeishuAdapter, FeishuConfig
from imbridge.adapters.feishu.custom.custom_bot import CustomBotAdapter
from imbridge.emulators.feishu import CustomBot
from imbridge.protocol import Channel, ChannelKind, to_reply
from imbridge.rendering import render
from imbridge.transport import Backoff, HttpPool

SECRET = "canary-hook-secret"
HERE = Target(Channel(platform="feishu", account="alerts", kind=ChannelKind.GROUP, id="hook"))


def make(rig: Rig, bot: CustomBot, pool: HttpPool | None = None, **config: Any) -> CustomBotAdapter:
    settings = {"name": "alerts", "webhook_url": bot.url, "webhook_secret": SECRET, "chat_rate": "1000/s"} | config
    context = AdapterContext(rig.intake, pool or rig.pool, rig._on_health)
    adapter = FeishuAdapter.create(FeishuConfig(**settings), context)
    assert isinstance(adapter, CustomBotAdapter)
    adapter.hook._backoff = Backoff(0.05, 1.0)
    return adapter


async def say(adapter: Adapter, content: Any) -> list[Any]:
    """Render and send as a bridge does; all degradations."""
    rendered = render(to_reply(content), adapter.capabilities, measure=adapter.measure)
    degradations = list(rendered.degradations)
    for number, part in enumerate(rendered.parts):
        degradations += (await adapter.send(HERE, part, f"k{number}")).degradations
    return degradations
