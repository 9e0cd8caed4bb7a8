"""Says replies as the bridge does: rendered, each part sent; and files as people send them."""

from typing import Any

from dingtalk_rig import Rig

from imbridge.adapters.base import Adapter, Sent, Target
from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.adapters.dingtalk.robot.custom_robot import CustomRobotAdapter
from imbridge.adapters.group_hook import CHANNEL
from imbridge.emulators.dingtalk import CustomRobot, Group, User
from imbridge.protocol import Channel, ChannelKind, Degradation, to_reply
from imbridge.rendering import render
from imbridge.transport import Backoff

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
GIF = b"GIF89a" + bytes(64)
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + bytes(64)
PDF = b"%PDF-1.7" + bytes(64)
MP3 = b"ID3\x03" + bytes(64)
HERE = Target(Channel(platform="dingtalk", account="alerts", kind=ChannelKind.GROUP, id=CHANNEL))
"""The one place where a custom robot speaks."""


def amr(seconds: float) -> bytes:
    """A recording of silence in AMR (RFC 4867): 50 frames a second."""
    return b"#!AMR\n" + (bytes((7 << 3 | 4,)) + bytes(31)) * round(seconds * 50)


def mp4(seconds: float | None, *, wide: bool = False) -> bytes:
    """The beginning of a film, with or without the box that says how long it is."""
    head = b"\x00\x00\x00\x18ftypmp42" + bytes(12)
    if seconds is None:
        return head + bytes(64)
    size, times = (8, bytes(16)) if wide else (4, bytes(8))
    length = round(seconds * 1000).to_bytes(size)
    return head + b"\x00\x00\x00\x6cmvhd" + bytes((wide, 0, 0, 0)) + times + (1000).to_bytes(4) + length + bytes(80)


async def say_all(
    adapter: Adapter, target: Target, reply: Any, key: str = "key"
) -> tuple[list[Sent], list[Degradation]]:
    """The parts as they were sent, and all that was shown otherwise than meant."""
    rendered = render(to_reply(reply), adapter.capabilities, measure=adapter.measure)
    sent = [await adapter.send(target, part, f"{key}-{number}") for number, part in enumerate(rendered.parts)]
    return sent, [*rendered.degradations, *(one for part in sent for one in part.degradations)]


async def say(adapter: Adapter, target: Target, reply: Any, key: str = "key") -> tuple[list[str], list[str]]:
    """The kinds of what was sent, and what was shown otherwise than meant."""
    sent, degradations = await say_all(adapter, target, reply, key)
    return [one.part.kind for one in sent], [one.what for one in degradations]


async def heard(rig: Rig, by: User, chat: Group | None = None, said: str = "hello") -> None:
    """Somebody says something, so that there is a session webhook."""
    await by.says(said, app=rig.app, chat=chat, mentions=() if chat is None else (rig.app,))
    await rig.intake.has(said)


def make_robot(rig: Rig, robot: CustomRobot, **settings: Any) -> CustomRobotAdapter:
    """An adapter for a group's custom robot."""
    own = {"name": "alerts", "webhook_url": robot.webhook_url, "robot_rate": "1000/1s"}
    own |= {"sign_secret": robot.secret} if robot.secret else {}
    adapter = CustomRobotAdapter(DingTalkConfig(**own | settings), rig.context())
    adapter.hook.caller.backoff = Backoff(0.02, 0.1)
    rig.adapters.append(adapter)
    return adapter
