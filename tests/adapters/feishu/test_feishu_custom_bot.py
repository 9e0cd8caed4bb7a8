"""Custom bots: what arrives in the group, what is refused, and when a message is posted again."""

import base64
import hashlib
import hmac

import previewing
import pytest
from feishu_hooks import HERE, SECRET, make, say
from feishu_rig import Rig, text

from imbridge import Bridge
from imbridge.adapters.base import Health, Target
from imbridge.adapters.feishu.crypto import hook_signature
from imbridge.adapters.feishu.custom.custom_bot import CustomBotAdapter
from imbridge.emulators.feishu import CustomBot
from imbridge.protocol import (
    Button,
    Card,
    Channel,
    ChannelKind,
    Contact,
    Element,
    Emoji,
    Image,
    Link,
    Markdown,
    Mention,
    MentionAll,
    NotSupportedError,
    TargetGoneError,
)
from imbridge.rendering import Part, PartKind


@pytest.fixture
def bot(rig: Rig) -> CustomBot:
    group = rig.feishu.add_group("alerts", members=[rig.alice], apps=[])
    return rig.feishu.add_custom_bot(group, name="Alerts", secret=SECRET)


@pytest.fixture
def adapter(rig: Rig, bot: CustomBot) -> CustomBotAdapter:
    return make(rig, bot)


class TestSaid:
    async def test_text(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        assert await say(adapter, "备份失败 & <b>") == []
        (message,) = rig.feishu.messages
        assert message.text == "备份失败 & <b>"
        assert rig.feishu.violations == []

    async def test_text_that_looks_like_markup_stays_text(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        await say(adapter, 'x <at user_id="all">all</at>')
        (message,) = rig.feishu.messages
        assert message.msg_type == "post"
        assert message.content["zh_cn"]["content"] == [[{"tag": "text", "text": 'x <at user_id="all">all</at>'}]]
        assert message.at_ids == ()

    async def test_mentions(self, rig: Rig, adapter: CustomBotAdapter, bot: CustomBot) -> None:
        await say(adapter, [Mention(id=rig.alice.user_id, name="Alice"), " and ", MentionAll()])
        (message,) = rig.feishu.messages
        assert message.msg_type == "text"
        assert rig.alice.user_id in message.at_ids
        assert '<at user_id="all">' in message.content["text"]

    async def test_rich(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        assert await say(adapter, ["see ", Link(url="https://x.example", title="the page")]) == []
        (message,) = rig.feishu.messages
        assert message.msg_type == "post"
        assert "the page" in message.text

    async def test_markdown_is_a_card_and_calls_nobody(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        assert await say(adapter, Markdown("**down** <at id=all></at>")) == []
        (message,) = rig.feishu.messages
        assert message.msg_type == "interactive"
        (element,) = message.content["body"]["elements"]
        assert element["tag"] == "markdown"
        assert element["content"] == "**down** &#60;at id=all>&#60;/at>"
        assert "<at" not in element["content"]

    async def test_the_platforms_own_card(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        card = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "hi"}]}}
        assert await say(adapter, Card(content=card)) == []
        assert rig.feishu.messages[0].content == card

    async def test_an_image_that_an_app_has_uploaded(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        app = await rig.start()
        await app.send(rig.target(), Part(PartKind.MEDIA, (Image(data=b"\x89PNG\r\n\x1a\n" + bytes(64)),)), "k")
        key = rig.feishu.messages[-1].content["image_key"]
        assert await say(adapter, Image(key=key)) == []
        assert rig.feishu.messages[-1].msg_type == "image"

    @pytest.mark.parametrize("beside", [(), ("look: ",)])
    async def test_an_image_from_bytes_becomes_text(
        self, rig: Rig, adapter: CustomBotAdapter, beside: tuple[str, ...]
    ) -> None:
        (degradation,) = await say(adapter, [*beside, Image(data=b"\x89PNG\r\n\x1a\n")])
        assert (degradation.what, degradation.how) == ("image", "text")
        assert "image_key" in degradation.why
        assert Image(data=b"x").as_text() in rig.feishu.messages[0].text

    async def test_its_group_is_shared_and_a_person_is_named(
        self, rig: Rig, adapter: CustomBotAdapter, bot: CustomBot
    ) -> None:
        assert await say(adapter, Contact(kind="chat", id=bot.chat.chat_id)) == []
        assert rig.feishu.messages[0].content == {"chat_id": bot.chat.chat_id}
        (degradation,) = await say(adapter, Contact(kind="user", id="ou_1", name="Alice"))
        assert (degradation.what, degradation.how) == ("contact", "text")
        assert rig.feishu.messages[1].text == "[user: Alice]"

    async def test_a_card_of_the_model(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        (degradation,) = await say(adapter, Card(title="Disk", body=("it is **full**", Button("Acknowledge"))))
        assert degradation.how == "shown, its buttons and inputs do nothing"
        (message,) = rig.feishu.messages
        assert "it is **full**" in message.text
        assert await say(adapter, Card(title="Disk", body=(Button("Open", url="https://x.example"),))) == []

    async def test_an_emoji_by_its_code_is_text(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        (degradation,) = await say(adapter, ["so ", Emoji(code="SMILE"), Link(url="https://x.example", title="x")])
        assert degradation.what == "emoji"
        assert "[SMILE]" in rig.feishu.messages[0].text

    async def test_a_long_text_is_split_by_the_size_of_the_request(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        said = "灾" * 15_000 + '"' * 5_000
        await say(adapter, said)
        assert "".join(message.text for message in rig.feishu.messages) == said
        assert len(rig.feishu.messages) == 3

    async def test_a_long_markdown_is_split(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        await say(adapter, Markdown("\n\n".join(f"paragraph {n} " + "x" * 500 for n in range(90))))
        assert len(rig.feishu.messages) == 3

    async def test_nothing_that_an_app_has_made(self, adapter: CustomBotAdapter) -> None:
        with pytest.raises(NotSupportedError, match="an app has made"):
            await say(adapter, Card(content={"type": "card", "data": {"card_id": "1"}}))

    async def test_without_a_secret(self, rig: Rig, bot: CustomBot) -> None:
        bot.secret = ""
        await say(make(rig, bot, webhook_secret=None), "plain")
        assert [message.text for message in rig.feishu.messages] == ["plain"]
        assert "sign" not in rig.calls("/hook/")[0]["request"]

    async def test_it_can_do_nothing_else(self, adapter: CustomBotAdapter) -> None:
        part, channel = text("x"), HERE.channel
        for attempt in (
            adapter.edit(channel, "om_1", part), adapter.recall(channel, "om_1"), adapter.react(channel, "om_1", "OK"),
            adapter.unreact(channel, "om_1", "OK"), adapter.typing(channel, "om_1", True),
        ):  # fmt: skip
            with pytest.raises(NotSupportedError):
                await attempt
        assert adapter.routes() == ()
        assert adapter.grow(markdown=True) is None

    async def test_a_reply_and_a_thread_go_to_the_group(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        channel = HERE.channel.model_copy(update={"thread": "omt_1"})
        sent = await adapter.send(Target(channel, reply_to="om_1"), text("x"), "k")
        assert [one.what for one in sent.degradations] == ["reply", "thread"]
        assert [message.text for message in rig.feishu.messages] == ["x"]


@pytest.mark.parametrize(
    ("kind", "name"), [(ChannelKind.GROUP, "oc_1"), (ChannelKind.PRIVATE, "hook"), (ChannelKind.USER, "ou_1")]
)
async def test_any_other_channel_is_refused(rig: Rig, adapter: CustomBotAdapter, kind: ChannelKind, name: str) -> None:
    target = Target(Channel(platform="feishu", account="alerts", kind=kind, id=name))
    with pytest.raises(TargetGoneError, match="feishu:alerts/group/hook"):
        await adapter.send(target, text("x"), "k")
    assert rig.calls("/hook/") == []


def test_signature() -> None:
    """The document's own example code, run with its values."""
    expected = base64.b64encode(hmac.new(b"1599360473\ndemo", digestmod=hashlib.sha256).digest()).decode()
    assert hook_signature("1599360473", "demo") == expected


class TestLife:
    async def test_up_without_io(self, rig: Rig, adapter: CustomBotAdapter) -> None:
        await adapter.start()
        assert adapter.health is Health.UP
        await adapter.stop_reading()
        await adapter.close()
        assert [health for health, _ in rig.health] == [Health.UP, Health.STOPPED]
        assert rig.requests == []

    async def test_on_a_bridge(self, rig: Rig, bot: CustomBot) -> None:
        bot.secret = ""
        async with Bridge.from_env(environ={"FEISHU_WEBHOOK_URL": bot.url}) as bridge:
            assert bridge.health() == {"feishu:default": Health.UP}
            receipt = await bridge.send("feishu:default/group/hook", "from a bridge")
            assert receipt
            assert receipt.message_id is None
            refused = await bridge.send("feishu:default/group/oc_1", "nowhere")
        assert not refused
        assert "feishu:default/group/hook" in refused.error
        assert [message.text for message in rig.feishu.messages] == ["from a bridge"]

    async def test_probe_posts_nothing(self, rig: Rig, bot: CustomBot, adapter: CustomBotAdapter) -> None:
        assert (await adapter.probe()).ok
        bot.keywords = ["disk"]
        assert (await adapter.probe()).ok
        bot.ip_allowed = False
        assert not rig.feishu.messages

    async def test_probe_of_an_address_that_is_none(self, rig: Rig, bot: CustomBot) -> None:
        found = await make(rig, bot, webhook_url=f"{bot.url}x").probe()
        assert not found.ok
        (problem,) = found.problems
        assert "19001" in problem
        assert "was the bot removed?" in problem
        assert bot.url.rpartition("/")[2] not in problem

    async def test_probe_of_an_address_that_nobody_answers(self, rig: Rig, bot: CustomBot) -> None:
        found = await make(rig, bot, webhook_url="http://127.0.0.1:9/open-apis/bot/v2/hook/canary").probe()
        assert not found.ok
        assert "hook/***: cannot connect" in found.problems[0]
        assert "canary" not in found.problems[0]


@pytest.mark.parametrize("element", previewing.ELEMENTS, ids=lambda element: element.type)
async def test_what_is_previewed_is_what_is_sent(adapter: CustomBotAdapter, element: Element) -> None:
    for part in previewing.parts_of(adapter, element):
        await previewing.compare(adapter, HERE, part)
