"""Replies as skills give them, and what a group's robot posts for them: each kind of element, and some side by side.

Everything goes over real sockets to the emulator, which checks it; ids of uploads are written as `MEDIA`. To accept a
changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from golden import save, updating
from hypothesis import given
from hypothesis import strategies as st
from wecom_corp_rig import CorpRig, corp_rig, say

from imbridge.adapters.wecom.capabilities import GROUP_ROBOT
from imbridge.adapters.wecom.robot.body import measure, robot_body
from imbridge.emulators.wecom.api_webhook import AT
from imbridge.protocol import ELEMENT_TYPES, Element, Markdown, Text, to_reply
from imbridge.rendering import render

SAMPLES = Path(__file__).parents[2] / "samples" / "wecom" / "robot"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
NEVER_SENT = {"toast"}
"""An answer to a click, of which a robot is not told."""
PIECES = ["<", "@", "alice", ">", "all", "`", "\\", "*", "~", "_", "\n", " ", "|", "-"]
NASTY = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@pytest.fixture
async def corp() -> AsyncIterator[CorpRig]:
    async with corp_rig() as rig:
        yield rig


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


@pytest.mark.parametrize("name", NAMES)
async def test_sample(corp: CorpRig, name: str) -> None:
    sample = read(name)
    reply = [ELEMENT_TYPES[element["type"]].model_validate(element) for element in sample["reply"]]
    _, degradations = await say(corp.make_robot(), reply)
    messages = []
    for message in corp.robot.messages:
        text = json.dumps(message.body, ensure_ascii=False)
        media_id = message.content.get("media_id")
        messages.append(json.loads(text.replace(media_id, "MEDIA") if media_id else text))
    result = {"messages": messages, "degradations": [one.model_dump() for one in degradations]}
    if updating():
        save(SAMPLES / f"{name}.json", sample | result)
    assert result == {key: sample[key] for key in ("messages", "degradations")}
    assert corp.wecom.violations == []


def test_every_kind_of_element_and_of_message_has_a_sample() -> None:
    shown = {element["type"] for name in NAMES for element in read(name)["reply"]}
    assert shown == set(ELEMENT_TYPES) - NEVER_SENT
    sent = {message["msgtype"] for name in NAMES for message in read(name)["messages"]}
    assert sent == {"text", "markdown", "markdown_v2", "image", "news", "file", "voice", "template_card"}


def bodies(*elements: Element) -> list[dict[str, Any]]:
    rendered = render(to_reply(list(elements)), GROUP_ROBOT, measure=measure)
    return [robot_body(part)[0] for part in rendered.parts]


@given(st.lists(NASTY, min_size=1, max_size=4))
def test_no_text_calls_anybody(typed: list[str]) -> None:
    for body in bodies(*map(Text, typed)):
        assert not AT.search(body["text"]["content"])
        assert set(body["text"]) == {"content"}


@given(NASTY)
def test_no_markdown_calls_everybody(typed: str) -> None:
    for body in bodies(Markdown(typed)):
        content = body[body["msgtype"]]["content"]
        called = AT.findall(content)
        assert "all" not in [name.lower() for name in called]
        assert all(f"<@{name}>" in typed.replace("\\", "") for name in called)
