"""What matters of the samples, said again in words."""

from datetime import UTC, datetime

import pytest
from qq_samples import BOT, NAMES, changed, inbound, item, me, read

from imbridge.adapters.qq.api import place
from imbridge.adapters.qq.faces import FACES, code, emoji_of, face_id
from imbridge.adapters.qq.inbound import MESSAGES, Identity, decode
from imbridge.adapters.qq.received.mentions import Called
from imbridge.adapters.qq.received.tags import elements, unescaped
from imbridge.protocol import Audio, Emoji, Mention, MentionAll, Message, Text

TOLD = [name for name in NAMES if read(name)["t"] in MESSAGES]
AT = datetime(2026, 1, 31, 1, 30, tzinfo=UTC)


def test_the_space_of_the_call_is_in_no_text_but_in_what_was_typed() -> None:
    message = item("group_at")
    assert (message.text, message.raw, message.mentions_me) == ("help me", " help me", True)
    assert item("group_at_alone").text == ""
    assert item("c2c_spaces").text == "  two lines\n  kept  "


def test_tags_are_taken_off() -> None:
    assert item("guild_at").text == "/help"
    assert item("guild_at").raw == "@Demo /help"
    assert item("group_all_called").text == "help"
    assert item("guild_at_and_bob").text == "tell @Bob"
    for name in TOLD:
        if "typed" not in name and "escaped" not in name:
            assert "<" not in item(name).text
            assert "faceType" not in item(name).raw


def test_an_escaped_tag_stays_text() -> None:
    """It is what somebody typed: they call nobody."""
    for name in ("c2c_escaped", "guild_at_escaped_tag", "group_at_escaped_tag"):
        message = item(name)
        assert "<@" in message.text
        assert [mention for mention in message.mentions if not mention.is_self] == []
        assert [type(element) for element in message.elements if not isinstance(element, Mention)] == [Text]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;amp;", "&amp;amp;"),
        ("&lt;&gt;&amp;", "<>&"),
        ("&quot;&#60;&nbsp;&", "&quot;&#60;&nbsp;&"),
        ("&AMP;", "&AMP;"),
    ],
)
def test_one_level_of_escaping_is_taken_off(content: str, text: str) -> None:
    assert unescaped(content) == text
    assert "".join(element.as_text() for element in elements(content)) == text


def test_tags_that_were_typed_call_nobody() -> None:
    message = item("c2c_typed_tag")
    assert message.elements == (Text(read("c2c_typed_tag")["d"]["content"]),)
    assert not item("guild_all_everyone_typed").mentions_all
    assert item("guild_all_everyone").mentions_all
    assert item("group_all_everybody").mentions_all


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("group_at", True),
        ("group_at_as_documented", True),
        ("group_at_not_listed", True),
        ("group_at_quote", True),
        ("group_all", False),
        ("group_all_called", True),
        ("group_all_called_in_the_middle", True),
        ("group_all_called_not_in_text", True),
        ("group_all_two_bots", False),
        ("group_all_bob_called", False),
        ("group_all_everybody", False),
        ("guild_at", True),
        ("guild_at_as_documented", True),
        ("guild_at_at_the_end", True),
        ("guild_at_reply", False),
        ("guild_all", False),
        ("c2c_text", False),
        ("direct_text", False),
    ],
)
def test_whether_we_are_called(name: str, *, called: bool) -> None:
    assert item(name).mentions_me is called


def test_each_is_called_once() -> None:
    for name in TOLD:
        mentions = [(mention.id, mention.is_self) for mention in item(name).mentions]
        assert len(set(mentions)) == len(mentions)


def test_in_a_guild_the_only_bot_that_is_called_is_us_until_we_know_who_we_are() -> None:
    nobody = Identity("work")
    assert item("guild_at", nobody).mentions_me
    knowing = Identity("work", bot_id="999")
    assert not item("guild_at", knowing).mentions[0].is_self
    nobody.learn({"id": "999", "username": "Other"})
    assert (nobody.bot_id, nobody.name) == ("999", "Other")
    nobody.learn(None)
    assert nobody.bot_id == "999"


def test_in_a_group_we_have_an_id_of_its_own_which_is_remembered() -> None:
    who = me()
    silent = changed("group_all_called", mentions=[])
    before = decode(silent, who).item
    item("group_at", who)
    after = decode(silent, who).item
    by_us = decode(changed("group_all_by_us", author=read("group_all_by_a_bot")["d"]["author"]), who).item
    assert isinstance(before, Message)
    assert isinstance(after, Message)
    assert isinstance(by_us, Message)
    assert (before.mentions_me, after.mentions_me) == (False, True)
    assert not by_us.sender.is_self
    other = {"id": "C" * 32, "username": "Other", "bot": True}
    another = decode(changed("group_all_called_not_in_text", mentions=[other]), who).item
    assert isinstance(another, Message)
    assert not another.mentions_me, "we are known, and it is another one"


def test_a_guess_who_we_are_in_a_group_is_not_kept() -> None:
    """Where all messages come, the bot that is called may be another one."""
    who = me()
    other = {"id": "C" * 32, "username": "Other", "bot": True}
    item_of_other = decode(changed("group_all_called_not_in_text", mentions=[other]), who).item
    assert not who.knows(item_of_other.channel.id)  # type: ignore[union-attr]  # a message
    called = decode(changed("group_at", mentions=[{"id": "D" * 32, "username": "Demo", "bot": True}]), who).item
    assert [mention.id for mention in called.mentions] == ["D" * 32]  # type: ignore[union-attr]  # a message
    assert who.is_me(called.channel.id, "D" * 32)  # type: ignore[union-attr]  # a message


def test_the_platform_says_which_bot_is_us() -> None:
    other = {"id": "C" * 32, "username": "Other", "bot": True, "is_you": False}
    found = decode(changed("group_all_called_not_in_text", mentions=[other]), me()).item
    assert isinstance(found, Message)
    assert [(mention.is_self, mention.is_bot) for mention in found.mentions] == [(False, True)]


def test_bots_and_ourselves_as_senders() -> None:
    for name in ("group_all_by_a_bot", "guild_all_by_a_bot"):
        assert (item(name).sender.is_bot, item(name).sender.is_self) == (True, False)
    for name in ("group_all_by_us", "guild_all_by_us"):
        assert (item(name).sender.is_bot, item(name).sender.is_self) == (True, True)
    assert (item("c2c_text").sender.is_bot, item("c2c_text").sender.is_self) == (False, False)


def test_names_and_ids_of_senders() -> None:
    alice = item("group_at").sender
    assert (alice.name, alice.ids["member_openid"], alice.ids["union_openid"]) == ("Alice", alice.id, "0111" + "E" * 28)
    assert item("guild_all").sender.name == "Alice", "the name they have in the guild"
    assert item("guild_at_as_documented").sender.name == "abc"
    assert item("c2c_text").sender.name is None


def test_faces() -> None:
    codes = [element.code for element in item("c2c_faces").elements if isinstance(element, Emoji)]
    assert codes == ["[汪汪]", "[得意]", "[微笑]", "500", "[赞]"]
    assert item("c2c_market_face").elements == (Emoji(code="[酸]"),)
    assert item("c2c_face_broken").text == "[赞]x[赞]y[emoji]", "a name that cannot be read is looked up"


def test_faces_can_be_said_again() -> None:
    for identity, name in FACES.items():
        assert face_id(code(identity)) == identity
        assert face_id(name) == identity
        assert Emoji(code=code(identity)).as_text() == f"[{name}]"
    assert (face_id("999"), face_id("[999]"), face_id("THUMBSUP"), face_id("👍"), face_id("")) == (
        "999",
        "999",
        "",
        "",
        "",
    )
    assert [emoji_of("128076", 2), emoji_of("👍", 2), emoji_of("4", 1), emoji_of("9", 2)] == ["👌", "👍", "[得意]", "9"]


def test_media() -> None:
    voice = item("c2c_voice").elements[0]
    assert isinstance(voice, Audio)
    assert (voice.key, voice.mime, voice.size) == ("https://grouptalk.c2c.qq.com/v.wav?canary", "audio/wav", None)
    assert item("c2c_voice").text == "今天天气不错"
    assert item("c2c_voice_without_text").text == "[audio]"
    kinds = {name: item(f"c2c_{name}").content_type for name in ("image", "voice", "video", "file", "text_and_images")}
    assert list(kinds.values()) == ["image", "audio", "video", "file", "text"]
    assert item("c2c_file").elements[0].name == "report.pdf"
    for name in TOLD:
        assert all(media.key.startswith("https://") for media in item(name).media)


def test_quotes() -> None:
    quote = item("c2c_quote").quote
    assert (quote.sender_name, quote.text) == ("Alice", "what <b> [得意]")
    for name in (name for name in TOLD if item(name).quote is not None):
        message = item(name)
        assert message.reply_to == message.quote.message_id
        assert message.quote.text == "" or message.quote.text not in message.text
    assert item("c2c_quote_empty").quote is None


def test_what_is_quoted_has_the_id_of_the_message_where_that_was_heard_of() -> None:
    who = me()
    item("c2c_text", who)
    who.references.note("REFIDX_ours==", "ROBOT1.0_ours!")
    assert item("c2c_quote_known", who).reply_to == "ROBOT1.0_c2c_text!"
    assert item("group_at_quote", who).reply_to == "ROBOT1.0_ours!"
    assert who.references.index("ROBOT1.0_ours!") == "REFIDX_ours=="
    assert item("c2c_quote_known").reply_to == "REFIDX_c2c_text=="


def test_who_is_quoted_is_us() -> None:
    who = me()
    item("group_at", who)
    entry = read("group_at_quote")["d"]["msg_elements"][0]
    unnamed = {**entry, "author": {"id": entry["author"]["id"]}}
    found = decode(changed("group_at_quote", msg_elements=[unnamed]), who).item
    assert isinstance(found, Message)
    assert found.quote is not None
    assert found.quote.sender_name == "Demo"


def test_what_is_remembered_is_bounded() -> None:
    who = me()
    for number in range(10_050):
        who.references.note(f"REFIDX_{number}", f"m{number}")
        who.is_member(f"g{number}", "us")
    assert (who.references.message("REFIDX_49"), who.references.message("REFIDX_50")) == ("", "m50")
    assert (who.references.index("m49"), who.references.index("m10049")) == ("", "REFIDX_10049")
    assert (who.is_me("g49", "us"), who.is_me("g50", "us")) == (False, True)


def test_forwarded_messages_are_bounded_and_say_so() -> None:
    few, many = (
        decode(changed("c2c_forwarded", msg_elements=[{"content": "x"}] * number), me()).item for number in (200, 201)
    )
    assert isinstance(few, Message)
    assert isinstance(many, Message)
    assert few.forward is not None
    assert many.forward is not None
    assert (len(few.forward.messages), few.forward.complete) == (200, True)
    assert (len(many.forward.messages), many.forward.complete) == (200, False)
    deep: dict[str, object] = {"content": "bottom"}
    for _ in range(5):
        deep = {"msg_elements": [deep]}
    found = decode(changed("c2c_forwarded", msg_elements=[deep]), me()).item
    assert isinstance(found, Message)
    assert found.forward is not None
    assert not found.forward.complete


def test_records_as_the_platform_writes_them() -> None:
    record = item("c2c_record").forward
    assert record.title == "Alice的聊天记录"
    assert [(one.sender_name, one.text) for one in record.messages] == [
        ("Alice", "first [得意]\nmore of it"),
        ("Bob", "[image]\n[file: my report.pdf]"),
    ]
    outer = item("c2c_record_nested").forward
    assert [one.sender_name for one in outer.messages] == ["Alice", "Carol", "Alice"]
    inner = outer.messages[1].messages
    assert [(one.sender_name, one.text) for one in inner] == [("Bob", "inside\nmore"), (None, "[deep的聊天记录]")]
    assert inner[1].messages[0].text == "deepest"
    assert item("c2c_record_looks_like_one").forward is None, "somebody has typed it"


def test_records_as_the_platform_writes_them_are_bounded() -> None:
    many = "\n".join(f"=== 消息 {number} ===\n[消息内容] x" for number in range(1, 202))
    deep = "=== 消息 1 ===\n[消息类型] 合并转发消息\n" + "\n".join(
        f"{' ' * 4 * number}--- 第1条 ---\n{' ' * 4 * (number + 1)}[消息类型] 合并转发消息" for number in range(4)
    )
    for text in (many, deep):
        found = decode(changed("c2c_record", content=text), me()).item
        assert isinstance(found, Message)
        assert found.forward is not None
        assert len(found.forward.messages) <= 200
        assert not found.forward.complete


def test_what_a_quoted_message_quotes_is_not_what_was_said() -> None:
    assert item("c2c_quote_of_a_quote").quote.text == "the outer one"
    assert item("c2c_quote_of_a_record").quote.text == "Alice: one\nBob: two"
    assert item("c2c_record_by_reference").quote is None


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("c2c_time_") and "missing" not in name])
def test_times(name: str) -> None:
    assert item(name).timestamp == AT


def test_a_time_that_makes_no_sense_is_now() -> None:
    for odd in ("soon", None, -1, True, 10**20, "9" * 40, "2026-01-31T09:30:00", [], "0001-01-01T00:00:00+14:00"):
        found = decode(changed("c2c_text", timestamp=odd), me()).item
        assert abs((datetime.now(UTC) - found.timestamp).total_seconds()) < 3600


def test_milliseconds() -> None:
    assert decode(changed("c2c_text", timestamp=1769823000000), me()).item.timestamp == AT


def test_channels_are_those_that_can_be_sent_to() -> None:
    paths = {name: place(item(name).channel) for name in ("c2c_text", "group_at", "guild_at", "direct_text")}
    assert paths == {
        "c2c_text": f"/v2/users/{read('c2c_text')['d']['author']['user_openid']}",
        "group_at": f"/v2/groups/{read('group_at')['d']['group_openid']}",
        "guild_at": "/channels/100010",
        "direct_text": "/dms/18700000000099",
    }
    for name in NAMES:
        if (channel := item(name).channel) is not None:
            assert place(channel)


def test_the_place_of_an_event_is_the_place_of_its_messages() -> None:
    group, person, room, direct = (item(name).channel for name in ("group_at", "c2c_text", "guild_at", "direct_text"))
    for name in ("group_bot_added", "group_member_added", "click_own_group", "group_messages_refused"):
        assert item(name).channel == group
    for name in ("friend_added", "messages_refused", "click_own_c2c", "menu_clicked", "chat_entered"):
        assert item(name).channel == person
    for name in ("message_deleted", "reaction_added", "click_own_guild", "audit_passed"):
        assert item(name).channel == room
    assert item("message_deleted_direct").channel == direct


def test_a_private_chat_of_a_guild_is_known_once_something_was_said_there() -> None:
    """Clicks there are told like those in channels."""
    who = me()
    click = changed("click_own_guild", guild_id="18700000000099", channel_id="100099")
    assert decode(click, who).item.channel == item("guild_at").channel.model_copy(update={"id": "100099"})
    channel = item("direct_text", who).channel
    assert decode(click, who).item.channel == channel


def test_who_caused_an_event() -> None:
    assert item("group_bot_added").actor.id == item("group_at").sender.id
    assert item("friend_added").actor.id == item("c2c_text").sender.id
    assert item("click_own_group").actor.id == item("group_at").sender.id
    assert item("click_own_guild").actor.id == item("guild_at").sender.id
    assert item("reaction_added").actor.id == item("guild_at").sender.id
    assert item("message_deleted").actor.id == item("guild_at").sender.id
    assert item("group_member_added_plain").actor is None
    assert item("forum_thread_create").actor.id == "144115218182563108"


def test_a_message_is_the_same_by_whichever_event_it_comes() -> None:
    """A bot that is called and gets everything may be told twice."""
    once = inbound("guild_at")
    again = decode({**read("guild_at"), "id": "other", "t": "MESSAGE_CREATE"}, me())
    assert once.dedup_keys == again.dedup_keys
    deleted = [decode({**read("message_deleted"), "id": kind, "t": kind}, me()) for kind in
               ("MESSAGE_DELETE", "PUBLIC_MESSAGE_DELETE")]  # fmt: skip
    assert set(deleted[0].dedup_keys) & set(deleted[1].dedup_keys)


def test_events_without_an_id_are_told_apart() -> None:
    first = read("event_without_id")
    later = {**first, "s": first["s"] + 1}
    keys = [decode(payload, me()).dedup_keys for payload in (first, first, later)]
    assert keys[0] == keys[1] != keys[2]


def test_an_interaction_keeps_the_id_that_it_is_answered_by() -> None:
    found = inbound("click_own_group")
    assert found.item.id == "INTERACTION_CREATE:click_own_group"
    assert found.item.payload["id"] in found.dedup_keys


@pytest.mark.parametrize("name", ["c2c_card_not_told", "c2c_unknown_type", "c2c_content_odd", "c2c_forwarded_empty"])
def test_what_is_new_to_us_is_kept_whole(name: str) -> None:
    message = item(name)
    assert message.content_type == "unknown"
    assert message.elements[0].payload == read(name)["d"]


def test_everybody_is_called_where_it_says_so() -> None:
    found = item("guild_all_everyone").elements
    assert [type(element) for element in found] == [MentionAll, Text]
    called = Called("MESSAGE_CREATE", {"mentions": []}, me())
    assert [*elements(f"<@!{BOT}>", called)] == [Mention(id=BOT, name="Demo", is_self=True, is_bot=True)]
