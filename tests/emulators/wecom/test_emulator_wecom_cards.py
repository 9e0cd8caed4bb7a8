"""Template cards: what is refused, who clicks, how they change."""

from typing import Any

import pytest
import xmltodict
from wecom_app_side import serving
from wecom_raw_api import Api, button_card, choice_card, options, text_card, vote_card

from imbridge.emulators.wecom import App, EmulatorSettings, User, WeComEmulator

NEWS = {
    "card_type": "news_notice",
    "main_title": {"title": "T"},
    "card_image": {"url": "https://e.com/a.png", "aspect_ratio": 1.3},
    "vertical_content_list": [{"title": "v", "desc": "d"}],
    "card_action": {"type": 1, "url": "https://e.com"},
}
MENU = {"desc": "more", "action_list": [{"text": "Later", "key": "later"}]}


async def test_all_five_kinds(wecom: WeComEmulator, alice: User, api: Api) -> None:
    media_id = await api.media_id("file")
    rows = [
        {"keyname": "k", "value": "v"},
        {"type": 1, "keyname": "k", "url": "https://e.com"},
        {"type": 2, "keyname": "k", "value": "a.pdf", "media_id": media_id},
        {"type": 3, "keyname": "k", "userid": "alice"},
    ]
    selection = {"question_key": "s", "title": "?", "option_list": options(10), "selected_id": "o1"}
    cards = [
        text_card(sub_title_text="sub", horizontal_content_list=rows, action_menu=MENU, task_id="menu-1"),
        NEWS,
        button_card(button_selection=selection, jump_list=[{"type": 1, "title": "j", "url": "https://e.com"}]),
        vote_card(),
        choice_card(),
    ]
    answers = [await api.send("template_card", card) for card in cards]
    assert [answer["errcode"] for answer in answers] == [0] * 5
    assert ["response_code" in answer for answer in answers] == [True, False, True, True, True]
    assert (await alice.receives()).text == "T\nD\nsub"
    assert [message.card["card_type"] for message in wecom.messages] == [
        "text_notice",
        "news_notice",
        "button_interaction",
        "vote_interaction",
        "multiple_interaction",
    ]


@pytest.mark.parametrize(
    ("card", "why"),
    [
        (text_card(card_type="poster"), "card_type"),
        (text_card(main_title={}), "main_title.title"),
        (text_card(card_action=None), "card_action not an object"),
        (text_card(card_action={"type": 3}), "card_action.type"),
        (text_card(card_action={"type": 1}), "card_action.url"),
        (text_card(checkbox={}), "no field of text_notice"),
        (text_card(action_menu=MENU), "task_id missing"),
        (text_card(action_menu={"action_list": []}, task_id="t"), "1 to 3"),
        (text_card(action_menu={"action_list": MENU["action_list"] * 2}, task_id="t"), "repeated"),
        (text_card(horizontal_content_list=[{"keyname": "k"}] * 7), "exceed max length 6"),
        (text_card(horizontal_content_list=[{"value": "v"}]), "keyname missing"),
        (text_card(horizontal_content_list=[{"keyname": "k", "type": 1}]), "url missing"),
        (text_card(horizontal_content_list=[{"keyname": "k", "type": 9}]), "type unknown"),
        (text_card(jump_list=[{"title": "j"}] * 4), "exceed max length 3"),
        (text_card(jump_list=[{"title": "j", "type": 2}]), "appid missing"),
        (text_card(quote_area={"type": 1}), "quote_area.url"),
        ({**NEWS, "card_image": {}}, "both missing"),
        ({**NEWS, "card_image": {"url": "u", "aspect_ratio": 3}}, "aspect_ratio"),
        ({**NEWS, "vertical_content_list": [{"title": "v"}] * 5}, "exceed max length 4"),
        (button_card(task_id=""), "task_id missing"),
        (button_card(task_id="has space"), "task_id"),
        (button_card(task_id="x" * 129), "task_id"),
        (button_card(button_list=[]), "button_list missing"),
        (button_card(button_list=[{"text": "b", "key": f"k{n}"} for n in range(7)]), "exceed max length 6"),
        (button_card(button_list=[{"text": "b", "key": "k"}] * 2), "repeated"),
        (button_card(button_list=[{"text": "b"}]), "key missing"),
        (button_card(button_list=[{"text": "b", "type": 1}]), "url missing"),
        (button_card(button_list=[{"text": "b", "key": "k" * 1025}]), "exceed max length 1024"),
        (button_card(button_list=[{"text": "b", "key": "k", "style": 5}]), "style"),
        (button_card(button_selection={"question_key": "q", "option_list": options(11)}), "1 to 10"),
        (vote_card(checkbox={"question_key": "q", "option_list": options(21)}), "1 to 20"),
        (vote_card(checkbox={"question_key": "q", "option_list": options(1) * 2}), "repeated"),
        (vote_card(checkbox={"option_list": options(1)}), "question_key missing"),
        (vote_card(submit_button={}), "submit_button missing"),
        (choice_card(select_list=[{"question_key": f"q{n}", "option_list": options(1)} for n in range(4)]), "1 to 3"),
        (choice_card(select_list=[{"question_key": "q", "option_list": options(1)}] * 2), "repeated"),
    ],
)
async def test_a_wrong_card_is_refused(wecom: WeComEmulator, alice: User, api: Api, card: Any, why: str) -> None:
    answer = await api.send("template_card", card)
    assert answer["errcode"] == 40058
    assert why in answer["errmsg"]
    assert wecom.messages == ()


async def test_a_task_id_is_good_once(wecom: WeComEmulator, alice: User, api: Api) -> None:
    assert (await api.send("template_card", button_card()))["errcode"] == 0
    assert "task_id" in (await api.send("template_card", button_card()))["errmsg"]
    other = Api(api.session, wecom.base_url, wecom.add_app())
    assert (await other.send("template_card", button_card()))["errcode"] == 0


async def test_a_click_and_the_card_changed_with_its_code(
    wecom: WeComEmulator, app: App, alice: User, bob: User, api: Api
) -> None:
    await api.send("template_card", button_card(), "alice|bob")
    message = await alice.receives()
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        await (await alice.clicks_card(message, key="yes")).delivered()
    fields = xmltodict.parse(server.xmls[0])["xml"]
    assert (fields["Event"], fields["EventKey"], fields["TaskId"]) == ("template_card_event", "yes", "task-1")
    assert (fields["CardType"], fields["FromUserName"]) == ("button_interaction", "alice")
    change = {
        "userids": ["alice", "nobody"],
        "agentid": app.agent_id,
        "response_code": fields["ResponseCode"],
        "button": {"replace_name": "Done"},
    }
    answer = await api.call("message/update_template_card", change)
    assert (answer["errcode"], answer["invaliduser"]) == (0, ["nobody"])
    assert message.replaced == {"alice": "Done"}
    assert (await api.call("message/update_template_card", change))["errcode"] == 40058
    with pytest.raises(ValueError, match="Done"):
        await alice.clicks_card(message, key="yes")


async def test_a_card_becomes_another_for_everybody(
    wecom: WeComEmulator, app: App, alice: User, bob: User, api: Api
) -> None:
    code = (await api.send("template_card", vote_card(), "alice|bob"))["response_code"]
    change = {"atall": 1, "agentid": app.agent_id, "response_code": code, "template_card": text_card()}
    assert (await api.call("message/update_template_card", change))["errcode"] == 0
    message = wecom.messages[0]
    assert [message.card_of(user)["card_type"] for user in ("alice", "bob")] == ["text_notice"] * 2
    assert wecom.stats.card_updates == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"agentid": None}, 41011),
        ({"agentid": 7}, 301002),
        ({"response_code": "never"}, 40058),
        ({"userids": ["bob"]}, 81013),
        ({"userids": "alice"}, 40058),
        ({"button": {}}, 40058),
        ({"button": None}, 40058),
        ({"template_card": text_card()}, 40058),
        ({"button": None, "template_card": {"card_type": "x"}}, 40058),
    ],
)
async def test_a_wrong_change_is_refused(
    wecom: WeComEmulator, app: App, alice: User, api: Api, changes: dict[str, Any], code: int
) -> None:
    right = (await api.send("template_card", vote_card()))["response_code"]
    button = {"replace_name": "Done"}
    change = {"userids": ["alice"], "agentid": app.agent_id, "response_code": right, "button": button}
    assert (await api.call("message/update_template_card", change | changes))["errcode"] == code
    assert wecom.messages[0].replaced == {}


async def test_a_code_expires(
    wecom: WeComEmulator, settings: EmulatorSettings, app: App, alice: User, api: Api
) -> None:
    settings.response_code_lifetime = 0
    code = (await api.send("template_card", vote_card()))["response_code"]
    change = {"atall": 1, "agentid": app.agent_id, "response_code": code, "button": {"replace_name": "x"}}
    assert (await api.call("message/update_template_card", change))["errcode"] == 40058


async def test_what_is_chosen_and_the_menu(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    await api.send("template_card", choice_card(action_menu=MENU))
    message = await alice.receives()
    async with serving(app) as server:
        await wecom.set_callback(app, server.url)
        await (await alice.clicks_card(message, selected={"q0": ["o1"], "q1": ["o0", "o1"]})).delivered()
        await (await alice.clicks_card_menu(message, key="later")).delivered()
    click, menu = (xmltodict.parse(xml)["xml"] for xml in server.xmls)
    assert click["EventKey"] == "send"
    assert click["SelectedItems"]["SelectedItem"] == [
        {"QuestionKey": "q0", "OptionIds": {"OptionId": "o1"}},
        {"QuestionKey": "q1", "OptionIds": {"OptionId": ["o0", "o1"]}},
    ]
    assert (menu["Event"], menu["EventKey"]) == ("template_card_menu_event", "later")
    assert click["ResponseCode"] != menu["ResponseCode"]
    with pytest.raises(ValueError, match="no options"):
        await alice.clicks_card(message, selected={"q0": ["o9"]})
    with pytest.raises(ValueError, match="asks nothing"):
        await alice.clicks_card(message, selected={"q9": ["o1"]})
    with pytest.raises(ValueError, match="no button"):
        await alice.clicks_card(message, key="never")
    with pytest.raises(ValueError, match="no item"):
        await alice.clicks_card_menu(message, key="never")


def passive(app: App, inner: str) -> str:
    head = f"<ToUserName>alice</ToUserName><FromUserName>{app.corp_id}</FromUserName><CreateTime>1</CreateTime>"
    return f"<xml>{head}{inner}</xml>"


async def test_a_click_is_answered_with_a_text_for_the_button(
    wecom: WeComEmulator, app: App, alice: User, api: Api
) -> None:
    await api.send("template_card", button_card())
    message = await alice.receives()
    button = "<MsgType>update_button</MsgType><Button><ReplaceName>Done</ReplaceName></Button>"
    async with serving(app, lambda _: passive(app, button)) as server:
        await wecom.set_callback(app, server.url)
        answer = await (await alice.clicks_card(message, key="no")).delivered()
    assert answer.passive is message
    assert message.replaced == {"alice": "Done"}
    assert wecom.violations == []


async def test_a_click_is_answered_with_another_card(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    await api.send("template_card", button_card())
    message = await alice.receives()
    row = "<HorizontalContentList><KeyName>k</KeyName><Value>v</Value></HorizontalContentList>"
    action = "<CardAction><Type>1</Type><Url>https://e.com</Url></CardAction>"
    title = "<MainTitle><Title>New</Title><Desc>d</Desc></MainTitle>"
    right = f"<CardType>text_notice</CardType>{title}{row}{row}{action}"
    wrong = f"<CardType>text_notice</CardType>{title}"
    for inner in (wrong, right):
        card = f"<MsgType>update_template_card</MsgType><TemplateCard>{inner}</TemplateCard>"
        async with serving(app, lambda _, card=card: passive(app, card)) as server:
            await wecom.set_callback(app, server.url)
            await (await alice.clicks_card(message, key="no")).delivered()
    assert message.card == {
        "card_type": "text_notice",
        "main_title": {"title": "New", "desc": "d"},
        "horizontal_content_list": [{"keyname": "k", "value": "v"}] * 2,
        "card_action": {"type": 1, "url": "https://e.com"},
    }
    assert [violation.kind for violation in wecom.violations] == ["passive_reply"]
