"""Replies as skills give them, and the messages that they become: each kind of element, and what stands side by side.

Media have made-up keys in place of content: what content is uploaded as is in test_wecom_media.py. To accept a changed
result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from golden import save, updating
from wecom_media import MP4, PDF, PNG, amr
from wecom_rig import Rig

from imbridge.adapters.wecom import WeComAdapter
from imbridge.adapters.wecom.capabilities import APP
from imbridge.adapters.wecom.outbound import measure, message_body, own_body
from imbridge.adapters.wecom.sent.cards import DoesNotFitError, has_task, pictures_in, template_card
from imbridge.emulators.wecom.uploads import Upload
from imbridge.protocol import ELEMENT_TYPES, Card, to_reply
from imbridge.rendering import Part, render

SAMPLES = Path(__file__).parents[2] / "samples" / "wecom" / "out"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
NEVER_SENT = {"toast"}
"""An answer to a click, not a message: see test_wecom_cards.py."""
UPLOADS = {
    "media_image": ("image", PNG),
    "media_voice": ("voice", amr(1)),
    "media_video": ("video", MP4),
    "media_file": ("file", PDF),
}
"""Every key in the samples, and what it stands for."""


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def body_of(part: Part) -> tuple[dict[str, Any], list[Any]]:
    card = part.elements[0]
    if not isinstance(card, Card):
        return message_body(part)
    if card.content:
        return own_body(card.content, "task-1"), []
    pictures = {id(image): f"https://wework.qpic.cn/{image.key}" for image in pictures_in(card)}
    try:
        made, degradations = template_card(card, pictures)
    except DoesNotFitError as error:
        return {"as text": str(error)}, []
    if has_task(made):
        made["task_id"] = "task-1"
    return {"msgtype": "template_card", "template_card": made}, degradations


def made_of(reply: Any) -> dict[str, Any]:
    """The messages, and what is shown otherwise than meant."""
    rendered = render(to_reply(reply), APP, measure=measure)
    bodies = [body_of(part) for part in rendered.parts]
    changed = [*rendered.degradations, *(one for _, degradations in bodies for one in degradations)]
    return {"messages": [body for body, _ in bodies], "degradations": [one.model_dump() for one in changed]}


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    sample = read(name)
    result = made_of(sample["reply"])
    if updating():
        sample |= result
        save(SAMPLES / f"{name}.json", sample)
    assert result == {key: sample[key] for key in ("messages", "degradations")}


def test_every_kind_of_card_has_a_sample() -> None:
    bodies = [body["template_card"] for name in NAMES for body in read(name)["messages"] if "template_card" in body]
    assert {body["card_type"] for body in bodies} == {
        "text_notice", "news_notice", "button_interaction", "vote_interaction", "multiple_interaction"
    }  # fmt: skip


def test_every_kind_of_element_has_a_sample() -> None:
    shown = {element["type"] for name in NAMES for element in read(name)["reply"]}
    assert shown == set(ELEMENT_TYPES) - NEVER_SENT


@pytest.mark.parametrize("name", NAMES)
async def test_the_platform_takes_it(rig: Rig, adapter: WeComAdapter, name: str) -> None:
    for key, (kind, data) in UPLOADS.items():
        rig.wecom.world.uploads._all[key] = Upload(key, kind, "", data, "", float(1 << 40))
    sent = [body for body in read(name)["messages"] if "msgtype" in body]
    for number, body in enumerate(sent):
        await adapter.api.send({"touser": "alice"}, body, f"{name}-{number}")
    assert [message.kind for message in rig.wecom.messages] == [body["msgtype"] for body in sent]
    assert rig.wecom.stats.texts_cut == 0
    assert rig.wecom.violations == []
