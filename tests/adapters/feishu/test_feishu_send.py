"""Sending: forms, targets, replies, threads, and the key that makes a repeated send harmless."""

import asyncio
from typing import Any

import pytest
from contract import until
from feishu_rig import Rig, channel, no_violations, text

from imbridge.adapters.base import Target
from imbridge.adapters.feishu import FeishuAdapter
from imbridge.emulators.feishu import BotMessage
from imbridge.protocol import (
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    DeliveryError,
    Element,
    Emoji,
    Link,
    Markdown,
    Mention,
    MentionAll,
    NotSupportedError,
    Reply,
    Text,
)
from imbridge.rendering import Part, PartKind, render


async def sent(
    rig: Rig, adapter: FeishuAdapter, part: Part, target: Target | None = None, key: str = "k"
) -> BotMessage:
    """Send one part and find it at the platform."""
    before = len(rig.feishu.messages)
    result = await adapter.send(target or rig.target(), part, key)
    assert len(rig.feishu.messages) == before + 1
    message = rig.feishu.messages[-1]
    assert result.part.message_id == message.message_id
    assert result.part.kind == message.msg_type
    return message


def rich(*elements: Element) -> Part:
    return Part(PartKind.RICH, elements)


def group_of(rig: Rig) -> Any:
    return rig.feishu.add_group("Team", members=[rig.alice, rig.feishu.add_user("Bob")], apps=[rig.app])


class TestForms:
    async def test_text(self, rig: Rig, adapter: FeishuAdapter) -> None:
        said = 'Grüße, 你好 🎉 "quotes" \\ and\nlines\ttabs \x00 end'
        message = await sent(rig, adapter, text(said))
        assert (message.msg_type, message.content) == ("text", {"text": said})
        assert message.uuid == "k"

    async def test_text_with_mentions(self, rig: Rig, adapter: FeishuAdapter) -> None:
        alice = rig.alice.open_id_for(rig.app)
        message = await sent(rig, adapter, text("hi ", Mention(id=alice, name="Alice"), " and ", MentionAll(), "!"))
        assert message.msg_type == "text"
        assert message.mentions == (rig.alice,)
        assert message.text.startswith("hi @Alice and @")
        assert '<at user_id="all"></at>' in message.content["text"]

    async def test_rich(self, rig: Rig, adapter: FeishuAdapter) -> None:
        alice = rig.alice.open_id_for(rig.app)
        part = rich(
            Text("line one\nline two "), Link(url="https://a.example/?q=1&r=<2>", title="a [title](x)"),
            Mention(id=alice, name="Alice"), MentionAll(), Emoji(code="SMILE"), Emoji(code="🎉"), Markdown("**bold**"),
            Text("end"),
        )  # fmt: skip
        message = await sent(rig, adapter, part)
        assert message.msg_type == "post"
        assert message.content == {
            "zh_cn": {
                "content": [
                    [{"tag": "text", "text": "line one"}],
                    [
                        {"tag": "text", "text": "line two "},
                        {"tag": "a", "href": "https://a.example/?q=1&r=<2>", "text": "a [title](x)"},
                        {"tag": "at", "user_id": alice, "user_name": "Alice"},
                        {"tag": "at", "user_id": "all"},
                        {"tag": "emotion", "emoji_type": "SMILE"},
                        {"tag": "text", "text": "🎉"},
                    ],
                    [{"tag": "md", "text": "**bold**"}],
                    [{"tag": "text", "text": "end"}],
                ]
            }
        }

    async def test_blank_lines_stay(self, rig: Rig, adapter: FeishuAdapter) -> None:
        message = await sent(
            rig, adapter, rich(Text("one\n\ntwo\n\n\nthree"), Link(url="https://a.example", title="a"))
        )
        assert message.text.startswith("one\n\ntwo\n\n\nthree")

    async def test_blocks_have_lines_to_themselves(self, rig: Rig, adapter: FeishuAdapter) -> None:
        part = rich(
            Text("a\n"), Markdown("*b*"), Text("\nc"), Markdown("*d*"), Markdown("*e*"), Text(""), Text("f\n\n")
        )
        message = await sent(rig, adapter, part)
        assert message.text.split("\n") == ["a", "*b*", "c", "*d*", "*e*", "f"]

    async def test_markdown(self, rig: Rig, adapter: FeishuAdapter) -> None:
        source = "- **bold** [link](https://a.example)\n\n```py\nx = 1 < 2\n```"
        message = await sent(rig, adapter, Part(PartKind.MARKDOWN, (Markdown(source),)))
        assert message.msg_type == "post"
        assert message.content["zh_cn"]["content"] == [[{"tag": "md", "text": source}]]

    @pytest.mark.parametrize("source", ["# Title", "`code`", "| a |\n|---|\n| 1 |", "**[a](https://a.example)**"])
    async def test_markdown_that_a_post_does_not_show_is_a_card(
        self, rig: Rig, adapter: FeishuAdapter, source: str
    ) -> None:
        message = await sent(rig, adapter, Part(PartKind.MARKDOWN, (Markdown(source),)))
        assert message.msg_type == "interactive"
        assert message.content["body"]["elements"] == [{"tag": "markdown", "content": source}]

    async def test_markdown_is_changed_as_what_it_is(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for before, kind in (("**a**", "post"), ("# a", "interactive")):
            made = await adapter.send(rig.target(), Part(PartKind.MARKDOWN, (Markdown(before),)), f"k{kind}")
            for after in ("# b\n`c`", "# d\n`e`"):
                part = Part(PartKind.MARKDOWN, (Markdown(after),))
                changed = await adapter.edit(rig.target().channel, made.part.message_id, part)
                assert changed.part.kind == kind
                assert [one.what for one in changed.degradations] == (["heading", "code"] if kind == "post" else [])
            assert "d" in rig.feishu.messages[-1].text
        assert len(rig.calls("/messages/")) == 2 + 1 + 2, "that it is a card is found out once"

    async def test_card(self, rig: Rig, adapter: FeishuAdapter) -> None:
        content = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "hi"}]}}
        message = await sent(rig, adapter, Part(PartKind.CARD, (Card(content=content, text="hi"),)))
        assert (message.msg_type, message.content) == ("interactive", content)


class TestNobodyIsCalledByAccident:
    @pytest.mark.parametrize(
        "said",
        [
            '<at user_id="all"></at>', '<at user_id="all">everyone</at> hi', "< at user_id='all'>x</at>", "</at>",
            "<AT user_id=all>", "<b>bold</b>", "<i>x</i>", "a [link](https://evil.example)", "[](x)", "<p>", "<br/>",
            "<\tat user_id=\"all\"></at>", "x < b and c > d <at\nuser_id=\"all\"></at>",
        ],
    )  # fmt: skip
    async def test_plain_text_is_literal(self, rig: Rig, adapter: FeishuAdapter, said: str) -> None:
        message = await sent(rig, adapter, text(said))
        assert message.msg_type == "post"
        assert message.content == {"zh_cn": {"content": [[{"tag": "text", "text": said}]]}}
        assert message.mentions == ()
        assert message.at_ids == ()

    @pytest.mark.parametrize("said", ["a < b", "x <3", "f(x)[0]", "[1] (2)", "if a<c and b>d", "@all", "@_all", "&lt;"])
    async def test_harmless_text_stays_text(self, rig: Rig, adapter: FeishuAdapter, said: str) -> None:
        message = await sent(rig, adapter, text(said))
        assert (message.msg_type, message.content) == ("text", {"text": said})

    async def test_markup_beside_a_mention(self, rig: Rig, adapter: FeishuAdapter) -> None:
        alice = rig.alice.open_id_for(rig.app)
        message = await sent(rig, adapter, text(Mention(id=alice, name="Alice"), ' <at user_id="all"></at>'))
        assert message.mentions == (rig.alice,)
        assert message.content["zh_cn"]["content"][0][1] == {"tag": "text", "text": ' <at user_id="all"></at>'}

    @pytest.mark.parametrize(
        "said", ['<at user_id="all"></at>', "<at id=all></at>", "< AT id=all>", "</at>", "**x** <at id=all></at>"]
    )
    async def test_markdown_calls_nobody(self, rig: Rig, adapter: FeishuAdapter, said: str) -> None:
        message = await sent(rig, adapter, Part(PartKind.MARKDOWN, (Markdown(said),)))
        node = message.content["zh_cn"]["content"][0][0]["text"]
        assert "<at" not in node.lower().replace(" ", "")
        assert node.replace("\u200b", "") == said

    @pytest.mark.parametrize(
        "name",
        [
            'Al"ice',
            "<b>Al</b>",
            '"></at><at user_id="all">',
            "Al<ice",
            "A&lice",
            "</at>",
            "Al\nice",
            "'>",
            '"',
            "[x](y)",
        ],
    )
    async def test_names_cannot_break_out(self, rig: Rig, adapter: FeishuAdapter, name: str) -> None:
        alice = rig.alice.open_id_for(rig.app)
        for part in (text(Mention(id=alice, name=name)), rich(Mention(id=alice, name=name), Text("x"))):
            message = await sent(rig, adapter, part, key=part.kind)
            assert message.at_ids == (alice,)
            assert message.mentions == (rig.alice,)

    async def test_an_id_cannot_break_out(self, rig: Rig, adapter: FeishuAdapter) -> None:
        message = await sent(rig, adapter, text(Mention(id='x"></at><at user_id="all', name="x")))
        assert message.content["text"].count("<at") == 1
        assert message.mentions == ()


class TestTargets:
    @pytest.mark.parametrize("kind", ["open_id", "union_id", "user_id", "email"])
    async def test_people(self, rig: Rig, adapter: FeishuAdapter, kind: str) -> None:
        ids = rig.feishu.world.directory.ids_of(rig.alice, rig.app) | {"email": rig.alice.email}
        channel = Channel(platform="feishu", account="work", kind=ChannelKind.USER, id=ids[kind])
        message = await sent(rig, adapter, text("hi"), Target(channel))
        assert message.chat is rig.chat

    async def test_a_group(self, rig: Rig, adapter: FeishuAdapter) -> None:
        group = group_of(rig)
        assert (await sent(rig, adapter, text("hi"), rig.target(group))).chat is group

    async def test_another_apps_open_id_is_refused(self, rig: Rig, adapter: FeishuAdapter) -> None:
        other = rig.feishu.add_app("cli_other", "s")
        channel = Channel(
            platform="feishu", account="work", kind=ChannelKind.USER, id=rig.alice.open_id_for(other)
        )  # fmt: skip
        with pytest.raises(DeliveryError, match="valid for one app only"):
            await adapter.send(Target(channel), text("hi"), "k")

    async def test_reply(self, rig: Rig, adapter: FeishuAdapter) -> None:
        question = await rig.alice.says("?")
        message = await sent(rig, adapter, text("!"), rig.target(reply_to=question.message_id))
        assert (message.parent_id, message.thread_id) == (question.message_id, "")
        assert rig.feishu.stats.replies == 1

    async def test_reply_in_thread(self, rig: Rig, adapter: FeishuAdapter) -> None:
        group = group_of(rig)
        question = await rig.alice.says("?", chat=group)
        message = await sent(rig, adapter, text("!"), rig.target(group, reply_to=question.message_id, in_thread=True))
        assert message.thread_id
        assert message.thread_id == question.thread_id

    async def test_a_thread_without_a_message_to_reply_to(self, rig: Rig, adapter: FeishuAdapter) -> None:
        result = await adapter.send(rig.target(thread="omt_1"), text("!"), "k")
        (degradation,) = result.degradations
        assert (degradation.what, degradation.how) == ("thread", "sent to the chat")
        assert rig.feishu.messages[-1].thread_id == ""

    async def test_a_recalled_question_is_answered_in_the_chat(self, rig: Rig, adapter: FeishuAdapter) -> None:
        question = await rig.alice.says("?")
        rig.alice.recalls(question)
        result = await adapter.send(rig.target(reply_to=question.message_id), text("!"), "k")
        (degradation,) = result.degradations
        assert (degradation.what, degradation.how) == ("reply", "sent to the chat")
        assert "230011" in degradation.why
        assert (rig.feishu.messages[-1].text, rig.feishu.messages[-1].parent_id) == ("!", "")

    @pytest.mark.parametrize("code", [230019, 230071, 230072])
    async def test_where_threads_are_not_allowed_it_is_still_a_reply(
        self, rig: Rig, adapter: FeishuAdapter, code: int
    ) -> None:
        question = await rig.alice.says("?")
        rig.feishu.faults.refuse_send(code)
        result = await adapter.send(rig.target(reply_to=question.message_id, in_thread=True), text("!"), "k")
        (degradation,) = result.degradations
        assert (degradation.what, degradation.how) == ("thread", "sent as a reply")
        assert (rig.feishu.messages[-1].parent_id, rig.feishu.messages[-1].thread_id) == (question.message_id, "")


class TestIdempotency:
    @pytest.mark.parametrize("key", ["k", "x" * 50, "x" * 51, "ключ" * 40, "k" * 5000])
    async def test_the_key_fits(self, rig: Rig, adapter: FeishuAdapter, key: str) -> None:
        first = await adapter.send(rig.target(), text("once"), key)
        again = await adapter.send(rig.target(), text("once"), key)
        assert first.part.message_id == again.part.message_id
        (message,) = rig.feishu.messages
        assert 1 <= len(message.uuid) <= 50
        assert (message.uuid == key) == (len(key) <= 50)

    async def test_long_keys_that_differ_at_the_end_differ(self, rig: Rig, adapter: FeishuAdapter) -> None:
        for end in "ab":
            await adapter.send(rig.target(), text("x"), "k" * 60 + end)
        assert len(rig.feishu.messages) == 2

    @pytest.mark.parametrize("reply", [False, True])
    async def test_an_answer_that_got_lost_makes_no_second_message(
        self, rig: Rig, adapter: FeishuAdapter, reply: bool
    ) -> None:
        question = await rig.alice.says("?")
        rig.feishu.faults.cut_after_accept(times=2)
        result = await adapter.send(rig.target(reply_to=question.message_id if reply else None), text("!"), "k")
        assert result.attempts >= 2
        assert [message.text for message in rig.feishu.messages] == ["!"]
        assert rig.feishu.stats.duplicates_absorbed >= 1

    async def test_the_same_key_at_the_same_time(self, rig: Rig, adapter: FeishuAdapter) -> None:
        """The platform says 230049 to the second while the first is under way."""
        rig.feishu.faults.http_delay("*/messages", 0.4, accepted=True)
        first = asyncio.create_task(adapter.send(rig.target(), text("once"), "k"))
        await until(lambda: rig.feishu.messages)
        results = await asyncio.gather(first, adapter.send(rig.target(), text("once"), "k"))
        assert len({result.part.message_id for result in results}) == 1
        assert [message.text for message in rig.feishu.messages] == ["once"]
        assert [call["code"] for call in rig.calls("/messages")].count(230049) == 1

    async def test_every_create_and_reply_has_a_uuid(self, rig: Rig, adapter: FeishuAdapter) -> None:
        question = await rig.alice.says("?")
        for number, target in enumerate((rig.target(), rig.target(reply_to=question.message_id))):
            await adapter.send(target, text("x"), f"key-{number}")
        assert [call["request"]["uuid"] for call in rig.calls("/messages", "POST")] == ["key-0", "key-1"]


class TestLimits:
    """What rendering cuts by our measure, the platform takes."""

    @pytest.mark.parametrize(
        "said",
        ["x" * 400_000, "长" * 120_000, "🎉" * 60_000, '"' * 200_000, "\n" * 100_000 + "x", "\x01" * 60_000,
         "<b>x</b> " * 20_000, "<b>" + "🎉" * 9_000, "<b>" + "\x01" * 9_000, "[a](b)" + "长" * 9_000],
        ids=["ascii", "cjk", "emoji", "quotes", "newlines", "control", "markup", "markup+emoji", "markup+control",
             "markup+cjk"],
    )  # fmt: skip
    async def test_long_text(self, rig: Rig, adapter: FeishuAdapter, said: str) -> None:
        with no_violations(rig.feishu):
            await self.all_parts(rig, adapter, Reply(elements=(Text(said),)))
        shown = "".join(message.text for message in rig.feishu.messages)
        assert shown.replace("\u200b", "").split() == said.split() or shown.replace("\u200b", "") == said

    @pytest.mark.parametrize("source", ["**长** " * 20_000, "- 🎉 item\n" * 8_000, "```\n" + '"x"\n' * 20_000 + "```"])
    async def test_long_markdown(self, rig: Rig, adapter: FeishuAdapter, source: str) -> None:
        await self.all_parts(rig, adapter, Reply(elements=(Markdown(source),)))
        assert all(len(message.raw_content.encode()) <= 30 << 10 for message in rig.feishu.messages)

    async def test_long_rich(self, rig: Rig, adapter: FeishuAdapter) -> None:
        elements = (Text("长 " * 15_000), Link(url="https://a.example", title="t"), Text('"\n' * 20_000))
        await self.all_parts(rig, adapter, Reply(elements=elements))
        assert all(len(message.raw_content.encode()) <= 30 << 10 for message in rig.feishu.messages)

    async def all_parts(self, rig: Rig, adapter: FeishuAdapter, reply: Reply) -> None:
        rig.feishu.settings.rate_limits = False
        rendered = render(reply, adapter.capabilities, measure=adapter.measure)
        assert rendered.parts
        for number, part in enumerate(rendered.parts):
            await adapter.send(rig.target(), part, f"k{number}")
        assert len(rig.feishu.messages) == len(rendered.parts)

    async def test_what_is_too_long_anyway_is_refused_clearly(self, rig: Rig, adapter: FeishuAdapter) -> None:
        with pytest.raises(ContentRefusedError, match="230025"):
            await adapter.send(rig.target(), text("x" * 200_000), "k")
        assert not rig.feishu.messages


@pytest.mark.parametrize("kind", [ChannelKind.DEPARTMENT, ChannelKind.TAG])
async def test_people_of_a_department_are_no_chat(rig: Rig, adapter: FeishuAdapter, kind: ChannelKind) -> None:
    with pytest.raises(NotSupportedError, match="batch_send"):
        await adapter.send(Target(channel(kind, "3")), text("hi"), "key")
    assert not rig.feishu.messages
