"""Replies as skills give them, and what leaves for them in each place: single chat, group, channel, private messages.

Everything goes over real sockets to the emulator, which checks it; what uploads are named by is written as `FILE_INFO`.
To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import save, updating
from qq_rig import Rig
from qq_saying import Where, guild_channel, hears, say_all, target

from imbridge.adapters.qq import QQAdapter
from imbridge.emulators.qq import BotMessage, Group
from imbridge.protocol import ELEMENT_TYPES

SAMPLES = Path(__file__).parents[2] / "samples" / "qq" / "out"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
WAYS = ("c2c", "group", "channel", "dms")
NEVER_SENT = {"toast"}
"""An answer to a click, not a message."""
_OF_A_RUN = ("msg_id", "event_id", "msg_seq")


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def shown(rig: Rig, message: BotMessage) -> dict[str, Any]:
    """A message without what differs from run to run."""
    body = {name: value for name, value in message.body.items() if name not in _OF_A_RUN}
    text = json.dumps(body, ensure_ascii=False)
    for file_info in rig.qq.world.uploads._stored:
        text = text.replace(file_info, "FILE_INFO")
    made: dict[str, Any] = json.loads(text.replace(rig.qq.base_url, "http://qq.example"))
    if message.data:
        made["(bytes)"] = len(message.data)
    return made


@pytest.mark.parametrize(("name", "way"), [(name, way) for name in NAMES for way in WAYS if way in read(name)])
async def test_sample(rig: Rig, adapter: QQAdapter, team: Group, name: str, way: str) -> None:
    sample = read(name)
    rig.bot.templates["101"] = "# {{.title}}"
    channel = guild_channel(rig)
    direct = channel.guild.direct(rig.alice, rig.bot)
    places: dict[str, Where | None] = {"c2c": None, "group": team, "channel": channel, "dms": direct}
    message_id = await hears(rig, places[way])
    for offered in sample.get("offered", ()):
        rig.qq.world.uploads._offered[offered] = (b"\x89PNG\r\n\x1a\n", "image/png")
    text = json.dumps(sample["reply"]).replace("http://qq.example", rig.qq.base_url)
    reply = [ELEMENT_TYPES[element["type"]].model_validate(element) for element in json.loads(text)]
    where = target(rig, places[way], answers=message_id)
    _, degradations = await say_all(adapter, where, reply)
    sent = rig.sent()
    told = json.dumps([one.model_dump() for one in degradations]).replace(rig.qq.base_url, "http://qq.example")
    result = {"messages": [shown(rig, one) for one in sent], "degradations": json.loads(told)}
    if updating():
        save(SAMPLES / f"{name}.json", read(name) | {way: result})
        sample = read(name)
    assert result == sample[way]
    assert rig.qq.violations == []
    assert not any(message.active for message in sent)


def test_every_kind_of_element_and_of_message_has_a_sample() -> None:
    samples = [read(name) for name in NAMES]
    assert {element["type"] for sample in samples for element in sample["reply"]} == set(ELEMENT_TYPES) - NEVER_SENT
    sent = [body for sample in samples for way in WAYS if way in sample for body in sample[way]["messages"]]
    assert {body["msg_type"] for body in sent if "msg_type" in body} == {0, 2, 3, 4, 7}
    fields = {name for body in sent for name in body if "msg_type" not in body}
    assert {"content", "markdown", "ark", "embed", "image", "keyboard"} <= fields
