"""DingTalk's error codes and what to do about each: data, tested row by row.

Sources: open.dingtalk.com, "global error codes", "server API error codes", "how to process API throttling"
(2026-01-22) and the error tables of "robot sends group messages", "messages in batches to single chats", "create and
deliver cards"; developerpedia, "OpenAPI timeouts" (15 and 88) and "no permission to call". What only clients report is
marked so.
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

BANNED = 1111
"""The status in the page that stands in for every answer while our address is banned."""
REFUSED = "success: false"
"""Stands for the code of an answer that says no more than `"success": false`."""
_FORBIDDEN = "Forbidden.AccessDenied."
_MONTH, _UNTRUSTED = f"{_FORBIDDEN}ApiCountLimitForOrg", f"{_FORBIDDEN}IpNotInWhiteList"
USED_UP = frozenset({_MONTH, 90020})
"""Nothing that counts against the month is answered until the next one."""
NO_RIGHT = f"{_FORBIDDEN}AccessTokenPermissionDenied"
ROBOT_CODE = "invalidParameter.robotCode."
CREDENTIALS = "check client_id and client_secret: developer console, the app > Credentials"
DOCS = "https://open.dingtalk.com/document/development/server-api-error-codes-1#"
_BUDGET = "buy more in the developer console, or set reply_by: webhook and stream_by: message"
_SCOPE = "developer console: the app > Permissions; apply for what the message names, then publish a version"
_RANGE = "developer console: the app > Permissions > range of the address book"
_IP = "add this machine's address at developer console: the app > Security > server egress IP, or leave that list empty"
_ROBOT = "check robot_code: developer console, the app > Robot > RobotCode; the client id when left out"
_AGAIN = "begin again with a new link"
_ADDRESS = "check base_url, and the path and method of the call"

API_ERRORS = ErrorTable(
    (
        # its own trouble, and rates
        ErrorRule(BANNED, "our address is banned for 5 minutes", Reaction.RETRY, delay=300.0, max_delay=300.0),
        ErrorRule(f"{_FORBIDDEN}QpsLimitForAppkeyAndApi", "more than 20 calls a second", Reaction.RETRY, delay=1.0),
        ErrorRule(f"{_FORBIDDEN}QpsLimitForApi", "everybody calls this API too often", Reaction.RETRY, delay=1.0),
        ErrorRule(f"{_FORBIDDEN}QpsLimit*", "too many calls a second", Reaction.RETRY, delay=1.0),
        ErrorRule("system.busy", "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule("system.err", "the system failed", Reaction.RETRY, delay=0.5),  # clients
        # tokens
        ErrorRule("InvalidAuthentication", "invalid access token", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule("invalidClientIdOrSecret", "wrong credentials", Reaction.STOP, hint=CREDENTIALS),
        ErrorRule("authFailed", "wrong credentials", Reaction.STOP, hint=CREDENTIALS),
        # rights
        ErrorRule(_MONTH, "this month's calls are used up", Reaction.FAIL, hint=_BUDGET),
        ErrorRule(NO_RIGHT, "a right is missing", Reaction.FAIL, hint=_SCOPE),
        ErrorRule(_UNTRUSTED, "our address is not trusted", Reaction.FAIL, hint=_IP),
        ErrorRule(f"{_FORBIDDEN}*", "not permitted", Reaction.FAIL, hint=_SCOPE),
        ErrorRule(f"{ROBOT_CODE}empty", "no such robot, or not in the group", Reaction.FAIL, hint=_ROBOT),
        ErrorRule(f"{ROBOT_CODE}auth", "the robot of another app", Reaction.FAIL, hint=_ROBOT),
        ErrorRule(f"{ROBOT_CODE}*", "no such robot", Reaction.FAIL, hint=_ROBOT),
        ErrorRule("InvalidAction.NotFound", "no such API", Reaction.FAIL, hint=_ADDRESS),
        # who and where
        ErrorRule("invalidParameter.userIds.invalid", "no such user", Reaction.DEAD),  # clients
        ErrorRule("invalidParameter.userIds.empty", "no user", Reaction.DEAD),
        ErrorRule("invalidParameter.userIds.*", "too many users", Reaction.FAIL),
        ErrorRule("staffId.notExisted", "no such user", Reaction.DEAD),
        ErrorRule("staff.not.found", "no such user", Reaction.DEAD),
        ErrorRule(
            "invalidParameter.openConversationId.*",
            "no such group, or the robot is not in it",
            Reaction.DEAD,
            hint="add the robot in the group's settings; the id is the openConversationId",
        ),
        ErrorRule("invalid.openConversationId", "no such group", Reaction.DEAD),
        # cards
        ErrorRule("param.userIdNotExist", "no such user", Reaction.DEAD),
        ErrorRule("param.contentUnsafe", "the card did not pass the content check", Reaction.FAIL),
        ErrorRule("param.cardNotExist", "no such card", Reaction.FAIL),
        ErrorRule("param.stream.outTrackId", "no such card", Reaction.FAIL),
        ErrorRule("param.stream.*", "a text that the card does not take", Reaction.FAIL),
        ErrorRule("param.*", "a card that the platform does not take", Reaction.DEGRADE),
        # content
        ErrorRule("invalidParameter.msgKey.*", "unknown kind of message", Reaction.DEGRADE),
        ErrorRule("invalidParameter.msgParam.*", "a message that is not as it should be", Reaction.DEGRADE),
        ErrorRule("invalidParameter.msg.*", "a message that is not supported here", Reaction.DEGRADE),
        ErrorRule("invalidParameter.downloadCode.*", "unknown or expired download code", Reaction.FAIL),
        ErrorRule("invalidParameter.processQueryKey*", "no such message, or too old", Reaction.FAIL),
        ErrorRule("invalidParameter.authCode.*", "a code that is unknown or used up", Reaction.FAIL, hint=_AGAIN),
        ErrorRule("invalidParameter.refreshToken.*", "the person's grant is over", Reaction.FAIL, hint=_AGAIN),
        ErrorRule("invalidParameter*", "the request is not as it should be", Reaction.FAIL),
        ErrorRule(REFUSED, "refused without a reason", Reaction.FAIL),
    )
)  # fmt: skip
"""Of api.dingtalk.com, the stream's `connections/open` included."""

KINDS = ErrorKinds(
    refused=frozenset(
        {"param.contentUnsafe", "param.cardNotExist", "param.stream.outTrackId", "param.stream.*",
         "invalidParameter.downloadCode.*", "invalidParameter.processQueryKey*", "invalidParameter*"}
    ),
    forbidden=frozenset(
        {_MONTH, NO_RIGHT, _UNTRUSTED,
         f"{_FORBIDDEN}*", f"{ROBOT_CODE}empty", f"{ROBOT_CODE}auth",
         f"{ROBOT_CODE}*", "invalidParameter.authCode.*", "invalidParameter.refreshToken.*"}
    ),
    unclear=frozenset({"system.err"}),
)  # fmt: skip

_TOO_FAST = (
    ErrorRule(90018, "more than 20 calls of this API a second", Reaction.RETRY, delay=1.0),
    ErrorRule(90002, "everybody calls this API too often", Reaction.RETRY, delay=1.0),
    ErrorRule("9000*", "too many calls", Reaction.RETRY, delay=1.0),
    ErrorRule("9001*", "too many calls", Reaction.RETRY, delay=1.0),
)
"""Whatever is called at oapi.dingtalk.com; that it is so of session webhooks, too, no page says."""

OAPI_ERRORS = ErrorTable(
    (
        # its own trouble, and rates
        ErrorRule(BANNED, "our address is banned for 5 minutes", Reaction.RETRY, delay=300.0, max_delay=300.0),
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(15, "the call timed out within the platform", Reaction.RETRY, delay=0.5),
        ErrorRule(88, "the platform could not check the token in time", Reaction.RETRY, delay=0.5),
        *_TOO_FAST,
        # tokens
        ErrorRule(40014, "invalid access token", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(42001, "the access token has expired", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(41001, "no access token in the request", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(40001, "a token of another app", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(40089, "wrong credentials", Reaction.STOP, hint=CREDENTIALS),
        # rights
        ErrorRule(90020, "this month's calls are used up", Reaction.FAIL, hint=_BUDGET),
        ErrorRule(60011, "a right is missing", Reaction.FAIL, hint=_SCOPE),
        ErrorRule(60020, "our address is not trusted", Reaction.FAIL, hint=_IP),
        ErrorRule(50002, "the member is outside what the app may see", Reaction.FAIL, hint=_RANGE),
        ErrorRule(50003, "the department is outside what the app may see", Reaction.FAIL, hint=_RANGE),
        ErrorRule(50004, "the department is outside what the app may see", Reaction.FAIL, hint=_RANGE),
        ErrorRule(22, "no such API", Reaction.FAIL, hint=_ADDRESS),
        ErrorRule(404, "no such API", Reaction.FAIL, hint=_ADDRESS),
        ErrorRule(40078, "a code that is unknown or used up", Reaction.FAIL, hint=_AGAIN),
        # who and where
        ErrorRule(60121, "no such user", Reaction.DEAD),
        ErrorRule(33012, "invalid user id", Reaction.DEAD),
        ErrorRule(40003, "invalid user id", Reaction.DEAD),
        ErrorRule(60003, "no such department", Reaction.DEAD),
        # content
        ErrorRule(40004, "invalid media type", Reaction.FAIL),
        ErrorRule(40005, "invalid kind of upload", Reaction.FAIL),
        ErrorRule(40006, "invalid file size", Reaction.FAIL),
        ErrorRule(40007, "invalid or expired media id", Reaction.FAIL),
        ErrorRule(41005, "no media in the request", Reaction.FAIL),
        ErrorRule(44001, "an empty file", Reaction.FAIL),
        ErrorRule(45001, "the file is too large", Reaction.FAIL),
        ErrorRule(40, "a parameter is missing", Reaction.FAIL),
        ErrorRule(40035, "invalid parameter", Reaction.FAIL),
        ErrorRule(400002, "invalid parameter", Reaction.FAIL),
        ErrorRule("4300*", "the request is not as it should be", Reaction.FAIL, hint=_ADDRESS),
        ErrorRule(REFUSED, "refused without a reason", Reaction.FAIL),
    )
)  # fmt: skip
"""Of oapi.dingtalk.com. Under code 88 stands the sub code, when there is one."""

OAPI_KINDS = ErrorKinds(
    refused=frozenset({40004, 40005, 40006, 40007, 41005, 44001, 45001, 40, 40035, 400002, "4300*"}),
    forbidden=frozenset({90020, 60011, 60020, 50002, 50003, 50004, 40078}),
    unclear=frozenset({15}),
)

SESSION_ERRORS = ErrorTable(
    (
        ErrorRule(BANNED, "our address is banned for 5 minutes", Reaction.RETARGET),
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        *_TOO_FAST,
        ErrorRule(130101, "too many messages in a minute", Reaction.RETARGET),
        ErrorRule(410100, "too many messages in a minute", Reaction.RETARGET),
        ErrorRule(300001, "the session webhook is over", Reaction.RETARGET),
        ErrorRule(300005, "the session webhook is over", Reaction.RETARGET),
        ErrorRule(400101, "the session webhook is over", Reaction.RETARGET),
        ErrorRule(310000, "the session webhook is refused", Reaction.RETARGET),
        ErrorRule(400013, "the group is disbanded", Reaction.DEAD),
        ErrorRule(400102, "the robot is switched off", Reaction.FAIL, hint="switch it on in the group's settings"),
        ErrorRule(400106, "the robot is no longer there", Reaction.DEAD),
        ErrorRule(400105, "a message type that a webhook cannot send", Reaction.DEGRADE),
        ErrorRule(40035, "a field that is not as it should be", Reaction.DEGRADE),
        ErrorRule(460101, "the message is too long", Reaction.DEGRADE),
        ErrorRule("43010*", "the content did not pass the content check", Reaction.FAIL),
        ErrorRule("4300*", "the request is not as it should be", Reaction.FAIL, hint=_ADDRESS),
    )
)
"""Of a message's session webhook, which takes what a custom robot takes."""

SESSION_KINDS = ErrorKinds(refused=frozenset({"43010*", "4300*"}), forbidden=frozenset({400102}))
