"""Through a whole bridge: people as targets by any id, voice and contacts as answers, media that a skill saves."""

import asyncio
from pathlib import Path

import pytest
from feishu_media import PNG, opus
from feishu_rig import Rig
from pydantic import SecretStr

from imbridge import Bridge, FeishuConfig
from imbridge.emulators.feishu import FeishuEmulator
from imbridge.protocol import Audio, Contact, DeliveryState, Mention, Message


def config(feishu: FeishuEmulator, rig: Rig) -> FeishuConfig:
    return FeishuConfig(
        name="work", app_id=rig.app.app_id, app_secret=SecretStr(rig.app.app_secret), base_url=feishu.base_url
    )


@pytest.mark.parametrize("kind", ["open_id", "user_id", "union_id", "email", "chat_id"])
async def test_targets(rig: Rig, kind: str) -> None:
    ids = rig.feishu.world.directory.ids_of(rig.alice, rig.app)
    ids |= {"email": rig.alice.email, "chat_id": rig.chat.chat_id}
    async with Bridge([config(rig.feishu, rig)]) as bridge:
        receipt = await bridge.send(f"feishu:work/user/{ids[kind]}", "hi")
    assert receipt, receipt.error
    (message,) = rig.feishu.messages
    assert (message.chat, message.text, message.message_id) == (rig.chat, "hi", receipt.message_id)
    assert rig.calls("/messages")[-1]["path"] == "/open-apis/im/v1/messages"


async def test_nobody_as_target(rig: Rig) -> None:
    async with Bridge([config(rig.feishu, rig)]) as bridge:
        receipt = await bridge.send("feishu:work/user/ou_nobody", "hi")
    assert receipt.state is DeliveryState.FAILED


async def test_a_file_that_cannot_be_read_is_a_receipt_and_not_a_crash(rig: Rig, tmp_path: Path) -> None:
    async with Bridge([config(rig.feishu, rig)]) as bridge:
        receipt = await bridge.send(f"feishu:work/private/{rig.chat.chat_id}", Audio(path=str(tmp_path / "gone")))
        assert receipt.state is DeliveryState.FAILED
        assert "No such file" in receipt.error
        assert await bridge.send(f"feishu:work/private/{rig.chat.chat_id}", "the next one arrives")


async def test_answers_of_many_kinds(rig: Rig) -> None:
    bridge = Bridge([config(rig.feishu, rig)])
    bob = rig.feishu.add_user("Bob")
    group = rig.feishu.add_group("Team", members=[rig.alice, bob], apps=[rig.app])

    @bridge.on_message
    async def answer(msg: Message) -> list[object]:
        return [Mention(name="Bob"), " listen: ", Audio(data=opus(1)), Contact(kind="chat", id=group.chat_id)]

    async with bridge:
        await rig.alice.says("?", chat=group, mentions=[rig.app])
        await rig.alice.receives(lambda message: message.msg_type == "share_chat", chat=group)
    assert [message.msg_type for message in rig.feishu.messages] == ["text", "audio", "share_chat"]
    assert rig.feishu.messages[0].mentions == (bob,)
    assert rig.feishu.violations == []


async def test_a_skill_saves_what_it_was_sent(rig: Rig, tmp_path: Path) -> None:
    bridge = Bridge([config(rig.feishu, rig)])
    saved: asyncio.Future[Path] = asyncio.get_running_loop().create_future()

    @bridge.on_message
    async def keep(msg: Message) -> None:
        saved.set_result(await msg.media[0].save(tmp_path))

    async with bridge:
        await rig.alice.sends_file(PNG, name="../picture.png")
        path = await asyncio.wait_for(saved, 10)
    assert path == tmp_path / "picture.png"
    assert path.read_bytes() == PNG
