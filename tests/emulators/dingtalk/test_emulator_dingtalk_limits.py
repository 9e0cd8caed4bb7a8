"""Tokens, rates, the month's calls, refusals and what stands between client and platform."""

import aiohttp
import pytest
from dingtalk_raw_api import TOKEN_HEADER, Api
from dingtalk_raw_stream import kinds, open_connection

from imbridge.emulators.dingtalk import App, DingTalkEmulator, User

SEND = "/v1.0/robot/oToMessages/batchSend"
TEXT = {"content": "hi"}


# --- tokens -----------------------------------------------------------------------------------------------------------


async def test_both_apis_have_one_token_while_it_lives(ding: DingTalkEmulator, app: App, api: Api) -> None:
    new = await api.take_token()
    assert set(new) == {"accessToken", "expireIn"}
    assert 7190 < new["expireIn"] <= 7200
    old = await api.call("/gettoken", appkey=app.client_id, appsecret=app.client_secret)
    assert (old["access_token"], old["errcode"]) == (new["accessToken"], 0)
    assert ding.faults.expire_tokens() == 1
    assert (await api.take_token())["accessToken"] != new["accessToken"]
    assert ding.stats.tokens_issued == 2


async def test_wrong_credentials(api: Api) -> None:
    answer = await api.take_token(appSecret="wrong")
    assert (api.status, answer["code"]) == (400, "invalidClientIdOrSecret")
    answer = await api.post(f"{api.base_url}/v1.0/oauth2/accessToken", [])
    assert (api.status, answer["code"]) == (400, "InvalidParameter.Body")
    answer = await api.call("/gettoken", appkey="dingdemo", appsecret="wrong")
    assert (api.status, answer["errcode"]) == (200, 40089)


async def test_a_call_wants_a_token(ding: DingTalkEmulator, api: Api) -> None:
    answer = await api.post(api.base_url + SEND, {})
    assert (api.status, answer["code"]) == (400, "AuthenticationFailed.MissingParameter")
    async with api.session.post(f"{api.base_url}/media/upload") as old:
        assert (await old.json())["errcode"] == 41001
    assert kinds(ding) == ["no_token", "no_token"]


async def test_a_dead_token(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    with ding.faults.token_lifetime(0.0):
        await api.take_token()
    answer = await api.to_people("sampleText", TEXT)
    assert (api.status, answer["code"]) == (400, "InvalidAuthentication")
    ding.settings.invalid_token_status = 401
    await api.to_people("sampleText", TEXT)
    assert api.status == 401
    assert (await api.upload("file", b"x"))["errcode"] == 42001
    api.token = "never issued"
    assert (await api.upload("file", b"x"))["errcode"] == 40014
    assert ding.stats.tokens_refused == 4
    await api.take_token()
    assert "processQueryKey" in await api.to_people("sampleText", TEXT)


# --- rates and the month ----------------------------------------------------------------------------------------------


async def test_twenty_calls_a_second_of_one_api(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    ding.world.api_rates = type(ding.world.api_rates)((20, 60.0))  # a second is too short for a slow machine
    for _ in range(20):
        await api.to_people("sampleText", TEXT)
    answer = await api.to_people("sampleText", TEXT)
    assert (api.status, answer["code"]) == (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi")
    assert kinds(ding) == ["rate_exceeded"]
    assert ding.stats.rate_limited == 1
    other = await api.call("/v1.0/robot/otoMessages/batchRecall", {"robotCode": "dingdemo", "processQueryKeys": ["k"]})
    assert "failedResult" in other
    second = Api(api.session, api.base_url, ding.add_app("Other"))
    assert "processQueryKey" in await second.to_people("sampleText", TEXT)


async def test_the_rates_can_be_off(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    ding.settings.rate_limits = False
    for _ in range(30):
        await api.to_people("sampleText", TEXT)
    assert ding.stats.rate_limited == 0
    assert ding.stats.billed_calls == 30


async def test_a_month_has_so_many_calls(
    ding: DingTalkEmulator, app: App, alice: User, api: Api, session: aiohttp.ClientSession
) -> None:
    ding.settings.api_calls_month = 2
    for _ in range(2):
        await api.to_people("sampleText", TEXT)
    answer = await api.to_people("sampleText", TEXT)
    assert (api.status, answer["code"]) == (403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    assert (await api.upload("file", b"x"))["errcode"] == 90020
    assert kinds(ding) == ["month_exceeded", "month_exceeded"]
    assert "accessToken" in await api.take_token()
    assert (await open_connection(session, ding.base_url, app))[0] == 200


# --- refusals on demand -----------------------------------------------------------------------------------------------


async def test_refusals_of_either_api(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    ding.faults.refuse("/v1.0/robot/*", "Forbidden.AccessDenied.AccessTokenPermissionDenied", status=403, message="m")
    answer = await api.to_people("sampleText", TEXT)
    assert (api.status, answer["code"], answer["message"]) == (
        403,
        "Forbidden.AccessDenied.AccessTokenPermissionDenied",
        "m",
    )
    assert "processQueryKey" in await api.to_people("sampleText", TEXT)
    ding.faults.refuse("/media/*", -1)
    assert (await api.upload("file", b"x")) == {"errcode": -1, "errmsg": "系统繁忙"}
    ding.faults.refuse("/v1.0/oauth2/*", "system.err", status=500, times=None)
    await api.take_token()
    assert api.status == 500


async def test_rates_on_demand(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    ding.faults.over_qps("*/batchSend")
    assert "QpsLimit" in (await api.to_people("sampleText", TEXT))["code"]
    ding.faults.over_qps("/media/*")
    old = await api.upload("file", b"x")
    assert (old["errcode"], old["sub_code"]) == (88, "90018")
    ding.faults.over_month()
    assert "ApiCountLimit" in (await api.to_people("sampleText", TEXT))["code"]
    assert "processQueryKey" in await api.to_people("sampleText", TEXT)
    assert ding.violations == []


async def test_an_address_can_be_banned(ding: DingTalkEmulator, api: Api, session: aiohttp.ClientSession) -> None:
    with ding.faults.ban_ip(60.0):
        for url in (f"{ding.base_url}{SEND}", f"{ding.base_url}/connect?ticket=x"):
            async with session.get(url) as answer:
                assert (answer.status, answer.content_type) == (200, "text/html")
                assert '"status":1111' in await answer.text()
    await api.take_token()
    ban = ding.faults.ban_ip(0.0)
    assert "accessToken" in await api.take_token()
    assert ban.hits == 1


async def test_pages_of_gateways_on_the_way(ding: DingTalkEmulator, session: aiohttp.ClientSession) -> None:
    ding.faults.html_page(SEND, status=502)
    async with session.post(ding.base_url + SEND) as answer:
        assert (answer.status, answer.content_type) == (502, "text/html")


async def test_connections_can_be_cut_before_and_after(ding: DingTalkEmulator, alice: User, api: Api) -> None:
    await api.take_token()
    ding.faults.cut_before(SEND)
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.to_people("sampleText", TEXT)
    assert ding.messages == ()
    ding.faults.cut_after_accept(SEND)
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.to_people("sampleText", TEXT)
    assert len(ding.messages) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1.0/nowhere", 404, "InvalidAction.NotFound"),
        ("GET", SEND, 404, "InvalidAction.NotFound"),
        ("GET", "/topapi/nowhere", 200, 22),
        ("POST", "/gettoken", 200, 43001),
        ("GET", "/robot/send", 200, 43002),
    ],
)
async def test_paths_that_are_not_there(api: Api, method: str, path: str, status: int, code: str | int) -> None:
    body: dict[str, str] | None = {} if method == "POST" else None
    answer = await api.call(path, body, method=method)
    assert (api.status, answer.get("code", answer.get("errcode"))) == (status, code)


async def test_secrets_are_not_on_the_wire(ding: DingTalkEmulator, app: App, alice: User, api: Api) -> None:
    seen: list[str] = []
    ding.wire.watch(lambda direction, kind, facts: seen.append(f"{direction} {kind} {facts}"))
    await api.call("/gettoken", appkey=app.client_id, appsecret=app.client_secret)
    sent = await alice.says("hi")
    await api.post(sent.data["sessionWebhook"], {"msgtype": "text", "text": {"content": "yo"}})
    told = "\n".join(seen)
    assert "yo" in told
    for secret in (app.client_secret, api.token, sent.data["sessionWebhook"].partition("session=")[2]):
        assert secret not in told
    assert TOKEN_HEADER not in told
    for shown in (repr(app), repr(ding.messages[0]), str(ding.stats)):
        assert app.client_secret not in shown
        assert app.aes_key not in shown
