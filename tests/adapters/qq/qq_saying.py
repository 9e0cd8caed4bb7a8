"""Says replies as the bridge does: rendered, planned, each part sent; and files as people send them."""

from typing import Any

from qq_rig import Rig

from imbridge.adapters.base import Adapter, Sent, Target
from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import Channel as GuildChannel
from imbridge.emulators.qq import Direct, Group, User
from imbridge.protocol import Channel, ChannelKind, Degradation, to_reply
from imbridge.rendering import render

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
GIF = b"GIF89a" + bytes(64)
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + bytes(64)
PDF = b"%PDF-1.7" + bytes(64)
SILK = b"\x02#!SILK_V3" + bytes(64)
AMR = b"#!AMR\n" + bytes(64)
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(64)

Where = User | Group | GuildChannel | Direct


def target(rig: Rig, where: Where | None = None, **facts: Any) -> Target:
    """A place as the adapter knows it: a single chat (Alice's, when left out), a group, a channel, private messages."""
    if isinstance(where, GuildChannel):
        kind, identity = ChannelKind.GUILD, where.id
    elif isinstance(where, Direct):
        kind, identity = ChannelKind.PRIVATE, f"dms:{where.id}"
    else:
        return rig.target(where, **facts)
    return Target(Channel(platform="qq", account="work", kind=kind, id=identity), **facts)


def guild_channel(rig: Rig, name: str = "talk") -> GuildChannel:
    """A channel of a guild with Alice and the bot."""
    return rig.qq.add_guild("Guild", members=[rig.alice], bots=[rig.bot]).add_channel(name)


async def hears(rig: Rig, where: Where | None = None, said: str = "hello", by: User | None = None) -> str:
    """Somebody says something there, so that it can be answered; its id."""
    by = by or rig.alice
    if where is None or isinstance(where, User):
        sent = await by.says(said, bot=rig.bot)
    else:
        sent = await by.says(said, chat=where, mentions=() if isinstance(where, Direct) else (rig.bot,))
    await rig.intake.has(said)
    return sent.id


async def say_all(
    adapter: Adapter, where: Target, reply: Any, key: str = "key"
) -> tuple[list[Sent], list[Degradation]]:
    """The parts as they were sent, and all that was shown otherwise than meant."""
    rendered = render(to_reply(reply), adapter.capabilities, measure=adapter.measure)
    planned = adapter.plan(where, rendered.parts, key)
    sent = []
    for number, part in enumerate(planned.parts):
        sent.append(await adapter.send(where, part, f"{key}-{number}" if number else key))
    degradations = (one for part in sent for one in part.degradations)
    return sent, [*rendered.degradations, *planned.degradations, *degradations]


async def say(adapter: Adapter, where: Target, reply: Any, key: str = "key") -> tuple[list[str], list[str]]:
    """The kinds of what was sent, and what was shown otherwise than meant."""
    sent, degradations = await say_all(adapter, where, reply, key)
    return [one.part.kind for one in sent], [one.what for one in degradations]


def pass_time(rig: Rig, adapter: QQAdapter, seconds: float) -> None:
    """Time passes, for the platform and for what the adapter knows of windows."""
    rig.qq.pass_time(seconds)
    for clock in (adapter.windows, adapter.rights):
        before = clock._now
        clock._now = lambda before=before: before() + seconds  # type: ignore[misc]
