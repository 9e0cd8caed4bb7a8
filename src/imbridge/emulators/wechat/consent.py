"""The page on which a person lets an account know who they are, and what the browser does after it.

Rule: https://developers.weixin.qq.com/doc/service/guide/h5/auth.html: the address is
`https://open.weixin.qq.com/connect/oauth2/authorize?appid=..&redirect_uri=..&response_type=code&scope=..&state=..
#wechat_redirect`, the parameters in this order; who consents is sent to the address with `code` and `state`.
"""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from imbridge.emulators.wechat.follower import Follower
    from imbridge.emulators.wechat.world import World

PATH = "/connect/oauth2/authorize"
SCOPES = frozenset({"snsapi_base", "snsapi_userinfo"})
STATE_LIMIT = 128


class ConsentPageError(AssertionError):
    """The page shows an error instead of asking."""


def consents(world: "World", follower: "Follower", url: str) -> str:
    """Where the person's browser is sent, with code and state.

    Raises:
        ConsentPageError: The address is not as it must be.
    """
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if parts.path != PATH:
        raise ConsentPageError(f"{parts.path} is not {PATH}")
    if parts.fragment != "wechat_redirect":
        raise ConsentPageError("the address must end with #wechat_redirect")
    account = world.accounts.get(query.get("appid", ""))
    if account is None or account is not follower.account:
        raise ConsentPageError(f"{follower.name} does not know the account {query.get('appid')!r}")
    if query.get("response_type") != "code":
        raise ConsentPageError("response_type must be code")
    scope = query.get("scope", "")
    if scope not in SCOPES:
        raise ConsentPageError("10005: Scope 参数错误或没有 Scope 权限")
    back = urlsplit(query.get("redirect_uri", ""))
    allowed = account.authorised_domains
    if back.scheme not in ("http", "https") or (allowed and back.hostname not in allowed):
        raise ConsentPageError("10003: redirect_uri域名与后台配置不一致")
    state = query.get("state", "")
    if len(state.encode()) > STATE_LIMIT:
        raise ConsentPageError(f"state has more than {STATE_LIMIT} bytes")
    added = urlencode({"code": world.grants.code(account, follower, scope), "state": state})
    return urlunsplit(back._replace(query=f"{back.query}&{added}" if back.query else added))
