"""The page where people log in: `/oauth2/auth`, really on login.dingtalk.com.

Source: open.dingtalk.com, "实现登录第三方网站" (tutorial-obtaining-user-personal-information): `redirect_uri`,
`response_type=code`, `client_id`, `scope` (`openid`, or `openid corpid`), `state`, `prompt=consent`; the browser goes
to `redirect_uri` with `authCode` and `state`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.app import App
    from imbridge.emulators.dingtalk.user import User
    from imbridge.emulators.dingtalk.world import World

PAGE = "/oauth2/auth"
SCOPES = (frozenset({"openid"}), frozenset({"openid", "corpid"}))


class ConsentPageError(AssertionError):
    """The page shows an error instead of sending the person on."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    app: "App"
    redirect_uri: str
    state: str
    scopes: frozenset[str]


def read_page(world: "World", path: str, query: Mapping[str, str]) -> Asked:
    """Checks the address of the page.

    Raises:
        ConsentPageError: It shows an error.
    """
    if path != PAGE:
        raise ConsentPageError(f"{path} is no login page; it is {PAGE}")
    app = world.apps.get(query.get("client_id", ""))
    if app is None:
        raise ConsentPageError("client_id is no app of the organisation")
    if query.get("response_type") != "code":
        raise ConsentPageError("response_type is not code")
    scopes = frozenset(query.get("scope", "").split())
    if scopes not in SCOPES:
        raise ConsentPageError("scope is neither 'openid' nor 'openid corpid'")
    if query.get("prompt") != "consent":
        raise ConsentPageError("prompt is not consent")
    address = query.get("redirect_uri", "")
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConsentPageError("redirect_uri is no address")
    return Asked(app, address, query.get("state", ""), scopes)


def consents(world: "World", user: "User", url: str) -> str:
    """Somebody opens the page and agrees; returns where their browser is sent.

    Raises:
        ConsentPageError: The page shows an error.
    """
    parts = urlsplit(url)
    asked = read_page(world, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)))
    code = world.grants.new_code(user, asked.app, asked.scopes)
    back = urlsplit(asked.redirect_uri)
    query = [*parse_qsl(back.query, keep_blank_values=True), ("authCode", code)]
    if asked.state:
        query.append(("state", asked.state))
    return urlunsplit((back.scheme, back.netloc, back.path, urlencode(query), ""))
