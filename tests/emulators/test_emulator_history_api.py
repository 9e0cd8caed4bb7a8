"""Reading conversations back, who read a message, nudges, pins, messages to many; called over plain HTTP."""

import json
from typing import Any

import aiohttp
import pytest
from feishu_cards import CardBot, button, card, markdown
from feishu_raw_client import Answer, Bot

from imbridge.emulators.feishu import App, Chat, EmulatorSettings, FeishuEmulator, User


@pytest.fixture(autouse=True)
def no_rates(settings: EmulatorSettings) -> None:
    settings.rate_limits = False


@pytest.fixture
def bob(feishu: FeishuEmulator, app: App) -> User:
    return feishu.add_user("Bob")


@pytest.fixture
def group(feishu: FeishuEmulator, app: App, alice: User, bob: User) -> Chat:
    return feishu.add_group("team", members=[alice, bob], apps=[app])


def texts(answer: Answer) -> list[str]:
    return [json.loads(one["body"]["content"])["text"] for one in answer.data["items"]]


async def test_messages_of_a_chat(alice: User, group: Chat, bot: Bot) -> None:
    for number in range(4):
        await alice.says(f"m{number}", chat=group)
    root = await alice.says("root", chat=group)
    await alice.replies(root, "in the thread", thread=True)
    path = f"im/v1/messages?container_id_type=chat&container_id={group.chat_id}"
    assert texts(await bot.call("GET", path)) == ["m0", "m1", "m2", "m3", "root"]
    page = await bot.call("GET", f"{path}&page_size=2")
    assert (texts(page), page.data["has_more"]) == (["m0", "m1"], True)
    page = await bot.call("GET", f"{path}&page_size=2&page_token={page.data['page_token']}")
    assert texts(page) == ["m2", "m3"]
    assert texts(await bot.call("GET", f"{path}&sort_type=ByCreateTimeDesc&page_size=1")) == ["root"]
    thread = f"im/v1/messages?container_id_type=thread&container_id={root.thread_id}"
    assert texts(await bot.call("GET", thread)) == ["root", "in the thread"]
    second = root.create_time // 1000
    assert len(texts(await bot.call("GET", f"{path}&start_time={second - 60}&end_time={second + 60}"))) == 5
    assert texts(await bot.call("GET", f"{path}&start_time={second + 60}")) == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("container_id_type=chat&container_id=oc_never", 230001),
        ("container_id_type=thread&container_id=omt_never", 230001),
        ("container_id_type=group&container_id=oc_never", 230001),
        ("container_id_type=chat&container_id={chat}&page_size=51", 230001),
        ("container_id_type=chat&container_id={chat}&page_token=x", 230001),
        ("container_id_type=chat&container_id={chat}&sort_type=up", 230001),
        ("container_id_type=chat&container_id={chat}&start_time=now", 230001),
        ("container_id_type=chat&container_id={chat}&user_id_type=name", 230001),
        ("container_id_type=chat&container_id={foreign}", 230002),
    ],
)
async def test_wrong_queries(feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot, query: str, code: int) -> None:
    foreign = feishu.add_group("other", members=[alice])
    path = f"im/v1/messages?{query.format(chat=chat.chat_id, foreign=foreign.chat_id)}"
    assert (await bot.call("GET", path)).code == code


async def test_contents_are_not_shown_as_they_were_sent(
    feishu: FeishuEmulator, alice: User, chat: Chat, bot: Bot
) -> None:
    async def shown(content: Any, msg_type: str, query: str = "") -> Any:
        sent = (await bot.send(chat.chat_id, content, msg_type=msg_type)).data["message_id"]
        [item] = (await bot.call("GET", f"im/v1/messages/{sent}{query}")).data["items"]
        return json.loads(item["body"]["content"])

    old = {
        "header": {"title": {"tag": "plain_text", "content": "Title"}},
        "elements": [
            {"tag": "div", "text": {"tag": "lark_md", "content": "text"}},
            {"tag": "hr"},
            {"tag": "action", "actions": [button("Go", type="primary"), button("No")]},
        ],
    }
    assert await shown(old, "interactive") == {
        "title": "Title",
        "elements": [
            [{"tag": "text", "text": "text"}],
            [{"tag": "hr"}],
            [
                {"tag": "button", "text": "Go", "type": "primary"},
                {"tag": "button", "text": "No", "type": "default"},
            ],
        ],
    }
    new = card(markdown("secret"), title="Title")
    hidden = await shown(new, "interactive")
    assert (hidden["title"], "secret" in str(hidden)) == ("Title", False)
    assert await shown(new, "interactive", "?card_msg_content_type=user_card_content") == new
    raw = await shown(new, "interactive", "?card_msg_content_type=raw_card_content")
    assert (json.loads(raw["json_card"]), raw["card_schema"]) == (new, 2)
    post = {"zh_cn": {"title": "T", "content": [[{"tag": "md", "text": "**b**"}], [{"tag": "at", "user_id": "all"}]]}}
    assert await shown(post, "post") == {
        "title": "T",
        "content": [
            [{"tag": "text", "text": "**b**", "style": []}],
            [{"tag": "at", "user_id": "@_all", "user_name": "", "style": []}],
        ],
    }


async def test_ids_of_the_wanted_type(alice: User, chat: Chat, bot: Bot) -> None:
    said = await alice.says("hi")
    [item] = (await bot.call("GET", f"im/v1/messages/{said.message_id}?user_id_type=user_id")).data["items"]
    assert (item["sender"]["id"], item["sender"]["id_type"]) == (alice.user_id, "user_id")


async def test_who_read_it(
    feishu: FeishuEmulator, settings: EmulatorSettings, alice: User, bob: User, group: Chat, bot: Bot
) -> None:
    sent = (await bot.send(group.chat_id, "read me")).data["message_id"]
    message = feishu.messages[-1]
    path = f"im/v1/messages/{sent}/read_users?user_id_type=open_id"
    assert (await bot.call("GET", path)).data["items"] == []
    alice.reads(message)
    bob.reads(message)
    alice.reads(message)
    page = (await bot.call("GET", f"{path}&page_size=1")).data
    assert [one["user_id"] for one in page["items"]] == [alice.open_id]
    page = (await bot.call("GET", f"{path}&page_size=1&page_token={page['page_token']}")).data
    assert ([one["user_id"] for one in page["items"]], page["has_more"]) == ([bob.open_id], False)
    said = await alice.says("mine", chat=group)
    assert (await bot.call("GET", f"im/v1/messages/{said.message_id}/read_users?user_id_type=open_id")).code == 230012
    settings.read_window = -1.0
    assert (await bot.call("GET", path)).code == 230033


async def test_urgent(feishu: FeishuEmulator, alice: User, bob: User, group: Chat, bot: Bot) -> None:
    carol = feishu.add_user("Carol")
    sent = (await bot.send(group.chat_id, "now!")).data["message_id"]

    async def urge(kind: str, *ids: str, id_type: str = "open_id", message_id: str = sent) -> Answer:
        path = f"im/v1/messages/{message_id}/urgent_{kind}?user_id_type={id_type}"
        return await bot.call("PATCH", path, {"user_id_list": list(ids)})

    answer = await urge("app", alice.open_id, carol.open_id, "ou_never")
    assert answer.data["invalid_user_id_list"] == [carol.open_id, "ou_never"]
    assert (await urge("sms", bob.user_id, id_type="user_id")).code == 0
    assert (await urge("phone", bob.union_id, id_type="union_id")).code == 0
    found = [(one.kind, one.user.name) for one in feishu.messages[-1].urgents]
    assert found == [("app", "Alice"), ("sms", "Bob"), ("phone", "Bob")]
    assert (await urge("app", carol.open_id)).code == 230001
    assert (await urge("app")).code == 230001
    assert (await urge("app", *["ou_x"] * 201)).code == 230001
    said = await alice.says("mine", chat=group)
    assert (await urge("app", bob.open_id, message_id=said.message_id)).code == 230012
    assert feishu.stats.urgents == 3


async def test_pins(feishu: FeishuEmulator, app: App, alice: User, group: Chat, bot: Bot) -> None:
    said = await alice.says("keep", chat=group)
    sent = (await bot.send(group.chat_id, "this too")).data["message_id"]
    made = [(await bot.call("POST", "im/v1/pins", {"message_id": said.message_id})).data["pin"] for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0]["operator_id"], made[0]["operator_id_type"]) == (app.app_id, "app_id")
    await bot.call("POST", "im/v1/pins", {"message_id": sent})
    path = f"im/v1/pins?chat_id={group.chat_id}"
    found = [one["message_id"] for one in (await bot.call("GET", path)).data["items"]]
    assert sorted(found) == sorted([said.message_id, sent])
    assert len((await bot.call("GET", f"{path}&page_size=1")).data["items"]) == 1
    assert (await bot.call("DELETE", f"im/v1/pins/{said.message_id}")).code == 0
    assert [one["message_id"] for one in (await bot.call("GET", path)).data["items"]] == [sent]
    assert said.pin is None
    when = int(made[0]["create_time"])
    assert (await bot.call("GET", f"{path}&start_time={when + 60_000}")).data["items"] == []
    assert (await bot.call("GET", f"{path}&start_time=2&end_time=1")).code == 230001
    assert (await bot.call("POST", "im/v1/pins", {"message_id": "om_never"})).code == 230001
    alice.recalls(said)
    assert (await bot.call("POST", "im/v1/pins", {"message_id": said.message_id})).code == 230011
    assert (await bot.call("GET", "im/v1/pins?chat_id=oc_never")).code == 230001
    assert feishu.stats.pins == 2


async def batch(bot: Bot, **body: Any) -> Answer:
    return await bot.call("POST", "message/v4/batch_send/", body)


async def test_messages_to_many(
    feishu: FeishuEmulator, app: App, alice: User, bob: User, session: aiohttp.ClientSession, bot: Bot
) -> None:
    carol = feishu.add_user("Carol")
    department = feishu.add_department("Sales")
    below = feishu.add_department("North", parent=department)
    carol.profile.departments = [below]
    answer = await batch(
        bot,
        msg_type="text",
        content={"text": "to all"},
        open_ids=[alice.open_id, "ou_never"],
        user_ids=[bob.user_id, alice.user_id],
        union_ids=["on_never"],
        department_ids=[department.open_department_id, "od_never"],
    )
    assert answer.code == 0
    batch_id = answer.data.pop("message_id")
    assert batch_id.startswith("bm-")
    assert answer.data == {
        "invalid_department_ids": ["od_never"],
        "invalid_open_ids": ["ou_never"],
        "invalid_user_ids": [],
        "invalid_union_ids": ["on_never"],
    }
    received = [await user.receives("to all") for user in (alice, bob, carol)]
    assert {one.batch_id for one in received} == {batch_id}
    await alice.receives_nothing(within=0.01)
    alice.reads(received[0])
    path = f"im/v1/batch_messages/{batch_id}"
    assert (await bot.call("GET", f"{path}/read_user")).data["read_user"] == {"read_count": "1", "total_count": "3"}
    assert (await bot.call("DELETE", path)).code == 0
    assert all(one.recalled for one in received)
    assert (await bot.call("GET", f"{path}/get_progress")).data == {
        "batch_message_send_progress": {
            "valid_user_ids_count": 3,
            "success_user_ids_count": 3,
            "read_user_ids_count": 1,
        },
        "batch_message_recall_progress": {"recall": True, "recall_count": 3},
    }
    assert (await bot.call("GET", "im/v1/batch_messages/bm-never/get_progress")).code == 230030
    other = feishu.add_app(name="Other")
    foreign = Bot(session, feishu.base_url, other.app_id, other.app_secret)
    assert (await foreign.call("DELETE", path)).code == 230026
    assert (await foreign.call("GET", f"{path}/read_user")).code == 230012


async def test_other_types_to_many(alice: User, group: Chat, bot: Bot) -> None:
    to: dict[str, Any] = {"open_ids": [alice.open_id]}
    post = {"post": {"zh_cn": {"title": "T", "content": [[{"tag": "text", "text": "p"}]]}}}
    assert (await batch(bot, msg_type="post", content=post, **to)).code == 0
    await alice.receives("T\np")
    assert (await batch(bot, msg_type="share_chat", content={"share_chat_id": group.chat_id}, **to)).code == 0
    await alice.receives("[share_chat]")
    assert (await batch(bot, msg_type="interactive", card=card(markdown("c")), **to)).code == 0
    await alice.receives("c")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msg_type": "text", "content": {"text": "x"}}, 10003),
        ({"msg_type": "audio", "content": {}, "open_ids": ["ou"]}, 10003),
        ({"msg_type": "text", "content": '{"text": "x"}', "open_ids": ["ou"]}, 10003),
        ({"msg_type": "text", "content": {"text": "x"}, "open_ids": ["ou"] * 201}, 10003),
        ({"msg_type": "text", "content": {"text": ""}, "open_ids": ["ou"]}, 10002),
        ({"msg_type": "image", "content": {"image_key": "img_never"}, "open_ids": ["ou"]}, 11227),
        ({"msg_type": "interactive", "card": {"elements": [{"tag": "x"}]}, "open_ids": ["ou"]}, 11246),
        ({"msg_type": "interactive", "card": {"type": "card", "data": {}}, "open_ids": ["ou"]}, 11246),
    ],
)
async def test_wrong_messages_to_many(app: App, bot: Bot, body: dict[str, Any], code: int) -> None:
    answer = await batch(bot, **body)
    assert (answer.status, answer.code) == (200, code)


async def test_a_card_entity_is_read_with_what_became_of_it(chat: Chat, bot: Bot) -> None:
    cards = CardBot(bot)
    await cards.create(card(markdown("one"), streaming=True))
    sent = (await cards.send(chat.chat_id)).data["message_id"]
    await cards.text("two")
    path = f"im/v1/messages/{sent}?card_msg_content_type=user_card_content"
    [item] = (await bot.call("GET", path)).data["items"]
    assert json.loads(item["body"]["content"])["body"]["elements"][0]["content"] == "two"
