"""User authorisation: the page, codes, PKCE, refresh tokens, the device flow."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest

from imbridge.emulators.feishu import App, ConsentPageError, EmulatorSettings, FeishuEmulator, User
from imbridge.emulators.feishu.oauth_errors import ERRORS

BACK = "https://bot.example/back"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B


class Client:
    """The app's side, in plain HTTP."""

    def __init__(self, session: aiohttp.ClientSession, feishu: FeishuEmulator, app: App) -> None:
        self.session = session
        self.feishu = feishu
        self.app = app
        self.token_url = f"{feishu.base_url}/open-apis/authen/v2/oauth/token"

    def page(self, **changes: str | None) -> str:
        query = {"client_id": self.app.app_id, "redirect_uri": BACK, "response_type": "code", "state": "st"} | changes
        given = {name: value for name, value in query.items() if value is not None}
        return f"{self.feishu.base_url}/open-apis/authen/v1/authorize?{urlencode(given)}"

    async def code(self, user: User, **changes: str | None) -> str:
        return parse_qs(urlsplit(await self.feishu.consents(user, self.page(**changes))).query)["code"][0]

    async def ask(self, **changes: str | None) -> tuple[int, dict[str, Any]]:
        body = {"client_id": self.app.app_id, "client_secret": self.app.app_secret} | changes
        given = {name: value for name, value in body.items() if value is not None}
        async with self.session.post(self.token_url, json=given) as response:
            answer: dict[str, Any] = await response.json()
            return response.status, answer

    async def exchange(self, code: str, /, **changes: str | None) -> tuple[int, dict[str, Any]]:
        return await self.ask(**{"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **changes})

    async def refresh(self, token: str, /, **changes: str | None) -> tuple[int, dict[str, Any]]:
        return await self.ask(**{"grant_type": "refresh_token", "refresh_token": token, **changes})


@pytest.fixture
def app(feishu: FeishuEmulator) -> App:
    return feishu.add_app("cli_demo", "s3cret", redirect_uris=[BACK, "https://bot.example/other?a=1#f"])


@pytest.fixture
def client(session: aiohttp.ClientSession, feishu: FeishuEmulator, app: App) -> Client:
    return Client(session, feishu, app)


async def test_code_becomes_tokens(client: Client, alice: User) -> None:
    address = await client.feishu.consents(alice, client.page(scope="task:task:read offline_access"))
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    assert (f"{parts.scheme}://{parts.netloc}{parts.path}", query["state"]) == (BACK, ["st"])

    status, answer = await client.exchange(query["code"][0])
    assert status == 200
    assert answer.pop("access_token") != answer.pop("refresh_token")
    assert answer == {
        "code": 0,
        "expires_in": 7200,
        "refresh_token_expires_in": 604800,
        "scope": "auth:user.id:read offline_access task:task:read",
        "token_type": "Bearer",
    }


async def test_refresh_token_only_with_offline_access(client: Client, alice: User) -> None:
    _, answer = await client.exchange(await client.code(alice, scope="task:task:read"))
    assert (answer["code"], "refresh_token" in answer, "refresh_token_expires_in" in answer) == (0, False, False)


async def test_scopes_add_up_and_can_be_narrowed(client: Client, alice: User) -> None:
    await client.code(alice, scope="offline_access a:read")
    _, answer = await client.exchange(await client.code(alice, scope="b:read"), scope="b:read a:read")
    assert (answer["scope"], "refresh_token" in answer) == ("a:read b:read", False)
    code = await client.code(alice)
    for scope, refusal in (("a:read a:read", 20067), ("a:read c:read", 20068)):
        assert (await client.exchange(code, scope=scope))[1]["code"] == refusal
    _, answer = await client.exchange(code)
    assert answer["scope"] == "a:read auth:user.id:read b:read offline_access"


async def test_state_is_left_out_when_none_was_given_and_a_query_is_kept(client: Client, alice: User) -> None:
    other = "https://bot.example/other?a=1#f"
    address = await client.feishu.consents(alice, client.page(state=None, redirect_uri=other))
    parts = urlsplit(address)
    assert (sorted(parse_qs(parts.query)), parts.fragment) == (["a", "code"], "f")


async def test_refusing_sends_the_browser_back_too(client: Client, alice: User) -> None:
    assert await client.feishu.denies(alice, client.page()) == f"{BACK}?error=access_denied&state=st"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"redirect_uri": "https://evil.example/back"}, 20029),
        ({"redirect_uri": f"{BACK}/"}, 20029),
        ({"redirect_uri": None}, 20001),
        ({"response_type": "token"}, 20001),
        ({"client_id": "cli_nobody"}, 20048),
        ({"scope": "a b a"}, 20067),
        ({"scope": " ".join(f"s{n}" for n in range(51))}, 20063),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "S512"}, 20063),
    ],
)
async def test_page_shows_an_error(client: Client, alice: User, changes: dict[str, str | None], code: int) -> None:
    with pytest.raises(ConsentPageError, match=str(code)) as refused:
        await client.feishu.consents(alice, client.page(**changes))
    assert refused.value.code == code
    async with client.session.get(client.page(**changes)) as response:
        assert (response.status, str(code) in await response.text()) == (400, True)


async def test_page_refuses_a_scope_the_app_has_not_applied_for(feishu: FeishuEmulator, alice: User) -> None:
    app = feishu.add_app(user_scopes=["a:read"])
    url = f"{feishu.base_url}/open-apis/authen/v1/authorize?response_type=code&app_id={app.app_id}&redirect_uri={BACK}"
    await feishu.consents(alice, f"{url}&scope=a:read")
    with pytest.raises(ConsentPageError, match="20027"):
        await feishu.consents(alice, f"{url}&scope=a:read%20b:read")


async def test_page_in_a_browser_names_app_and_scopes(client: Client) -> None:
    async with client.session.get(client.page(scope="a:read")) as response:
        text = await response.text()
        assert (response.status, response.content_type, "a:read" in text) == (200, "text/html", True)


async def test_address_of_somebody_else_is_not_opened(client: Client, alice: User) -> None:
    for url in ("https://accounts.feishu.cn/open-apis/authen/v1/authorize?client_id=x", f"{client.feishu.base_url}/x"):
        with pytest.raises(ValueError, match=r"address|page"):
            await client.feishu.consents(alice, url)


async def test_code_counts_once_and_for_its_app(client: Client, feishu: FeishuEmulator, alice: User) -> None:
    code = await client.code(alice)
    other = feishu.add_app()
    for changes, refusal in (
        ({"code": "unknown"}, 20003),
        ({"client_secret": "wrong"}, 20002),
        ({"client_id": "cli_nobody"}, 20048),
        ({"client_id": other.app_id, "client_secret": other.app_secret}, 20024),
        ({"redirect_uri": "https://bot.example/other"}, 20071),
        ({"redirect_uri": None}, 20071),
        ({"code": None}, 20001),
        ({"grant_type": "password"}, 20036),
        ({"grant_type": None}, 20001),
    ):
        status, answer = await client.exchange(code, **changes)
        assert (status, answer["code"], answer["error"]) == (ERRORS[refusal][0], refusal, ERRORS[refusal][1])
        assert answer["error_description"].startswith(ERRORS[refusal][2])
    assert (await client.exchange(code))[1]["code"] == 0
    assert (await client.exchange(code))[1]["code"] == 20065


async def test_code_expires(client: Client, settings: EmulatorSettings, alice: User) -> None:
    settings.code_lifetime = 0.0
    status, answer = await client.exchange(await client.code(alice))
    assert (status, answer["code"]) == (400, 20004)


@pytest.mark.parametrize(("method", "challenge"), [("S256", CHALLENGE), ("plain", VERIFIER), (None, VERIFIER)])
async def test_pkce(client: Client, alice: User, method: str | None, challenge: str) -> None:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == CHALLENGE
    asked = {"code_challenge": challenge, "code_challenge_method": method}
    for verifier in (None, "short", VERIFIER[:-1] + "Z", CHALLENGE if method == "S256" else None):
        _, answer = await client.exchange(await client.code(alice, **asked), code_verifier=verifier)
        assert answer["code"] == 20049, verifier
    _, answer = await client.exchange(await client.code(alice, **asked), code_verifier=VERIFIER)
    assert answer["code"] == 0


async def test_refresh_token_is_replaced_and_counts_once(client: Client, feishu: FeishuEmulator, alice: User) -> None:
    _, first = await client.exchange(await client.code(alice, scope="offline_access a:read"))
    _, second = await client.refresh(first["refresh_token"])
    assert second["scope"] == first["scope"]
    assert second["access_token"] != first["access_token"]
    other = feishu.add_app()
    for changes, refusal in (
        ({"refresh_token": "unknown"}, 20026),
        ({"refresh_token": first["refresh_token"]}, 20073),
        ({"client_id": other.app_id, "client_secret": other.app_secret}, 20024),
        ({"scope": "b:read"}, 20068),
    ):
        status, answer = await client.refresh(second["refresh_token"], **changes)
        assert (status, answer["code"]) == (400, refusal)
    _, third = await client.refresh(second["refresh_token"], scope="a:read")
    assert (third["scope"], "refresh_token" in third) == ("a:read", False)


async def test_refresh_token_expires_and_is_revoked(client: Client, settings: EmulatorSettings, alice: User) -> None:
    async def fresh() -> str:
        _, answer = await client.exchange(await client.code(alice, scope="offline_access"))
        return str(answer["refresh_token"])

    token = await fresh()
    assert client.feishu.faults.expire_refresh_tokens() == 1
    assert (await client.refresh(token))[1]["code"] == 20037
    token = await fresh()
    settings.authorisation_lifetime = 0.0
    assert (await client.refresh(token))[1]["code"] == 20037
    settings.authorisation_lifetime = 60.0
    client.feishu.revokes(alice, client.app)
    assert (await client.refresh(token))[1]["code"] == 20064


async def test_token_endpoint_can_be_made_to_fail(client: Client, alice: User) -> None:
    _, answer = await client.exchange(await client.code(alice, scope="offline_access"))
    fault = client.feishu.faults.refuse_oauth(20050, grant_type="refresh_token")
    code = await client.code(alice)
    assert (await client.exchange(code))[1]["code"] == 0
    status, refused = await client.refresh(answer["refresh_token"])
    assert (status, refused) == (
        500,
        {
            "code": 20050,
            "error": "server_error",
            "error_description": "An unexpected server error occurred. Please retry your request.",
        },
    )
    assert (await client.refresh(answer["refresh_token"]))[1]["code"] == 0
    assert fault.hits == 1
    client.feishu.faults.refuse_oauth(20072)
    assert (await client.refresh("x"))[0] == 503
    with pytest.raises(ValueError, match="99991663"):
        client.feishu.faults.refuse_oauth(99991663)


async def test_answer_that_is_lost_uses_the_refresh_token_up(client: Client, alice: User) -> None:
    _, answer = await client.exchange(await client.code(alice, scope="offline_access"))
    client.feishu.faults.lose_answer("*/oauth/token")
    with pytest.raises(aiohttp.ClientError):
        await client.refresh(answer["refresh_token"])
    assert (await client.refresh(answer["refresh_token"]))[1]["code"] == 20073


async def test_form_and_basic_authentication_as_other_oauth_clients_have_them(client: Client, alice: User) -> None:
    body = {"grant_type": "authorization_code", "code": await client.code(alice), "redirect_uri": BACK}
    headers = {"Authorization": aiohttp.encode_basic_auth(client.app.app_id, client.app.app_secret)}
    both = {**body, "client_secret": client.app.app_secret}
    async with client.session.post(client.token_url, data=both, headers=headers) as response:
        assert (await response.json())["code"] == 20070
    async with client.session.post(client.token_url, data=body, headers=headers) as response:
        assert (await response.json())["code"] == 0


async def test_body_that_cannot_be_read(client: Client) -> None:
    for body in (b"{", b"[1]", b""):
        async with client.session.post(client.token_url, data=body) as response:
            assert (response.status, (await response.json())["code"]) == (400, 20063)


async def test_device_flow(client: Client, settings: EmulatorSettings, alice: User) -> None:
    url = f"{client.feishu.base_url}/open-apis/authen/v2/oauth/device_authorization"

    async def start() -> dict[str, Any]:
        body = {"client_id": client.app.app_id, "scope": "offline_access"}
        async with client.session.post(url, json=body) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def poll(device: dict[str, Any]) -> dict[str, Any]:
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        return (await client.ask(grant_type=grant, device_code=device["device_code"]))[1]

    device = await start()
    assert (await poll(device))["error"] == "authorization_pending"
    assert await client.feishu.consents(alice, device["verification_uri_complete"]) == ""
    answer = await poll(device)
    assert (answer["code"], "refresh_token" in answer) == (0, True)
    assert (await poll(device))["code"] == 20003
    with pytest.raises(ValueError, match="used"):
        await client.feishu.consents(alice, device["verification_uri_complete"])

    device = await start()
    await client.feishu.denies(alice, device["verification_uri_complete"])
    assert (await poll(device))["error"] == "access_denied"
    settings.device_lifetime = 0.0
    assert (await poll(await start()))["error"] == "expired_token"


async def test_no_secret_is_shown_on_the_wire(client: Client, alice: User) -> None:
    shown: list[str] = []
    client.feishu.wire.watch(lambda direction, kind, facts: shown.append(f"{kind} {facts}"))
    code = await client.code(alice, scope="offline_access")
    _, answer = await client.exchange(code, code_verifier=VERIFIER)
    await client.refresh(answer["refresh_token"])
    text = "\n".join(shown)
    assert "authen/v2/oauth/token" in text
    for secret in (code, client.app.app_secret, answer["access_token"], answer["refresh_token"], VERIFIER):
        assert secret[:40] not in text
