"""Members, departments, tags, the app itself, and people who log in."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from wecom_app_side import Client, in_thread
from wecom_raw_api import Api

from imbridge.emulators.wecom import App, ConsentPageError, EmulatorSettings, User, WeComEmulator

BACK = "https://bot.example/back?x=1"


async def test_wechatpy_reads_the_directory(wecom: WeComEmulator, app: App, alice: User, client: Client) -> None:
    sales = wecom.add_department("Sales")
    below = wecom.add_department("Below", sales.id)
    carol = wecom.add_user("Carol", department=[below.id, 1], position="Boss", alias="C", active=False)
    tag = wecom.add_tag("Tag", [carol], parties=[sales.id])
    read = await in_thread(client.user.get, "CAROL")
    assert (read["userid"], read["name"], read["department"]) == ("carol", "Carol", [below.id, 1])
    assert (read["position"], read["alias"], read["status"], read["main_department"]) == ("Boss", "C", 4, below.id)
    assert "mobile" not in read
    assert [one["userid"] for one in await in_thread(client.user.list, 1, simple=True)] == ["alice", "carol"]
    assert [one["userid"] for one in await in_thread(client.user.list, sales.id)] == []
    assert [one["userid"] for one in await in_thread(client.user.list, sales.id, fetch_child=True)] == ["carol"]
    departments = await in_thread(client.department.get, sales.id)
    assert [(one["id"], one["parentid"]) for one in departments] == [(sales.id, 1), (below.id, sales.id)]
    assert len(await in_thread(client.department.get)) == 3
    assert await in_thread(client.tag.list) == [{"tagid": tag.id, "tagname": "Tag"}]
    assert (await in_thread(client.tag.get_users, tag.id))["partylist"] == [sales.id]
    agent = await in_thread(client.agent.get, app.agent_id)
    assert (agent["agentid"], agent["name"], agent["close"]) == (app.agent_id, "Demo", 0)


async def test_lookups_by_hand(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    assert (await api.call("user/getuserid", {"mobile": "13800000001"}))["userid"] == "alice"
    assert (await api.call("user/getuserid", {"mobile": "1"}))["errcode"] == 46004
    assert (await api.call("user/getuserid", {}))["errcode"] == 60103
    by_email = {"email": "alice@example.com", "email_type": 1}
    assert (await api.call("user/get_userid_by_email", by_email))["userid"] == "alice"
    assert (await api.call("user/get_userid_by_email", {"email": "x"}))["errcode"] == 40058
    assert (await api.call("user/get", userid="nobody"))["errcode"] == 60111
    assert (await api.call("user/get"))["errcode"] == 41009
    assert (await api.call("user/simplelist", department_id="9"))["errcode"] == 60003
    assert (await api.call("department/get", id="1"))["department"]["name"] == "Demo Corp"
    assert (await api.call("department/simplelist"))["department_id"][0]["id"] == 1
    assert (await api.call("department/get", id="9"))["errcode"] == 60003
    assert (await api.call("tag/get", tagid="9"))["errcode"] == 40068
    assert (await api.call("agent/get", agentid="7"))["errcode"] == 40056
    assert [one["agentid"] for one in (await api.call("agent/list"))["agentlist"]] == [app.agent_id]
    app.sees_private = True
    assert (await api.call("user/get", userid="alice"))["mobile"] == "13800000001"
    app.visible = set()
    assert (await api.call("user/get", userid="alice"))["errcode"] == 60011
    assert (await api.call("getcallbackip"))["ip_list"] == ["127.0.0.1"]


async def test_all_ids_page_by_page(wecom: WeComEmulator, alice: User, api: Api) -> None:
    assert (await api.call("user/list_id", {}))["errcode"] == 48002
    for number in range(4):
        wecom.add_user(f"U{number}")
    contacts = Api(api.session, wecom.base_url, wecom.add_contacts_secret())
    found, cursor = [], ""
    while True:
        page = await contacts.call("user/list_id", {"cursor": cursor, "limit": 2})
        found += [one["userid"] for one in page["dept_user"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert found == ["alice", "u0", "u1", "u2", "u3"]
    assert (await contacts.call("user/list_id", {"cursor": "x"}))["errcode"] == 40058
    assert (await contacts.call("user/list_id", {"limit": 10_001}))["errcode"] == 40058


async def test_a_menu(app: App, api: Api) -> None:
    agent = str(app.agent_id)
    menu = {"button": [{"type": "click", "name": "A", "key": "a"}]}
    assert (await api.call("menu/get", agentid=agent))["errcode"] == 46003
    assert (await api.call("menu/create", menu, agentid=agent))["errcode"] == 0
    assert (await api.call("menu/get", agentid=agent))["button"] == menu["button"]
    assert (await api.call("menu/delete", agentid=agent))["errcode"] == 0
    assert (await api.call("menu/create", {"button": []}, agentid=agent))["errcode"] == 40016
    assert (await api.call("menu/create", {"button": [{"name": "A"}]}, agentid=agent))["errcode"] == 40017


def page(wecom: WeComEmulator, app: App, **more: str) -> str:
    asked = {"appid": app.corp_id, "redirect_uri": BACK, "response_type": "code", "scope": "snsapi_base", "state": "s1"}
    return f"{wecom.base_url}/connect/oauth2/authorize?{urlencode(asked | more)}#wechat_redirect"


def code_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["code"][0]


async def test_a_member_logs_in(wecom: WeComEmulator, app: App, alice: User, client: Client, api: Api) -> None:
    address = await wecom.consents(alice, page(wecom, app))
    assert address.startswith("https://bot.example/back?x=1&code=")
    assert address.endswith("&state=s1")
    answer = await api.call("auth/getuserinfo", code=code_in(address))
    assert (answer["userid"], "user_ticket" in answer) == ("alice", False)
    assert (await api.call("auth/getuserinfo", code=code_in(address)))["errcode"] == 40029
    assert (await api.call("auth/getuserinfo"))["errcode"] == 41008
    again = await wecom.consents(alice, page(wecom, app))
    assert (await in_thread(client.oauth.get_user_info, code_in(again)))["UserId"] == "alice"
    stranger = await wecom.consents("oSTRANGER", page(wecom, app))
    assert (await api.call("auth/getuserinfo", code=code_in(stranger)))["openid"] == "oSTRANGER"


async def test_private_fields_need_consent(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    url = page(wecom, app, scope="snsapi_privateinfo", agentid=str(app.agent_id))
    answer = await api.call("auth/getuserinfo", code=code_in(await wecom.consents(alice, url)))
    detail = await api.call("auth/getuserdetail", {"user_ticket": answer["user_ticket"]})
    assert (detail["userid"], detail["mobile"], detail["email"]) == ("alice", alice.mobile, alice.email)
    assert (await api.call("auth/getuserdetail", {"user_ticket": "x"}))["errcode"] == 84015
    other = Api(api.session, wecom.base_url, wecom.add_app())
    assert (await other.call("auth/getuserdetail", {"user_ticket": answer["user_ticket"]}))["errcode"] == 84015
    code = code_in(await wecom.consents(alice, url))
    assert (await other.call("auth/getuserinfo", code=code))["errcode"] == 40029


async def test_the_old_interface_has_old_names(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    url = page(wecom, app, scope="snsapi_privateinfo", agentid=str(app.agent_id))
    answer = await api.call("user/getuserinfo", code=code_in(await wecom.consents(alice, url)))
    assert (answer["UserId"], answer["expires_in"]) == ("alice", 1800)
    assert (await api.call("user/getuserdetail", {"user_ticket": answer["user_ticket"]}))["userid"] == "alice"
    stranger = code_in(await wecom.consents("oSTRANGER", url))
    answer = await api.call("user/getuserinfo", code=stranger)
    assert (answer["OpenId"], "user_ticket" in answer) == ("oSTRANGER", False)


async def test_codes_and_tickets_expire(
    wecom: WeComEmulator, settings: EmulatorSettings, app: App, alice: User, api: Api
) -> None:
    url = page(wecom, app, scope="snsapi_privateinfo", agentid=str(app.agent_id))
    settings.ticket_lifetime = 0
    answer = await api.call("auth/getuserinfo", code=code_in(await wecom.consents(alice, url)))
    assert (await api.call("auth/getuserdetail", {"user_ticket": answer["user_ticket"]}))["errcode"] == 84014
    settings.code_lifetime = 0
    code = code_in(await wecom.consents(alice, page(wecom, app)))
    assert (await api.call("auth/getuserinfo", code=code))["errcode"] == 42003


async def test_the_page_with_a_code_to_scan(wecom: WeComEmulator, app: App, alice: User, api: Api) -> None:
    asked = {"login_type": "CorpApp", "appid": app.corp_id, "agentid": app.agent_id, "redirect_uri": BACK, "state": "s"}
    url = f"https://login.work.weixin.qq.com/wwlogin/sso/login?{urlencode(asked)}"
    code = code_in(await wecom.consents(alice, url))
    assert (await api.call("auth/getuserinfo", code=code))["userid"] == "alice"
    async with api.session.get(url.replace("https://login.work.weixin.qq.com", wecom.base_url)) as answer:
        assert "bot.example" in await answer.text()
    async with api.session.get(f"{wecom.base_url}/wwlogin/sso/login") as answer:
        assert "40058" in await answer.text()
    with pytest.raises(ConsentPageError, match="login_type"):
        await wecom.consents(alice, url.replace("CorpApp", "ServiceApp"))
    with pytest.raises(ConsentPageError, match="no page"):
        await wecom.consents(alice, wecom.base_url)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"appid": "wwother"}, 40058),
        ({"response_type": "token"}, 40058),
        ({"scope": "all"}, 40058),
        ({"scope": "snsapi_privateinfo"}, 40058),
        ({"agentid": "7"}, 40058),
        ({"state": "x" * 129}, 40058),
        ({"state": "a b"}, 40058),
        ({"redirect_uri": "bot.example"}, 50001),
        ({"redirect_uri": "https://evil.example/"}, 50001),
    ],
)
async def test_a_page_that_shows_an_error(
    wecom: WeComEmulator, app: App, alice: User, more: dict[str, str], code: int
) -> None:
    app.trusted_domains = {"bot.example"}
    with pytest.raises(ConsentPageError) as caught:
        await wecom.consents(alice, page(wecom, app, **more))
    assert caught.value.code == code
