"""Replies as skills give them, and what becomes of each: as the answer to a message, and unasked.

To accept a changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff. Each is sent to the emulator, too.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import save, updating
from wecom_bot_rig import BotRig

from imbridge.adapters.base import Target
from imbridge.adapters.wecom.bot.adapter import BotAdapter
from imbridge.adapters.wecom.bot.capabilities import BOT
from imbridge.adapters.wecom.bot.outbound import measure
from imbridge.protocol import ELEMENT_TYPES, to_reply
from imbridge.rendering import render

SAMPLES = Path(__file__).parents[2] / "samples" / "wecom" / "bot" / "out"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
UPLOADED = {"image", "file", "audio", "video"}
"""Media are uploaded: see test_wecom_bot_send.py."""
NEVER_SENT = {"toast"}
"""A smart bot's clients show none."""


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


async def sent(bots: BotRig, bot: BotAdapter, target: Target, reply: Any, key: str) -> tuple[list[Any], list[Any]]:
    """The frames that leave, and what is shown otherwise than meant."""
    before = len(bots.frames)
    rendered = render(to_reply(reply), BOT, measure=measure)
    degradations = list(rendered.degradations)
    for number, part in enumerate(rendered.parts):
        degradations += (await bot.send(target, part, f"{key}{number}")).degradations
    frames = [{"cmd": frame["cmd"], "body": frame["body"]} for frame in bots.frames[before:] if frame["cmd"] != "ping"]
    return frames, [one.model_dump() for one in degradations]


@pytest.mark.parametrize("name", NAMES)
async def test_sample(bots: BotRig, bot: BotAdapter, name: str) -> None:
    sample = read(name)
    target = await bots.asked()
    answer, degradations = await sent(bots, bot, target, sample["reply"], "answer")
    push, _ = await sent(bots, bot, bots.target(), sample["reply"], "push")
    result = {"answer": answer, "push": push, "degradations": degradations}
    if updating():
        save(SAMPLES / f"{name}.json", {"reply": sample["reply"], **result})
    assert result == {key: sample[key] for key in ("answer", "push", "degradations")}
    assert bots.platform.violations == []
    assert bots.platform.stats.refused == 0


def test_every_element_has_a_sample() -> None:
    def kinds(reply: Any) -> set[str]:
        return {element.type for element in to_reply(reply).elements}

    covered = set().union(*(kinds(read(name)["reply"]) for name in NAMES))
    assert covered | UPLOADED | NEVER_SENT == set(ELEMENT_TYPES)
