"""Group robots: what arrives in the group, and as what."""

from dataclasses import replace
from typing import Any

import previewing
import pytest
from wecom_corp_rig import HERE, CorpRig, last, say

from imbridge import Bridge
from imbridge.adapters.base import Health, Target
from imbridge.adapters.wecom.robot.group_robot import GroupRobotAdapter
from imbridge.protocol import (
    Button,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    DegradedError,
    Divider,
    Element,
    Fields,
    Image,
    Link,
    Markdown,
    Mention,
    MentionAll,
    NotSupportedError,
    Select,
    Table,
    TargetGoneError,
    Text,
)
from imbridge.rendering import Part, PartKind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def text(said: str) -> Part:
    return Part(PartKind.TEXT, (Text(said),))


class TestTexts:
    async def test_text(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        assert await say(robot, "备份失败 & <b>") == (["text"], [])
        assert last(corp).body == {"msgtype": "text", "text": {"content": "备份失败 & <b>"}}
        assert corp.wecom.violations == []

    async def test_members_are_called_where_they_are_named(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        await say(robot, ["Hello ", Mention(id="alice", name="Alice"), ", look"])
        assert last(corp).body["text"] == {"content": "Hello <@alice>, look"}
        assert last(corp).mentioned == ("alice",)

    async def test_telephone_numbers_and_everybody(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        await say(robot, ["Now: ", Mention(id="tel:13800000001", name="Alice"), MentionAll()])
        assert last(corp).body["text"] == {
            "content": "Now: ", "mentioned_list": ["@all"], "mentioned_mobile_list": ["13800000001"]
        }  # fmt: skip
        assert last(corp).mentioned == ("@all", "alice")

    @pytest.mark.parametrize(
        ("called", "shown"), [(MentionAll(), "@all"), (Mention(id="tel:13800000001", name="Alice"), "@Alice")]
    )
    async def test_nobody_is_called_without_a_text(
        self, corp: CorpRig, robot: GroupRobotAdapter, called: Any, shown: str
    ) -> None:
        await say(robot, [called])
        assert last(corp).body["text"]["content"] == shown
        assert len(last(corp).mentioned) == 1

    @pytest.mark.parametrize("typed", ["<@alice>", "x <@all> y", "<<@alice>>", "<@"])
    async def test_what_is_typed_calls_nobody(self, corp: CorpRig, robot: GroupRobotAdapter, typed: str) -> None:
        await say(robot, typed)
        assert last(corp).mentioned == ()
        assert last(corp).text.replace("\u200b", "") == typed

    async def test_nor_does_what_is_typed_around_a_mention(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        await say(robot, ["<", Mention(id="alice"), "@bob> <", MentionAll(), "@carol>"])
        assert last(corp).mentioned == ("alice", "@all")

    @pytest.mark.parametrize("userid", ["a>b", "<@alice>", "", "all", "All", "-x", "a b"])
    async def test_what_is_no_userid_is_a_name(self, corp: CorpRig, robot: GroupRobotAdapter, userid: str) -> None:
        await say(robot, ["Hi ", Mention(id=userid, name="Somebody")])
        assert last(corp).text == "Hi @Somebody"
        assert last(corp).mentioned == ()

    async def test_a_long_text_is_split_by_its_bytes(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        kinds, _ = await say(robot, "灾" * 1500)
        assert kinds == ["text"] * 3
        assert "".join(message.text for message in corp.robot.messages) == "灾" * 1500


class TestLinks:
    async def test_one_that_stands_alone_is_news(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        assert await say(robot, Link(url="https://x.example/?a=1&b=2", title="the page")) == (["news"], [])
        assert last(corp).body["news"] == {"articles": [{"title": "the page", "url": "https://x.example/?a=1&b=2"}]}
        assert corp.wecom.violations == []

    async def test_one_among_words_is_written_out(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        assert await say(robot, ["see ", Link(url="https://x.example", title="<@alice>")]) == (["text"], [])
        assert last(corp).text.replace("\u200b", "") == "see <@alice> (https://x.example)"
        assert last(corp).mentioned == ()

    @pytest.mark.parametrize("url", ["ftp://x.example", "javascript:alert(1)", "https://x.example/" + "y" * 2048])
    async def test_what_the_platform_does_not_open_is_text(
        self, corp: CorpRig, robot: GroupRobotAdapter, url: str
    ) -> None:
        kinds, _ = await say(robot, Link(url=url, title="page"))
        assert set(kinds) == {"text"}

    async def test_a_title_has_128_bytes(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        await say(robot, Link(url="https://x.example", title="灾" * 50))
        assert last(corp).body["news"]["articles"][0]["title"] == "灾" * 41 + "…"
        assert corp.wecom.violations == []

    async def test_many_words_are_split_where_texts_end(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        kinds, _ = await say(robot, ["x" * 3000, Link(url="https://x.example", title="page")])
        assert set(kinds) == {"text"}
        assert all(len(message.text.encode()) <= 2048 for message in corp.robot.messages)


class TestMarkdown:
    async def test_what_the_older_kind_shows_goes_as_it(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        said = "# Down\n**db1** is [down](https://x.example), `code`\n> quoted"
        assert await say(robot, Markdown(said)) == (["markdown"], [])
        assert last(corp).body == {"msgtype": "markdown", "markdown": {"content": said}}

    @pytest.mark.parametrize(
        "said",
        [
            "| a | b |\n|---|---|\n| 1 | 2 |", "```\ncode\n```", "- one\n- two", "1. one", "*slanted*", "---",
            "> a\n> > b", "![alt](https://x.example/y.png)",
        ],
    )  # fmt: skip
    async def test_what_it_does_not_show_goes_as_the_newer_one(
        self, corp: CorpRig, robot: GroupRobotAdapter, said: str
    ) -> None:
        assert await say(robot, Markdown(said)) == (["markdown_v2"], [])
        assert last(corp).body == {"msgtype": "markdown_v2", "markdown_v2": {"content": said}}

    async def test_nobody_is_called_by_what_is_typed(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        assert await say(robot, Markdown("hi <@alice> and `<@bob>`")) == (["markdown"], [])
        assert last(corp).mentioned == ()

    async def test_a_member_is_called_and_the_table_taken_apart(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        said = [Mention(id="alice"), Markdown("| a | b |\n|---|---|\n| 1 | 2 |")]
        kinds, degradations = await say(robot, said)
        assert kinds == ["markdown"]
        assert [(one.what, one.how) for one in degradations] == [("table", "list")]
        assert last(corp).mentioned == ("alice",)
        assert "|---|" not in last(corp).text

    async def test_colours_stay(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        kinds, _ = await say(robot, Markdown('<font color="warning">hot</font>\n- one'))
        assert kinds == ["markdown"]
        assert '<font color="warning">hot</font>' in last(corp).text

    @pytest.mark.parametrize("said", ["<@all> hi", "<@ALL>", "\\<@all> hi", "<@a b>"])
    async def test_everybody_is_not_called_by_what_is_typed(
        self, corp: CorpRig, robot: GroupRobotAdapter, said: str
    ) -> None:
        await say(robot, Markdown(said))
        assert last(corp).mentioned == ()
        assert "<@" not in last(corp).text

    async def test_a_long_one_is_split(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        kinds, _ = await say(robot, Markdown("\n\n".join(f"paragraph {n} " + "x" * 500 for n in range(18))))
        assert set(kinds) == {"markdown"}
        assert len(kinds) == 3
        assert all(len(message.text.encode()) <= 4096 for message in corp.robot.messages)

    async def test_a_platform_that_does_not_know_the_newer_kind(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.wecom.faults.refuse("*/webhook/send", 40008)
        kinds, degradations = await say(robot, Markdown("- one\n\n*two*"))
        assert kinds == ["markdown"]
        assert [(one.what, one.how) for one in degradations] == [
            ("list", "lines with marks"), ("italics", "without"), ("markdown", "markdown")
        ]  # fmt: skip
        assert last(corp).text == "- one\n\ntwo"

    async def test_nor_the_older_one(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.wecom.faults.refuse("*/webhook/send", 40008, 2)
        kinds, degradations = await say(robot, Markdown("- one"))
        assert kinds == ["text"]
        assert [one.how for one in degradations] == ["lines with marks", "markdown", "text"]
        assert last(corp).text == "- one"

    async def test_strictly_in_no_other_form(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.wecom.faults.refuse("*/webhook/send", 40008)
        part = Part(PartKind.MARKDOWN, (Markdown("- one"),))
        with pytest.raises(DegradedError, match="markdown: markdown"):
            await robot.send(replace(HERE, strict=True), part, "key")
        assert corp.robot.messages == []


class TestCards:
    async def test_the_model_as_markdown(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        card = Card(
            title="Disk",
            body=(
                "it is **full**", Fields({"host": "db1"}), Divider(), Table(columns=("a", "b"), rows=(("1", "x|y"),)),
                Button("Open", url="https://x.example"), Button("Docs", url="https://d.example"), Button("Acknowledge"),
                Select(name="who", options=("a", "b")), Image(data=PNG),
            ),
        )  # fmt: skip
        kinds, degradations = await say(robot, card)
        assert kinds == ["markdown_v2"]
        assert last(corp).text == (
            "### Disk\n\nit is **full**\n\n**host**: db1\n\n---\n\n| a | b |\n|---|---|\n| 1 | x\\|y |\n\n"
            "[Open](https://x.example)  [Docs](https://d.example)\n\n[image]"
        )
        assert [(one.what, one.how) for one in degradations] == [
            ("button", "left out"), ("image", "text"), ("select", "left out")
        ]  # fmt: skip

    async def test_a_card_that_a_notice_shows_as_it_is_meant(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        card = Card(title="Disk", body=("it is full", Fields({"host": "db1"}), Button("Open", url="https://x.example")))
        assert await say(robot, card) == (["template_card"], [])
        assert last(corp).content == {
            "card_type": "text_notice", "main_title": {"title": "Disk"}, "sub_title_text": "it is full",
            "horizontal_content_list": [{"keyname": "host", "value": "db1"}],
            "jump_list": [{"type": 1, "title": "Open", "url": "https://x.example"}],
            "card_action": {"type": 1, "url": "https://x.example"},
        }  # fmt: skip

    async def test_it_calls_nobody(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        await say(robot, Card(title="<@alice>", body=("<@alice>",)))
        assert last(corp).mentioned == ()

    async def test_one_that_is_too_long_is_refused(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        with pytest.raises(ContentRefusedError, match="4096"):
            await say(robot, Card(body=("x" * 4097,)))
        assert corp.calls == []

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            ({"articles": [{"title": "T", "url": "https://x.example"}]}, "news"),
            (
                {
                    "card_type": "text_notice", "main_title": {"title": "T"},
                    "card_action": {"type": 1, "url": "https://x.example"},
                },
                "template_card",
            ),
        ],
    )  # fmt: skip
    async def test_the_platforms_own_json(
        self, corp: CorpRig, robot: GroupRobotAdapter, content: dict[str, Any], kind: str
    ) -> None:
        assert await say(robot, Card(content=content)) == ([kind], [])
        assert last(corp).body == {"msgtype": kind, kind: content}
        whole = {"msgtype": kind, kind: content}
        assert await say(robot, Card(content=whole)) == ([kind], [])
        assert last(corp).body == whole
        assert corp.wecom.violations == []

    async def test_what_only_an_app_can_send_is_refused(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        with pytest.raises(ContentRefusedError, match="mpnews"):
            await say(robot, Card(content={"msgtype": "mpnews", "mpnews": {}}))


class TestLife:
    async def test_up_without_io(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        await robot.start()
        assert robot.health is Health.UP
        await robot.stop_reading()
        await robot.close()
        assert [health for health, _ in corp.health] == [Health.UP, Health.STOPPED]
        assert corp.calls == []

    async def test_on_a_bridge(self, corp: CorpRig) -> None:
        async with Bridge.from_env(environ={"WECOM_WEBHOOK_URL": corp.robot.webhook_url}) as bridge:
            assert bridge.health() == {"wecom:default": Health.UP}
            receipt = await bridge.send("wecom:default/group/hook", Markdown("- from a bridge"))
            assert receipt
            assert receipt.message_id is None
            assert [part.kind for part in receipt.parts] == ["markdown_v2"]
            refused = await bridge.send("wecom:default/user/alice", "nowhere")
        assert not refused
        assert "wecom:default/group/hook" in refused.error

    @pytest.mark.parametrize(
        ("kind", "name"), [(ChannelKind.GROUP, "c1"), (ChannelKind.PRIVATE, "hook"), (ChannelKind.USER, "alice")]
    )
    async def test_any_other_channel_is_refused(
        self, corp: CorpRig, robot: GroupRobotAdapter, kind: ChannelKind, name: str
    ) -> None:
        target = Target(Channel(platform="wecom", account="alerts", kind=kind, id=name))
        with pytest.raises(TargetGoneError, match="wecom:alerts/group/hook"):
            await robot.send(target, text("x"), "k")
        assert corp.calls == []

    async def test_a_reply_and_a_thread_go_to_the_group(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        target = Target(HERE.channel.model_copy(update={"thread": "1"}), reply_to="1")
        sent = await robot.send(target, text("x"), "k")
        assert [one.what for one in sent.degradations] == ["reply", "thread"]
        assert last(corp).text == "x"

    async def test_it_can_do_nothing_else(self, robot: GroupRobotAdapter) -> None:
        channel = HERE.channel
        for attempt in (
            robot.edit(channel, "1", text("x")), robot.recall(channel, "1"), robot.react(channel, "1", "OK"),
            robot.unreact(channel, "1", "OK"), robot.typing(channel, "1", True),
        ):  # fmt: skip
            with pytest.raises(NotSupportedError):
                await attempt
        assert robot.routes() == ()
        assert robot.grow(markdown=True) is None

    async def test_probe_posts_nothing(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        assert (await robot.probe()).ok
        assert corp.robot.messages == []

    async def test_probe_of_a_robot_that_is_gone(self, corp: CorpRig, robot: GroupRobotAdapter) -> None:
        corp.robot.removed = True
        found = await robot.probe()
        assert not found.ok
        (problem,) = found.problems
        assert "93000" in problem
        assert "Group Robots" in problem
        assert corp.robot.key not in problem

    async def test_probe_of_an_address_that_nobody_answers(self, corp: CorpRig) -> None:
        address = "http://127.0.0.1:9/cgi-bin/webhook/send?key=canary-key"
        found = await corp.make_robot(webhook_url=address).probe()
        assert not found.ok
        assert "cannot connect" in found.problems[0]
        assert "canary" not in found.problems[0]


@pytest.mark.parametrize("element", previewing.ELEMENTS, ids=lambda element: element.type)
async def test_what_is_previewed_is_what_is_sent(robot: GroupRobotAdapter, element: Element) -> None:
    for part in previewing.parts_of(robot, element):
        await previewing.compare(robot, HERE, part)
