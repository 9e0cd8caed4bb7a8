"""The pages where people log in.

In the client it is `/connect/oauth2/authorize`, really on open.weixin.qq.com; by scanning a code `/wwlogin/sso/login`,
really on login.work.weixin.qq.com, and before that `/wwopen/sso/qrConnect`.

Rules: https://developer.work.weixin.qq.com/document/path/91022, /path/98152.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from imbridge.emulators.wecom.user import User
    from imbridge.emulators.wecom.world import World

AUTHORIZE, LOGIN, OLD_LOGIN = "/connect/oauth2/authorize", "/wwlogin/sso/login", "/wwopen/sso/qrConnect"
SCOPES = frozenset({"snsapi_base", "snsapi_userinfo", "snsapi_privateinfo"})
STATE = 128


class ConsentPageError(AssertionError):
    """The page shows an error instead of sending the person on.

    Attributes:
        code: 50001 for a redirect_uri that is not the app's, 40058 for a parameter that is missing or wrong.
    """

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    redirect_uri: str
    state: str
    agent_id: int | None
    private: bool


def read_page(world: "World", path: str, query: Mapping[str, str]) -> Asked:
    """Checks the address of a page.

    Raises:
        ConsentPageError: It shows an error.
    """
    if path not in {AUTHORIZE, LOGIN, OLD_LOGIN}:
        raise ConsentPageError(40058, f"{path} is no page of the platform")
    if query.get("appid") != world.corp_id:
        raise ConsentPageError(40058, "appid is not the corp's id")
    scope = query.get("scope", "snsapi_base")
    if path == AUTHORIZE and (query.get("response_type") != "code" or scope not in SCOPES or "scope" not in query):
        raise ConsentPageError(40058, "response_type or scope is wrong")
    if path == LOGIN and query.get("login_type") != "CorpApp":
        raise ConsentPageError(40058, "login_type is not CorpApp")
    agent = query.get("agentid", "")
    if not agent and (path != AUTHORIZE or scope != "snsapi_base"):
        raise ConsentPageError(40058, "agentid is missing")
    if agent and (not agent.isdigit() or int(agent) not in world.apps):
        raise ConsentPageError(40058, f"there is no app {agent}")
    state = query.get("state", "")
    if len(state.encode()) > STATE or not all(one.isalnum() or one in "-_.~" for one in state):
        # The document allows letters and digits; that the others here pass is unverified.
        raise ConsentPageError(40058, f"state is longer than {STATE} bytes or has other than letters and digits")
    address = query.get("redirect_uri", "")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConsentPageError(50001, "redirect_uri is no address")
    apps = [world.apps[int(agent)]] if agent else list(world.apps.values())
    if not any(app.trusted_domains is None or parts.hostname in app.trusted_domains for app in apps):
        raise ConsentPageError(50001, f"{parts.hostname} is no trusted domain of the app")
    return Asked(address, state, int(agent) if agent else None, scope == "snsapi_privateinfo" and path == AUTHORIZE)


def consents(world: "World", who: "User | str", url: str) -> str:
    """Somebody opens a page and logs in; returns where their browser is sent.

    Raises:
        ConsentPageError: The page shows an error.
    """
    parts = urlsplit(url)
    asked = read_page(world, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)))
    code = world.grants.new_code(who, asked.agent_id, private=asked.private)
    world.stats.oauth_codes += 1
    back = urlsplit(asked.redirect_uri)
    query = [*parse_qsl(back.query, keep_blank_values=True), ("code", code), ("state", asked.state)]
    return urlunsplit((back.scheme, back.netloc, back.path, urlencode(query), ""))
