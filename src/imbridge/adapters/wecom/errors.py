"""WeCom's error codes and what to do about each: data, tested row by row.

Sources: developer.work.weixin.qq.com, "global error codes" (path/90313) and "access limits" (path/90454); for smart
bots the constants and comments of the official Node SDK and plugin.
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

_SCOPE = "admin console: App Management > the app > Visible range"
_IP = "add the address in the message at admin console: App Management > the app > Trusted IP, or send through a proxy"
_AGAIN = "begin again with a new link"
_CREDENTIALS = "check corp_id and secret: admin console, My Company, and App Management > the app"

API_ERRORS = ErrorTable(
    (
        # its own trouble, and rates
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(45009, "the limit of this API", Reaction.RETRY, delay=60.0, max_delay=60.0),
        ErrorRule(45033, "too many calls at once", Reaction.RETRY, delay=0.5),
        # tokens
        ErrorRule(40014, "invalid access_token", Reaction.REFRESH),
        ErrorRule(42001, "the access_token has expired", Reaction.REFRESH),
        ErrorRule(41001, "no access_token in the request", Reaction.REFRESH),
        ErrorRule(40001, "a wrong secret, or a token of another app", Reaction.REFRESH, hint=_CREDENTIALS),
        ErrorRule(40013, "invalid corp id", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(40091, "invalid secret", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(41002, "no corp id in the request", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(41004, "no secret in the request", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(50003, "the app is disabled", Reaction.STOP, hint="admin console: App Management > the app"),
        # rights
        ErrorRule(60020, "the address that we call from is not trusted", Reaction.FAIL, hint=_IP),
        ErrorRule(60011, "no right to the member, department or tag", Reaction.FAIL, hint=_SCOPE),
        ErrorRule(48002, "this API is not open to the app", Reaction.FAIL, hint=_SCOPE),
        ErrorRule(50002, "no right to this", Reaction.FAIL, hint=_SCOPE),
        ErrorRule(301002, "no right to this app", Reaction.FAIL, hint="secret and agent_id are of different apps"),
        ErrorRule(40056, "invalid agent id", Reaction.FAIL, hint="check agent_id: App Management > the app > AgentId"),
        ErrorRule(41011, "no agent id in the request", Reaction.FAIL, hint="set agent_id"),
        ErrorRule(86008, "no right to this group", Reaction.FAIL, hint="an app can speak in groups that it has made"),
        # who comes by a browser
        ErrorRule(40029, "a code that is unknown, used up or another app's", Reaction.FAIL, hint=_AGAIN),
        ErrorRule(42003, "the code has expired", Reaction.FAIL, hint=_AGAIN),
        ErrorRule(84014, "the user_ticket has expired", Reaction.FAIL, hint=_AGAIN),
        ErrorRule(84015, "invalid user_ticket", Reaction.FAIL, hint=_AGAIN),
        # who and where
        ErrorRule(40003, "invalid userid", Reaction.DEAD),
        ErrorRule(40031, "invalid userids in the list", Reaction.DEAD),
        ErrorRule(60111, "no such member", Reaction.DEAD),
        ErrorRule(46004, "no such member", Reaction.DEAD),
        ErrorRule(60021, "the member is outside the visible range", Reaction.DEAD, hint=_SCOPE),
        ErrorRule(81013, "nobody among the recipients can be reached", Reaction.DEAD, hint=_SCOPE),
        ErrorRule(82001, "no recipients", Reaction.DEAD),
        ErrorRule(86001, "invalid chat id", Reaction.DEAD),
        ErrorRule(86003, "no such chat", Reaction.DEAD),
        ErrorRule(60003, "no such department", Reaction.DEAD),
        ErrorRule(40066, "invalid department", Reaction.DEAD),
        ErrorRule(60123, "invalid department", Reaction.DEAD),
        ErrorRule(40068, "invalid tag", Reaction.DEAD),
        # content
        ErrorRule(40008, "invalid message type", Reaction.DEGRADE),
        ErrorRule(45002, "the content is too long", Reaction.DEGRADE),
        ErrorRule(40058, "a field that is not as it should be", Reaction.DEGRADE),
        ErrorRule(40016, "invalid number of buttons", Reaction.DEGRADE),
        ErrorRule(40017, "invalid kind of button", Reaction.DEGRADE),
        ErrorRule(41010, "no address to open", Reaction.DEGRADE),
        ErrorRule(41016, "no title", Reaction.DEGRADE),
        ErrorRule(45008, "too many articles, or none", Reaction.DEGRADE),
        ErrorRule(44004, "an empty content", Reaction.FAIL),
        ErrorRule(40004, "invalid media type", Reaction.FAIL),
        ErrorRule(40005, "invalid kind of upload", Reaction.FAIL),
        ErrorRule(40006, "invalid media size", Reaction.FAIL),
        ErrorRule(40007, "invalid or expired media id", Reaction.FAIL),
        ErrorRule(40009, "the image is too large", Reaction.FAIL),
        ErrorRule(40011, "invalid video size", Reaction.FAIL),
        ErrorRule(41005, "no media in the request", Reaction.FAIL),
        ErrorRule(41006, "no media id in the request", Reaction.FAIL),
        ErrorRule(44001, "an empty file", Reaction.FAIL),
        ErrorRule(45001, "the media file is too large", Reaction.FAIL),
        ErrorRule(45007, "the recording is too long", Reaction.FAIL),
        ErrorRule(47001, "the request is not as it should be", Reaction.FAIL),
        ErrorRule(82002, "too many departments", Reaction.FAIL),
        ErrorRule(82003, "too many tags", Reaction.FAIL),
        ErrorRule(40032, "too many members", Reaction.FAIL),
        # once and late
        ErrorRule(93000, "the key or the code is invalid or used up", Reaction.FAIL),
    )
)  # fmt: skip

KINDS = ErrorKinds(
    refused=frozenset(
        {44004, 40004, 40005, 40006, 40007, 40009, 40011, 41005, 41006, 44001, 45001, 45007, 47001}
    ),
    forbidden=frozenset(
        {60020, 60011, 48002, 50002, 301002, 40056, 41011, 86008, 40029, 42003, 84014, 84015}
    ),
)  # fmt: skip
DOCS = "https://developer.work.weixin.qq.com/devtool/query?e="
