"""QQ's error codes, and what to do about each: data, tested row by row.

Sources: bot.q.qq.com, "OpenAPI error codes"; eight-digit codes as clients report them.
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

CREDENTIALS = "check app_id and secret: q.qq.com > the bot > Development"
TOKEN_CODES = {
    10004: "there is no such bot",
    100007: "there is no such bot, or it is banned or deleted",
    100016: "the AppID or the AppSecret is wrong",
}
"""Refusals of a token that no repetition helps against. Others pass: 100001 is too many calls, 100002 an error inside.

Source: bot.q.qq.com, "getting an access_token", error codes.
"""

API_ERRORS = ErrorTable(
    (
        ErrorRule(11241, "no token", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11242, "the token could not be checked", Reaction.RETRY, delay=0.5),
        ErrorRule(11243, "a wrong token", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11244, "the token has expired", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11251, "the token is not this bot's", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11255, "the token is another bot's", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(22009, "too many messages", Reaction.RETRY, delay=1.0),
        ErrorRule(20028, "too many messages in the channel", Reaction.RETRY, delay=1.0),
        ErrorRule(1100100, "too many messages", Reaction.RETRY, delay=1.0),
        ErrorRule(1100308, "too many messages in the channel", Reaction.RETRY, delay=1.0),
        ErrorRule(40034102, "the bot may not speak first", Reaction.FAIL),
        ErrorRule(40054005, "an answer with this msg_seq is there", Reaction.DONE),
        ErrorRule(304026, "the message that is answered is unknown", Reaction.RETARGET),
        ErrorRule(304027, "the message that is answered is too old", Reaction.RETARGET),
        ErrorRule(304003, "an address that is not registered", Reaction.DEGRADE),
    )
)

KINDS = ErrorKinds(forbidden=frozenset({40034102}))
DOCS = ""
