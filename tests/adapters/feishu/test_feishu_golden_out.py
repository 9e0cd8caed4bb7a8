"""Replies as skills give them, and the messages that they become: each kind of element, and what stands side by side.

Media have made-up keys in place of content: what content is uploaded as is in test_feishu_media_out.py. To accept a
changed result: run with IMBRIDGE_UPDATE_GOLDEN=1 and read the diff.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from feishu_media import PNG, mp4, opus
from feishu_rig import Rig
from golden import save, updating

from imbridge.adapters.feishu import FeishuAdapter
from imbridge.adapters.feishu.capabilities import FEISHU
from imbridge.adapters.feishu.outbound import measure, message_body
from imbridge.adapters.feishu.sent.markdown import POST
from imbridge.emulators.feishu.uploads import Upload
from imbridge.protocol import ELEMENT_TYPES, Image, Markdown, to_reply
from imbridge.rendering import Part, PartKind, render

SAMPLES = Path(__file__).parents[2] / "samples" / "feishu" / "out"
NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
NEVER_SENT = {"toast"}
"""An answer to a click, not a message: see test_feishu_cards.py."""
UPLOADS = {
    "img_picture": ("image", "", PNG),
    "img_other": ("image", "", PNG),
    "file_report": ("file", "pdf", b"%PDF"),
    "file_voice": ("file", "opus", opus(1)),
    "file_film": ("file", "mp4", mp4()),
}
"""Every key in the samples, and what it stands for."""


def read(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def made_of(reply: Any) -> dict[str, Any]:
    """The messages, their content as JSON, and what is shown otherwise than meant."""
    rendered = render(to_reply(reply), FEISHU, measure=measure)
    bodies = [message_body(part) for part in rendered.parts]
    return {
        "messages": [{"msg_type": kind, "content": json.loads(content)} for kind, content in bodies],
        "degradations": [one.model_dump() for one in rendered.degradations],
    }


@pytest.mark.parametrize("name", NAMES)
def test_sample(name: str) -> None:
    sample = read(name)
    result = made_of(sample["reply"])
    if updating():
        sample |= result
        save(SAMPLES / f"{name}.json", sample, ascii_only=name == "lone_surrogate")
    assert result == {key: sample[key] for key in ("messages", "degradations")}


def test_every_kind_of_element_has_a_sample() -> None:
    shown = {element["type"] for name in NAMES for element in read(name)["reply"]}
    assert shown == set(ELEMENT_TYPES) - NEVER_SENT


@pytest.mark.parametrize("name", NAMES)
async def test_the_platform_takes_it(rig: Rig, adapter: FeishuAdapter, name: str) -> None:
    group = rig.feishu.add_group("Team", members=[rig.alice], apps=[rig.app])
    sticker = (await rig.alice.sends_sticker()).content["file_key"]
    for key, (kind, file_type, data) in UPLOADS.items():
        rig.feishu.world.uploads._keep(Upload(key, kind, data, rig.app, file_type=file_type))
    ids = rig.feishu.world.directory.ids_of(rig.alice, rig.app)
    real = {
        "ou_alice": ids["open_id"], "on_alice": ids["union_id"], "u_alice": ids["user_id"], "oc_team": group.chat_id,
        "sticker_received": sticker,
    }  # fmt: skip
    sample = read(name)
    for number, message in enumerate(sample["messages"]):
        content = json.dumps(message["content"], ensure_ascii=False)
        for made_up, key in real.items():
            content = content.replace(made_up, key)
        await adapter.api.create("chat_id", group.chat_id, message["msg_type"], content, f"{name}-{number}")
    taken = [message for message in rig.feishu.messages if message.chat is group]
    assert [message.msg_type for message in taken] == [message["msg_type"] for message in sample["messages"]]
    called = {who for message in taken for who in message.mentions}
    assert called == ({rig.alice} if name.startswith("mention") and name != "mention_all" else set())
    assert rig.feishu.violations == []


def test_what_is_written_already_is_measured_as_it_is() -> None:
    elements = (Markdown("a"),)
    assert measure(Part(PartKind.MARKDOWN, elements, "b" * 1000, POST.name)) > 1000


def test_a_picture_in_a_card_is_measured_as_long_as_keys_are() -> None:
    report = Markdown("# h\n\n| a |\n|---|\n| b |")
    short, usual = (Part(PartKind.MARKDOWN, (report, Image(key=key))) for key in ("img_1", f"img_{'k' * 44}"))
    assert measure(short) == measure(usual) == len(message_body(usual)[1].encode())
    assert message_body(usual)[0] == "interactive"
