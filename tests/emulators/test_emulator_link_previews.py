"""People look at links: what the app is told, and which previews are shown."""

from collections.abc import Callable
from typing import Any

import pytest
from feishu_raw_client import Bot, Link, answering

from imbridge.emulators.feishu import (
    App,
    CallbackError,
    Chat,
    FeishuEmulator,
    User,
)

Answering = Callable[[dict[str, Any]], Any]


@pytest.fixture
async def link(bot: Bot) -> Link:
    return await bot.connect()


async def test_link_preview(feishu: FeishuEmulator, app: App, alice: User, chat: Chat, bot: Bot, link: Link) -> None:
    sent = await alice.says("see https://example.com/1")
    await link.acked_event()
    inline = {"inline": {"i18n_title": {"en_us": "Page one"}, "url": {"pc": "https://example.com/1"}}}
    async with answering(link, inline) as seen:
        assert await alice.previews_link(app, "https://example.com/1", message=sent) == inline
        await alice.previews_link(app, "https://example.com/1", message=sent)
        await alice.previews_link(app, "https://example.com/1")
    contexts = [one["event"]["context"] for one in seen]
    assert contexts[0] == contexts[1]
    assert contexts[0]["open_message_id"] == sent.message_id
    assert contexts[2] == {
        "url": "https://example.com/1",
        "preview_token": "",
        "open_message_id": "",
        "open_chat_id": "",
    }


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"inline": {"title": 1}}, 200672),
        ({"inline": {"i18n_title": {"en_us": 1}}}, 200672),
        ({"inline": {"name": "x"}}, 200672),
        ({"card": {"type": "raw"}}, 200673),
        ({"card": {"type": "raw", "data": {"schema": "3.0"}}}, 200673),
    ],
)
async def test_wrong_previews(
    feishu: FeishuEmulator, app: App, alice: User, bot: Bot, link: Link, answer: Any, code: int
) -> None:
    async with answering(link, answer):
        with pytest.raises(CallbackError) as caught:
            await alice.previews_link(app, "https://example.com")
    assert caught.value.code == code
    assert [one.kind for one in feishu.violations] == ["callback_answer"]
