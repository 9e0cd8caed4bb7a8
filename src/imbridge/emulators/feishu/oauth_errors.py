"""The refusals of user authorisation: code, HTTP status, RFC 6749's word for it, and text.

Sources: the error tables of "get user_access_token" and "refresh user_access_token"
(https://open.feishu.cn/document/authentication-management/access-token/get-user-access-token) and "obtain an
authorisation code" (20027, 20029). The tables name no `error` words but `server_error`; those here are RFC 6749's for
the same case (unverified).
"""

from collections.abc import Mapping
from typing import Any

ERRORS: Mapping[int, tuple[int, str, str]] = {
    20001: (400, "invalid_request", "The request is missing a required parameter."),
    20002: (400, "invalid_client", "The client secret is invalid."),
    20003: (
        400,
        "invalid_grant",
        "The authorization code is not found. Please note that an authorization code can only be used once.",
    ),
    20004: (400, "invalid_grant", "The authorization code has expired."),
    20008: (400, "invalid_grant", "The user does not exist."),
    20009: (400, "unauthorized_client", "The specified app is not installed."),
    20010: (400, "access_denied", "The user does not have permission to use this app."),
    20024: (
        400,
        "invalid_grant",
        "The provided authorization code or refresh token does not match the provided client ID.",
    ),
    20026: (400, "invalid_grant", "The refresh token passed is invalid. Please check the value."),
    20027: (400, "invalid_scope", "The app has not applied for one of the scopes."),
    20029: (400, "invalid_request", "The redirect_uri is not on the app's list."),
    20036: (400, "unsupported_grant_type", "The specified grant_type is not supported."),
    20037: (400, "invalid_grant", "The refresh token passed has expired. Please generate a new one."),
    20048: (400, "invalid_client", "The specified app does not exist."),
    20049: (400, "invalid_grant", "PKCE code challenge failed."),
    20050: (500, "server_error", "An unexpected server error occurred. Please retry your request."),
    20063: (400, "invalid_request", "The request is malformed. Please check your request."),
    20064: (
        400,
        "invalid_grant",
        "The refresh token has been revoked. Please note that a refresh token can only be used once.",
    ),
    20065: (
        400,
        "invalid_grant",
        "The authorization code has been used. Please note that an authorization code can only be used once.",
    ),
    20066: (400, "invalid_grant", "The user status is invalid."),
    20067: (
        400,
        "invalid_scope",
        "The provided scope list contains duplicate scopes. Please ensure all scopes are unique.",
    ),
    20068: (
        400,
        "invalid_scope",
        "The provided scope list contains scopes that are not permitted. Please ensure all scopes are allowed.",
    ),
    20069: (400, "unauthorized_client", "The specified app is not enabled."),
    20070: (
        400,
        "invalid_request",
        "Multiple authentication methods were provided. Please only use one to proceed.",
    ),
    20071: (400, "invalid_grant", "The provided redirect URI does not match the one used during authorization."),
    20072: (503, "temporarily_unavailable", "The server is temporarily unavailable. Please retry your request."),
    20073: (
        400,
        "invalid_grant",
        "The refresh token has been used. Please note that a refresh token can only be used once.",
    ),
    20074: (400, "unauthorized_client", "The specified app is not allowed to refresh token."),
}


class OAuthError(Exception):
    """An authorisation or a token is refused.

    Args:
        code: The platform's error code.
        detail: What precisely is wrong, appended to the code's text.
    """

    def __init__(self, code: int, detail: str = "") -> None:
        self.code = code
        self.status, self.error, text = ERRORS[code]
        self.description = f"{text} ({detail})" if detail else text
        super().__init__(f"{code}: {self.description}")

    def as_json(self) -> dict[str, Any]:
        """The answer's body, as RFC 6749, 5.2 has it, with the platform's code."""
        return {"code": self.code, "error": self.error, "error_description": self.description}
