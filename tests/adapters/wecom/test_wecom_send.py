"""What an app says: Markdown, links, to whom, what the platform does not take, its limits, its groups."""

from dataclasses import replace
from typing import Any

import pytest
from wecom_media import PNG, amr
from wecom_rig import Rig, channel, part, to

from imbridge.adapters.wecom import WeComAdapter
from imbridge.protocol import (
    Audio,
    Card,
    ChannelKind,
    ContentRefusedError,
    DegradedError,
    DeliveryError,
    File,
    Image,
    Link,
    Loss,
    Markdown,
    NotPermittedError,
    NotSupportedError,
    RateLimitedError,
    TargetGoneError,
    Text,
)
from imbridge.rendering import PartKind
from leap import Leap

TABLE = """# Results

| name | points |
|------|--------|
| *Ann* | 3 |

```py
# not a heading
```
~~old~~ ![chart](https://example.com/c.png)"""


def text(said: str) -> Any:
    return part(PartKind.TEXT, Text(said))


def held(adapter: WeComAdapter) -> int:
    """How many calls wait for a limit."""
    return adapter.api.caller.pacer.waiting


async def test_markdown_is_shown_as_far_as_wecom_knows_it(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), part(PartKind.MARKDOWN, Markdown(TABLE)), "key")
    message = await rig.alice.receives()
    assert message.kind == "markdown"
    assert message.text == (
        "# Results\n\n- **name**: Ann\n  **points**: 3\n\n`# not a heading`\nold [chart](https://example.com/c.png)"
    )
    changed = {one.what: one.how for one in sent.degradations}
    assert changed == {
        "table": "list",
        "italics": "without",
        "code block": "code line by line",
        "strikethrough": "without",
        "image": "link",
    }


async def test_a_link_that_stands_alone_is_a_card(rig: Rig, adapter: WeComAdapter) -> None:
    await adapter.send(to(), part(PartKind.RICH, Link(url="https://example.com/a", title="A page")), "key")
    message = await rig.alice.receives()
    assert message.kind == "textcard"
    assert message.content["title"] == "A page"
    assert message.content["url"] == "https://example.com/a"


async def test_a_card_of_a_link_says_no_more_than_the_platform_shows(rig: Rig, adapter: WeComAdapter) -> None:
    url = "https://example.com/" + "路" * 400
    await adapter.send(to(), part(PartKind.RICH, Link(url=url, title="A page")), "key")
    said = (await rig.alice.receives()).body["textcard"]
    assert said["url"] == url
    assert url.startswith(said["description"])
    assert 500 < len(said["description"].encode()) <= 512


async def test_a_link_in_a_text_is_its_title(rig: Rig, adapter: WeComAdapter) -> None:
    link = Link(url="https://example.com/?a=1&b=2", title="a <b> page")
    await adapter.send(to(), part(PartKind.RICH, Text("See "), link, Text(".")), "key")
    assert (await rig.alice.receives()).text == 'See <a href="https://example.com/?a=1&b=2">a b page</a>.'


@pytest.mark.parametrize("url", ['https://example.com/"onclick="', "javascript:alert(1)", "https://a b"])
async def test_an_address_that_is_none_is_text(rig: Rig, adapter: WeComAdapter, url: str) -> None:
    await adapter.send(to(), part(PartKind.RICH, Link(url=url, title="t")), "key")
    message = await rig.alice.receives()
    assert (message.kind, message.text) == ("text", f"t ({url})")


async def test_what_the_platform_refuses_as_markdown_is_sent_as_text(rig: Rig, adapter: WeComAdapter) -> None:
    rig.wecom.faults.refuse_send(40008)
    sent = await adapter.send(to(), part(PartKind.MARKDOWN, Markdown("**hi**")), "key")
    message = await rig.alice.receives()
    assert (message.kind, message.text) == ("text", "hi")
    assert [one.what for one in sent.degradations] == ["markdown"]


async def test_strictly_it_is_not(rig: Rig, adapter: WeComAdapter) -> None:
    rig.wecom.faults.refuse_send(40008)
    with pytest.raises(DegradedError, match="markdown: text"):
        await adapter.send(replace(to(), strict=True), part(PartKind.MARKDOWN, Markdown("**hi**")), "key")
    assert rig.shown == []


async def test_markdown_as_text_where_the_settings_say_so(rig: Rig) -> None:
    adapter = await rig.start(markdown=False)
    assert "markdown" not in adapter.capabilities.sends
    sent = await adapter.send(to(), part(PartKind.CARD, Card(title="T", body=("**bold**",))), "key")
    assert sent.part.kind == "text"
    assert (await rig.alice.receives()).text == "T\n\nbold"


# -- to whom -----------------------------------------------------------------------------------------------------------


async def test_to_people_departments_and_tags(rig: Rig, adapter: WeComAdapter) -> None:
    bob = rig.wecom.add_user("Bob", department=rig.wecom.add_department("Sales").id)
    tag = rig.wecom.add_tag("on call", [bob])
    for number, target in enumerate(
        [
            to("bob", ChannelKind.USER),
            to("alice|bob", ChannelKind.USER),
            to("@all", ChannelKind.USER),
            to("1", ChannelKind.DEPARTMENT),
            to(str(tag.id), ChannelKind.TAG),
        ]
    ):
        await adapter.send(target, text(f"m{number}"), f"key{number}")
    assert [m.text for m in rig.wecom.messages if bob in m.recipients] == [
        "m0",
        "m1",
        "m2",
        "m3",
        "m4",
    ]
    assert [m.text for m in rig.wecom.messages if rig.alice in m.recipients] == ["m1", "m2", "m3"]


@pytest.mark.parametrize("userid", ["@all", "alice|bob", "@everybody", " @all", "\t@all", "\u3000@all"])
async def test_an_answer_never_goes_to_everybody(rig: Rig, adapter: WeComAdapter, userid: str) -> None:
    with pytest.raises(TargetGoneError):
        await adapter.send(to(userid), text("hi"), "key")
    assert rig.wecom.messages == ()


async def test_who_was_not_reached_is_told(rig: Rig, adapter: WeComAdapter) -> None:
    rig.wecom.add_user("Bob", licensed=False)
    sent = await adapter.send(to("alice|nobody|bob", ChannelKind.USER), text("hi"), "key")
    assert [(one.loss, one.what, one.how) for one in sent.degradations] == [
        (Loss.DROPPED, "recipient", "not sent to nobody"),
        (Loss.DROPPED, "recipient", "not sent to bob"),
    ]


async def test_nobody_reached_is_an_error(rig: Rig, adapter: WeComAdapter) -> None:
    with pytest.raises(TargetGoneError, match="81013"):
        await adapter.send(to("nobody", ChannelKind.USER), text("hi"), "key")


async def test_an_address_outside_the_list_names_it(rig: Rig, adapter: WeComAdapter) -> None:
    rig.wecom.faults.distrust(path="*/message/send")
    with pytest.raises(NotPermittedError, match=r"127\.0\.0\.1") as caught:
        await adapter.send(to(), text("hi"), "key")
    assert "Trusted IP" in str(caught.value)


# -- limits ------------------------------------------------------------------------------------------------------------


async def test_a_limit_that_lasts_longer_than_we_may_take_is_told(rig: Rig) -> None:
    """45009 lasts a minute: waited for where `send_timeout` allows (test_wecom_error_table.py), told where not."""
    adapter = rig.make(send_timeout=5)
    await adapter.start()
    rig.wecom.faults.over_rate()
    with pytest.raises(RateLimitedError) as caught:
        await adapter.send(to(), text("ho"), "key")
    assert (caught.value.code, caught.value.retry_after) == (45009, 60.0)
    assert rig.shown == []


async def test_what_the_platform_would_drop_silently_is_held_back_and_told(rig: Rig, leap: Leap) -> None:
    adapter = rig.make(member_rate="1/60s")
    await adapter.start()
    await adapter.send(to(), text("m0"), "k0")
    sent = await leap.over(61, adapter.send(to(), text("m1"), "k1"), lambda: held(adapter))
    (degradation,) = sent.degradations
    assert degradation.what == "time"
    assert "1/60s" in degradation.why
    assert adapter.counters()["held_back"] == 1


@pytest.mark.parametrize("userids", ["ALICE", "bob|Alice", "alice|alice|bob"])
async def test_a_message_to_several_counts_for_each_of_them(rig: Rig, userids: str, leap: Leap) -> None:
    """A userid means the same in capitals; the platform drops what is too much for one, and delivers to the others."""
    rig.wecom.add_user("Bob")
    adapter = rig.make(member_rate="1/60s", send_timeout=30)
    await adapter.start()
    await adapter.send(to(), text("one"), "k1")
    with pytest.raises(RateLimitedError, match=r"1/60s of minute:alice"):
        await leap.over(31, adapter.send(to(userids, ChannelKind.USER), text("two"), "k2"), lambda: held(adapter))
    await adapter.send(to("@all", ChannelKind.USER), text("three"), "k3")  # nobody can know who they are
    assert [message.text for message in rig.shown] == ["one", "three"]


async def test_a_limit_of_many_people_is_said_in_a_line(rig: Rig, leap: Leap) -> None:
    adapter = rig.make(member_rate="1/60s", send_timeout=30)
    await adapter.start()
    everybody = to("|".join(["alice", *(f"somebody{number:03}" for number in range(300))]), ChannelKind.USER)
    await adapter.send(everybody, text("one"), "k1")
    with pytest.raises(RateLimitedError) as caught:
        await leap.over(31, adapter.send(everybody, text("two"), "k2"), lambda: held(adapter))
    assert len(str(caught.value)) < 300
    assert "1/60s of minute:alice" in str(caught.value)


async def test_what_cannot_leave_in_time_says_which_limit(rig: Rig, leap: Leap) -> None:
    adapter = rig.make(member_rate="1/60s", send_timeout=30)
    await adapter.start()
    await adapter.send(to(), text("one"), "k1")
    with pytest.raises(RateLimitedError, match=r"1/60s of minute:alice"):
        await leap.over(31, adapter.send(to(), text("two"), "k2"), lambda: held(adapter))
    assert [message.text for message in rig.shown] == ["one"]


# -- once --------------------------------------------------------------------------------------------------------------


async def test_what_may_have_arrived_is_not_repeated(rig: Rig, adapter: WeComAdapter) -> None:
    rig.wecom.faults.cut_after_accept()
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(to(), text("once"), "key")
    assert caught.value.ambiguous
    assert [message.text for message in rig.shown] == ["once"]


async def test_with_the_platforms_check_it_is_repeated_and_shown_once(rig: Rig) -> None:
    adapter = rig.make(duplicate_check=True)
    await adapter.start()
    rig.wecom.faults.cut_after_accept()
    sent = await adapter.send(to(), text("same"), "key 1")
    assert sent.attempts == 2
    await adapter.send(to(), text("same"), "key 2")  # another message that says the same
    assert [message.text for message in rig.shown] == ["same", "same"]
    assert rig.wecom.stats.duplicates_absorbed == 1


async def test_recall(rig: Rig, adapter: WeComAdapter) -> None:
    sent = await adapter.send(to(), text("oops"), "key")
    await adapter.recall(channel(), sent.part.message_id)
    assert rig.shown == []
    with pytest.raises(DeliveryError):
        await adapter.recall(channel(), sent.part.message_id)


# -- groups of the app -------------------------------------------------------------------------------------------------


async def group(rig: Rig, adapter: WeComAdapter) -> str:
    """A group that the app has made."""
    bob = rig.wecom.add_user("Bob")
    answer = await adapter.api.caller.call(
        "POST", "/cgi-bin/appchat/create", json={"name": "Team", "userlist": [rig.alice.userid, bob.userid]}
    )
    return str(answer.body["chatid"])


async def test_into_a_group(rig: Rig, adapter: WeComAdapter) -> None:
    chat = await group(rig, adapter)
    target = to(chat, ChannelKind.GROUP)
    parts = [
        text("hi <@alice>"),
        part(PartKind.MARKDOWN, Markdown("**hi** <@alice>")),
        part(PartKind.RICH, Link(url="https://example.com", title="t")),
        part(PartKind.MEDIA, Image(data=PNG)),
        part(PartKind.MEDIA, Audio(data=amr(1))),
        part(PartKind.MEDIA, File(data=PNG, name="a.png")),
    ]
    for number, one in enumerate(parts):
        sent = await adapter.send(target, one, f"key{number}")
        assert sent.degradations == ()
    kinds = [message.kind for message in rig.wecom.messages]
    assert kinds == ["text", "markdown", "textcard", "image", "voice", "file"]
    assert all(message.chatid == chat for message in rig.wecom.messages)
    # Nobody is called by what somebody else has typed.
    assert not [message for message in rig.wecom.messages if "<@" in message.text or message.mentioned]
    assert rig.wecom.violations == []


async def test_what_the_platform_would_drop_in_a_group_is_held_back_and_told(rig: Rig, leap: Leap) -> None:
    adapter = rig.make(group_rate="1/50s", member_rate="1/60s")
    await adapter.start()
    target = to(await group(rig, adapter), ChannelKind.GROUP)
    await adapter.send(target, text("m0"), "k0")
    sent = await leap.over(51, adapter.send(target, text("m1"), "k1"), lambda: held(adapter))
    (degradation,) = sent.degradations
    assert degradation.what == "time"
    assert "1/50s" in degradation.why
    assert "group" in degradation.why


async def test_too_much_for_a_group_in_a_day_is_not_sent_and_says_so(rig: Rig, leap: Leap) -> None:
    adapter = rig.make(group_day_rate="1/86460s", send_timeout=30)
    await adapter.start()
    target = to(await group(rig, adapter), ChannelKind.GROUP)
    await adapter.send(target, text("one"), "k1")
    with pytest.raises(RateLimitedError, match="1/86460s of day:"):
        await leap.over(31, adapter.send(target, text("two"), "k2"), lambda: held(adapter))
    assert [message.text for message in rig.shown] == ["one"]


async def test_a_group_shows_no_template_card(rig: Rig, adapter: WeComAdapter) -> None:
    chat = await group(rig, adapter)
    card = {"card_type": "text_notice", "card_action": {"type": 1, "url": "https://a.example"}, "sub_title_text": "x"}
    sent = await adapter.send(to(chat, ChannelKind.GROUP), part(PartKind.CARD, Card(content=card, text="As text")), "k")
    assert [one.what for one in sent.degradations] == ["card"]
    assert (await rig.alice.receives()).text == "As text"
    with pytest.raises(NotSupportedError):
        await adapter.recall(channel(chat, ChannelKind.GROUP), "m")


async def test_a_group_that_is_none(adapter: WeComAdapter) -> None:
    with pytest.raises(TargetGoneError, match="86001"):
        await adapter.send(to("nogroup", ChannelKind.GROUP), text("hi"), "key")


async def test_a_card_that_says_nothing(adapter: WeComAdapter) -> None:
    with pytest.raises(ContentRefusedError):
        await adapter.send(to(), part(PartKind.CARD, Card(content={"x": 1})), "key")


async def test_the_platform_is_not_there_for_a_while(rig: Rig, adapter: WeComAdapter) -> None:
    rig.wecom.faults.html_page("*/gettoken", status=502)
    rig.wecom.faults.forget_tokens()
    sent = await adapter.send(to(), text("hi"), "key")
    assert sent.attempts == 2
    assert (await rig.alice.receives()).text == "hi"
