"""DingTalk's error codes and what to do about each: data, tested row by row.

Sources: open.dingtalk.com, "error codes", "how to process API throttling" (2026-01-22) and "robot sends messages".
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

BANNED = 1111
"""The status in the page that stands in for every answer while our address is banned."""
CREDENTIALS = "check client_id and client_secret: developer console, the app > Credentials"
_BUDGET = "buy more in the developer console, or set reply_by: webhook and stream_by: message"
_SCOPE = "developer console: the app > Permissions; apply for what the message names"

API_ERRORS = ErrorTable(
    (
        ErrorRule(BANNED, "our address is banned for 5 minutes", Reaction.RETRY, delay=300.0, max_delay=300.0),
        ErrorRule(
            "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
            "more than 20 calls of this API a second",
            Reaction.RETRY,
            delay=1.0,
        ),
        ErrorRule(
            "Forbidden.AccessDenied.QpsLimitForApi", "everybody calls this API too often", Reaction.RETRY, delay=1.0
        ),
        ErrorRule(
            "Forbidden.AccessDenied.ApiCountLimitForOrg", "this month's calls are used up", Reaction.FAIL, hint=_BUDGET
        ),
        ErrorRule("InvalidAuthentication", "invalid access token", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule("invalidClientIdOrSecret", "wrong credentials", Reaction.STOP, hint=CREDENTIALS),
        ErrorRule(
            "Forbidden.AccessDenied.AccessTokenPermissionDenied", "a right is missing", Reaction.FAIL, hint=_SCOPE
        ),
        ErrorRule("invalidParameter.userIds.invalid", "no such user", Reaction.DEAD),
        ErrorRule("invalidParameter.userIds.empty", "no user", Reaction.DEAD),
        ErrorRule(
            "invalidParameter.openConversationId.invalid", "no such group, or the robot is not in it", Reaction.DEAD
        ),
        ErrorRule("invalidParameter.robotCode.empty", "no robot code", Reaction.FAIL, hint="set robot_code"),
    )
)

KINDS = ErrorKinds(
    forbidden=frozenset(
        {
            "Forbidden.AccessDenied.AccessTokenPermissionDenied",
            "Forbidden.AccessDenied.ApiCountLimitForOrg",
            "invalidParameter.robotCode.empty",
        }
    ),
)

OAPI_ERRORS = ErrorTable(
    (
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(BANNED, "our address is banned for 5 minutes", Reaction.RETRY, delay=300.0, max_delay=300.0),
        ErrorRule(90018, "more than 20 calls of this API a second", Reaction.RETRY, delay=1.0),
        ErrorRule(90002, "everybody calls this API too often", Reaction.RETRY, delay=1.0),
        ErrorRule(90020, "this month's calls are used up", Reaction.FAIL),
        ErrorRule(40014, "invalid access token", Reaction.REFRESH),
        ErrorRule(42001, "the access token has expired", Reaction.REFRESH),
    )
)
OAPI_KINDS = ErrorKinds(forbidden=frozenset({90020}))

SESSION_ERRORS = ErrorTable(
    (
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(300001, "the session webhook is over", Reaction.RETARGET),
        ErrorRule(300005, "the session webhook is over", Reaction.RETARGET),
        ErrorRule(310000, "the session webhook is refused", Reaction.RETARGET),
    )
)
"""Of a message's session webhook."""
DOCS = ""
