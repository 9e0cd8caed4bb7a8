"""Replies as skills give them, and what leaves for them each way: by session webhook, by the API, by a custom robot.

Everything goes over real sockets to the emulator, which checks it; ids of uploads are written as `MEDIA`. To accept a
changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff. What calls back is in `samples/dingtalk/cards`, and
here is only what a custom robot makes of it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from dingtalk_rig import Rig
from dingtalk_saying import HERE, heard, make_robot, say_all
from golden import save, updating

from imbridge.emulators.dingtalk import BotMessage, Group
from imbridge.protocol import ELEMENT_TYPES

SAMPLES = Path(__file__).parents[2] / "samples" / "dingtalk" / "out"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
WAYS = ("session", "api", "robot")
NEVER_SENT = {"toast"}
"""An answer to a click, not a message."""


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def shown(rig: Rig, message: BotMessage) -> dict[str, Any]:
    """A message without what differs from run to run."""
    body = {
        name: value
        for name, value in message.body.items()
        if name not in ("robotCode", "openConversationId", "msgUuid")
    }
    text = json.dumps(body, ensure_ascii=False)
    for media_id in rig.ding.world.uploads._uploads:
        text = text.replace(media_id, "MEDIA")
    made: dict[str, Any] = json.loads(text)
    return made


@pytest.mark.parametrize(("name", "way"), [(name, way) for name in NAMES for way in WAYS if way in read(name)])
async def test_sample(rig: Rig, team: Group, name: str, way: str) -> None:
    sample = read(name)
    reply = [ELEMENT_TYPES[element["type"]].model_validate(element) for element in sample["reply"]]
    if way == "robot":
        robot = rig.ding.add_custom_robot("Alerts", team)
        _, degradations = await say_all(make_robot(rig, robot), HERE, reply)
    else:
        adapter = await rig.start()
        if way == "session":
            await heard(rig, rig.alice, team)
        _, degradations = await say_all(adapter, rig.target(team), reply)
    sent = rig.sent()
    result = {"messages": [shown(rig, one) for one in sent], "degradations": [one.model_dump() for one in degradations]}
    if updating():
        save(SAMPLES / f"{name}.json", read(name) | {way: result})
        sample = read(name)
    assert result == sample[way]
    assert rig.ding.violations == []


def test_every_kind_of_element_and_of_message_has_a_sample() -> None:
    samples = [read(name) for name in NAMES]
    assert {element["type"] for sample in samples for element in sample["reply"]} == set(ELEMENT_TYPES) - NEVER_SENT
    posted = {body["msgtype"] for sample in samples for body in sample["robot"]["messages"]}
    assert posted == {"text", "markdown", "link", "actionCard", "feedCard"}
    keys = {body["msgKey"] for sample in samples for body in sample.get("api", {}).get("messages", ())}
    cards = {f"sampleActionCard{number}" for number in ("", 2, 3, 4, 5, 6)}
    others = {"Text", "Markdown", "ImageMsg", "Link", "Audio", "File", "Video"}
    assert keys == cards | {f"sample{name}" for name in others}
