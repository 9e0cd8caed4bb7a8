"""Login: the page, the tokens of people, and the login of an app that is opened inside DingTalk."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from dingtalk_raw_org import Org, organisation

from imbridge.emulators.dingtalk import ConsentPageError

BACK = "https://bot.example.com/login?next=%2Fhome"


@pytest.fixture
async def org() -> AsyncIterator[Org]:
    async with organisation() as opened:
        yield opened


def page(org: Org, **changes: str) -> str:
    asked = {
        "redirect_uri": BACK,
        "response_type": "code",
        "client_id": org.app.client_id,
        "scope": "openid",
        "state": "s1",
        "prompt": "consent",
    }
    return "https://login.dingtalk.com/oauth2/auth?" + urlencode({**asked, **changes})


async def code_of(org: Org, **changes: str) -> str:
    address = await org.ding.consents(org.alice, page(org, **changes))
    return parse_qs(urlsplit(address).query)["authCode"][0]


async def exchange(org: Org, **body: Any) -> tuple[int, Any]:
    own = {"clientId": org.app.client_id, "clientSecret": org.app.client_secret}
    return await org.new("POST", "/v1.0/oauth2/userAccessToken", {**own, **body}, "")


async def test_from_the_page_to_the_person(org: Org) -> None:
    address = urlsplit(await org.ding.consents(org.alice, page(org)))
    query = parse_qs(address.query)
    assert (address.hostname, address.path) == ("bot.example.com", "/login")
    assert (query["next"], query["state"]) == (["/home"], ["s1"])
    code = query["authCode"][0]
    status, token = await exchange(org, code=code, grantType="authorization_code")
    assert (status, token["expireIn"], sorted(token)) == (200, 7200, ["accessToken", "expireIn", "refreshToken"])
    status, me = await org.new("GET", "/v1.0/contact/users/me", {}, token["accessToken"])
    assert (status, me["nick"], me["unionId"], me["mobile"]) == (200, "Alice", org.alice.union_id, "13800000001")
    assert me["openId"] != me["unionId"]


async def test_the_organisation_is_told_when_it_was_asked_for(org: Org) -> None:
    _, token = await exchange(org, code=await code_of(org, scope="openid corpid"), grantType="authorization_code")
    assert token["corpId"] == org.ding.corp_id


async def test_a_refresh_token_is_good_once(org: Org) -> None:
    _, token = await exchange(org, code=await code_of(org), grantType="authorization_code")
    again = {"refreshToken": token["refreshToken"], "grantType": "refresh_token"}
    status, newer = await exchange(org, **again)
    assert (status, newer["accessToken"] != token["accessToken"]) == (200, True)
    status, answer = await exchange(org, **again)
    assert (status, answer["code"]) == (400, "invalidParameter.refreshToken.notFound")


async def test_a_code_is_good_once_and_for_its_own_app(org: Org) -> None:
    code = await code_of(org)
    other = org.ding.add_app("Other")
    foreign = {"clientId": other.client_id, "clientSecret": other.client_secret}
    grant = {"code": code, "grantType": "authorization_code"}
    assert (await exchange(org, **foreign, **grant))[1]["code"] == "invalidParameter.authCode.notFound"
    assert (await exchange(org, **grant))[0] == 200
    assert (await exchange(org, **grant))[1]["code"] == "invalidParameter.authCode.notFound"


async def test_a_code_gets_old(org: Org) -> None:
    org.ding.settings.code_lifetime = -1.0
    status, answer = await exchange(org, code=await code_of(org), grantType="authorization_code")
    assert (status, answer["code"]) == (400, "invalidParameter.authCode.notFound")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"clientSecret": "wrong"}, "invalidClientIdOrSecret"),
        ({"clientId": "wrong"}, "invalidClientIdOrSecret"),
        ({"grantType": "password"}, "invalidParameter.grantType"),
    ],
)
async def test_what_is_wrong_is_refused(org: Org, body: dict[str, str], code: str) -> None:
    status, answer = await exchange(org, **{"grantType": "authorization_code", **body})
    assert (status, answer["code"]) == (400, code)


async def test_the_apps_own_token_is_no_persons(org: Org) -> None:
    status, answer = await org.new("GET", "/v1.0/contact/users/me", {})
    assert (status, answer["code"]) == (401, "InvalidAuthentication")


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"client_id": "unknown"}, "client_id"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": "everything"}, "scope"),
        ({"prompt": ""}, "prompt"),
        ({"redirect_uri": "/login"}, "redirect_uri"),
    ],
)
async def test_the_page_says_what_is_wrong(org: Org, changes: dict[str, str], detail: str) -> None:
    with pytest.raises(ConsentPageError, match=detail):
        await org.ding.consents(org.alice, page(org, **changes))
    async with org.session.get(page(org, **changes).replace("https://login.dingtalk.com", org.ding.base_url)) as shown:
        assert detail in await shown.text()


async def test_the_page_can_be_opened(org: Org) -> None:
    async with org.session.get(page(org).replace("https://login.dingtalk.com", org.ding.base_url)) as shown:
        assert (shown.status, "Demo Bot" in await shown.text()) == (200, True)


async def test_an_app_that_is_opened_inside_dingtalk(org: Org) -> None:
    code = org.ding.login_code(org.bob, org.app)
    answer = await org.old("/topapi/v2/user/getuserinfo", {"code": code})
    result = answer["result"]
    assert (result["userid"], result["name"], result["sys"], result["sys_level"]) == (org.bob.userid, "Bob", True, 1)
    assert (await org.old("/topapi/v2/user/getuserinfo", {"code": code}))["errcode"] == 40078
