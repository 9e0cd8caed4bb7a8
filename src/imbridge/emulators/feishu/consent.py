"""The page on which a person lets an app act for them.

Rules: https://open.feishu.cn/document/authentication-management/access-token/obtain-oauth-code.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.oauth_errors import OAuthError

if TYPE_CHECKING:
    from imbridge.emulators.feishu.user import User
    from imbridge.emulators.feishu.world import World

PAGE = "open-apis/authen/v1/authorize"
SCOPE_LIMIT = 50
"""Scopes that one address may ask for."""
METHODS = frozenset({"S256", "plain"})


class ConsentPageError(AssertionError):
    """The page shows an error instead of asking: the address is not one that the app may use.

    Attributes:
        code: The platform's error code.
    """

    def __init__(self, error: OAuthError) -> None:
        super().__init__(f"the authorisation page shows {error}")
        self.code = error.code


@dataclass(frozen=True, slots=True)
class ConsentPage:
    """What an authorisation address asks for."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str
    challenge_method: str

    def agreed(self, world: "World", user: "User") -> str:
        """Somebody agrees; returns where their browser is sent: the app's address with a code."""
        code = world.grants.issue_code(
            user,
            self.app,
            self.scopes,
            redirect_uri=self.redirect_uri,
            challenge=self.challenge,
            challenge_method=self.challenge_method,
        )
        return self._back({"code": code})

    def denied(self) -> str:
        """Somebody refuses; returns where their browser is sent."""
        return self._back({"error": "access_denied"})

    def _back(self, answer: dict[str, str]) -> str:
        if self.state is not None:
            answer["state"] = self.state
        parts = urlsplit(self.redirect_uri)
        query = f"{parts.query}&{urlencode(answer)}" if parts.query else urlencode(answer)
        # A fragment stays at the end, behind the parameters, as the documents show.
        return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def read_page(world: "World", raw_query: str) -> ConsentPage:
    """Reads and checks the address's query.

    Raises:
        OAuthError: 20001, 20027, 20029, 20048, 20063, 20067.
    """
    query = parse_qs(raw_query, keep_blank_values=True)
    if any(len(values) > 1 for values in query.values()):
        raise OAuthError(20063, "a parameter is repeated")
    facts = {name: values[0] for name, values in query.items()}
    # `app_id` is the older name.
    app = world.directory.apps.get(facts.get("client_id") or facts.get("app_id") or "")
    if app is None:
        raise OAuthError(20048)
    redirect_uri = facts.get("redirect_uri", "")
    if not redirect_uri:
        raise OAuthError(20001, "redirect_uri")
    if app.redirect_uris is not None and redirect_uri not in app.redirect_uris:
        raise OAuthError(20029, redirect_uri)
    if facts.get("response_type") != "code":
        raise OAuthError(20001, "response_type is 'code'")
    challenge, method = facts.get("code_challenge", ""), facts.get("code_challenge_method", "plain")
    if method not in METHODS or ("code_challenge_method" in facts and not challenge):
        raise OAuthError(20063, "code_challenge_method is S256 or plain, and code_challenge goes with it")
    scopes = checked_scopes(app, facts.get("scope", ""))
    return ConsentPage(app, redirect_uri, scopes, facts.get("state"), challenge, method)


def checked_scopes(app: App, text: str) -> tuple[str, ...]:
    """The scopes asked for.

    Raises:
        OAuthError: 20027 for one the app has not applied for, 20063 for too many, 20067 for a repeated one.
    """
    scopes = tuple(text.split())
    if len(scopes) > SCOPE_LIMIT:
        raise OAuthError(20063, f"more than {SCOPE_LIMIT} scopes")
    if len(set(scopes)) != len(scopes):
        raise OAuthError(20067)
    if app.user_scopes is not None:
        missing = [scope for scope in scopes if scope not in app.user_scopes]
        if missing:
            raise OAuthError(20027, ", ".join(missing))
    return scopes
