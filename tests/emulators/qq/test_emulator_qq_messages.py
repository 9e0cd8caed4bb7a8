"""What people say, and what robots answer in single chats and groups."""

from typing import Any

from qq_raw_api import Api, RawGateway

from imbridge.emulators.qq import Bot, BotMessage, Group, QQEmulator, User


def to(user: User, bot: Bot) -> str:
    return f"/v2/users/{user.openid_for(bot)}/messages"


async def test_a_single_chat(link: RawGateway, api: Api, alice: User, bot: Bot) -> None:
    sent = await alice.says("a < b & <@!1>")
    event = await link.event("C2C_MESSAGE_CREATE")
    openid = alice.openid_for(bot)
    assert event["d"] == sent.data
    assert event["id"].startswith("C2C_MESSAGE_CREATE:")
    assert event["d"]["content"] == "a &lt; b &amp; &lt;@!1&gt;"
    assert event["d"]["author"]["user_openid"] == openid
    assert event["d"]["message_scene"]["ext"][0] == f"msg_idx={sent.ref_idx}"
    assert event["d"]["timestamp"].endswith("+08:00")
    assert await sent.taken()
    answer = await api.reply(to(alice, bot), sent, "Echo")
    shown = await alice.receives("Echo", bot=bot)
    assert (shown.id, shown.ref_idx) == (answer["id"], answer["ext_info"]["ref_idx"])
    assert (shown.kind, shown.way, shown.reply_to, shown.msg_seq, shown.active) == ("text", "c2c", sent.id, 1, False)


async def test_a_group_hears_what_mentions_it(
    link: RawGateway, api: Api, qq: QQEmulator, alice: User, bob: User, group: Group, bot: Bot
) -> None:
    unheard = await bob.says("not for you", chat=group)
    assert (unheard.lost, await unheard.taken()) == (True, False)
    sent = await alice.says("hi", chat=group, mentions=[bot, bob])
    data = (await link.event("GROUP_AT_MESSAGE_CREATE"))["d"]
    bobs = bob.member_openid_for(bot, group)
    assert data["content"] == f" <@{bobs}> hi"
    assert [(one["is_you"], one["username"]) for one in data["mentions"]] == [(False, "Bob")]
    assert data["author"]["member_openid"] == alice.member_openid_for(bot, group) != alice.openid_for(bot)
    assert data["author"]["member_role"] == "owner"
    await api.reply(f"/v2/groups/{data['group_openid']}/messages", sent, "all")
    for user in (alice, bob):
        assert (await user.receives("all", chat=group)).way == "group"
    assert qq.group_openid(group) == data["group_openid"]


async def test_a_group_that_gives_everything(
    link: RawGateway, qq: QQEmulator, alice: User, group: Group, bot: Bot
) -> None:
    group.all_messages = True
    await alice.says("just so", chat=group)
    assert (await link.event("GROUP_MESSAGE_CREATE"))["d"]["content"] == "just so"
    await alice.says("you", chat=group, mentions=[bot])
    data = (await link.event("GROUP_MESSAGE_CREATE"))["d"]
    assert data["content"] == f"<@{data['mentions'][0]['member_openid']}> you"
    assert data["mentions"][0]["is_you"]
    qq.settings.both_events = True
    await alice.says("twice", chat=group, mentions=[bot])
    whole = (await link.event("GROUP_MESSAGE_CREATE"))["d"]
    again = (await link.event("GROUP_AT_MESSAGE_CREATE"))["d"]
    qq.settings.strips_mentions, qq.settings.both_events = True, False
    await alice.says("you", chat=group, mentions=[bot])
    assert (await link.event("GROUP_MESSAGE_CREATE"))["d"]["content"] == "you"
    assert (again["id"], again["content"], again["mentions"]) == (whole["id"], " twice", [])


async def test_quotes(link: RawGateway, api: Api, alice: User, bot: Bot) -> None:
    sent = await alice.sends_image(text="look")
    await link.event("C2C_MESSAGE_CREATE")
    await api.reply(to(alice, bot), sent, "seen")
    shown = await alice.receives("seen")
    for quoted in (shown, sent):
        await alice.says("that", quoting=quoted)
        data = (await link.event("C2C_MESSAGE_CREATE"))["d"]
        assert data["message_type"] == 103
        assert data["message_scene"]["ext"][-1] == f"ref_msg_idx={quoted.ref_idx}"
        assert data["msg_elements"][0]["content"] == quoted.text
    assert data["msg_elements"][0]["attachments"] == sent.data["attachments"]


async def test_what_people_send_besides_text(link: RawGateway, api: Api, alice: User) -> None:
    await alice.sends_voice(asr="hello there")
    voice = (await link.event("C2C_MESSAGE_CREATE"))["d"]["attachments"][0]
    assert (voice["content_type"], voice["asr_refer_text"]) == ("voice", "hello there")
    async with api.session.get(voice["voice_wav_url"]) as response:
        assert (await response.read())[:4] == b"RIFF"
    await alice.sends_file(b"content", "a b.txt")
    file = (await link.event("C2C_MESSAGE_CREATE"))["d"]["attachments"][0]
    async with api.session.get(file["url"]) as response:
        assert await response.read() == b"content"
    await alice.sends_video()
    assert (await link.event("C2C_MESSAGE_CREATE"))["d"]["attachments"][0]["content_type"] == "video/mp4"
    await alice.sends_face("277", "[汪汪]")
    assert (await link.event("C2C_MESSAGE_CREATE"))["d"]["content"] == (
        '<faceType=1,faceId="277",ext="eyJ0ZXh0IjogIlvmsarmsapdIn0=">'
    )
    await alice.sends_ark("[card]", {"title": "T"})
    data = (await link.event("C2C_MESSAGE_CREATE"))["d"]
    assert (data["message_type"], data["ark_data"]["fields"]) == (3, {"title": "T"})
    assert data["content"] == "[卡片消息] 小程序\n摘要: [card]"
    await alice.sends_record(["one", "two"])
    data = (await link.event("C2C_MESSAGE_CREATE"))["d"]
    assert data["message_scene"]["ext"][-1].startswith("ref_msg_idx=TMP_")
    assert data["msg_elements"] == [{"content": "=== 消息 1 ===\n[消息内容] one\n\n=== 消息 2 ===\n[消息内容] two"}]


async def test_every_kind_of_message(link: RawGateway, api: Api, alice: User, bot: Bot) -> None:
    sent = await alice.says("hi")
    bot.templates["t1"] = "# {{.title}}\n{{.text}}"
    params = [{"key": "title", "values": ["T"]}, {"key": "text", "values": ["one", "two"]}]
    kv = [{"key": "#DESC#", "value": "about"}, {"key": "#LIST#", "obj": [{"obj_kv": [{"key": "desc", "value": "x"}]}]}]
    kinds: list[tuple[dict[str, Any], str, str]] = [
        ({"msg_type": 2, "markdown": {"content": "**b**"}}, "markdown", "**b**"),
        ({"msg_type": 2, "markdown": {"custom_template_id": "t1", "params": params}}, "markdown", "# T\none\ntwo"),
        ({"msg_type": 3, "ark": {"template_id": 23, "kv": kv}}, "ark", "about\nx"),
        ({"msg_type": 4, "embed": {"title": "E", "fields": [{"name": "f"}]}}, "embed", "E\nf"),
    ]
    for seq, (body, kind, text) in enumerate(kinds, 1):
        status, answer = await api.post(to(alice, bot), {**body, "msg_id": sent.id, "msg_seq": seq})
        assert status == 200, answer
        shown: BotMessage = await alice.receives(text)
        assert (shown.kind, shown.body["msg_type"]) == (kind, body["msg_type"])


async def test_what_is_not_allowed(link: RawGateway, api: Api, alice: User, bot: Bot, qq: QQEmulator) -> None:
    sent = await alice.says("hi")
    where = to(alice, bot)

    async def code(**body: Any) -> int:
        return (await api.refused(where, {"msg_id": sent.id, **body}))[1]

    assert await code(msg_type=0, content="") == 304061
    assert await code(msg_type=9, content="x") == 340069
    assert await code(msg_type=2, markdown={"content": ""}) == 40034008
    assert await code(msg_type=2, markdown={"content": "x"}, content="y") == 22006
    assert await code(msg_type=2, markdown={"content": "x", "custom_template_id": "y"}) == 40034124
    assert await code(msg_type=2, markdown={"custom_template_id": "y"}) == 40034127
    bot.markdown = bot.keyboard = bot.ark = False
    bot.urls = ("*.example.com",)
    assert await code(msg_type=2, markdown={"content": "x"}) == 40034127
    assert await code(msg_type=0, content="x", keyboard={"content": {"rows": []}}) == 304037
    assert await code(msg_type=0, content="x", keyboard={"id": "k"}) == 304038
    assert await code(msg_type=3, ark={"template_id": 23, "kv": []}) == 304004
    assert await code(content="see https://evil.org/x") == 40054010
    assert await code(content="see evil.org") == 40054010
    qq.settings.old_codes = True
    assert await code(content="see evil.org") == 304003
    await api.reply(where, sent, "see http://www.example.com/a.org")
    assert (await api.refused("/v2/users/NOBODY/messages", {"content": "x"}))[1] == 40034001


async def test_openids_are_each_bots_own(api: Api, qq: QQEmulator, alice: User, bot: Bot, group: Group) -> None:
    other = qq.add_bot("Other")
    assert alice.openid_for(other) != alice.openid_for(bot)
    assert await api.refused(to(alice, other), {"content": "x"}) == (400, 11255)
    group.bots.append(other)
    theirs = qq.group_openid(group, other)
    assert await api.refused(f"/v2/groups/{theirs}/messages", {"content": "x"}) == (400, 11255)
