"""QQ's error codes and close codes, and what to do about each: data, tested row by row.

Sources: bot.q.qq.com, "OpenAPI error codes" and "WebSocket error codes"; eight-digit codes as clients report them.
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

CREDENTIALS = "check app_id and secret: q.qq.com > the bot > Development"

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

STOP_CODES = {
    4001: "an opcode that the platform does not know",
    4002: "a payload that the platform does not take",
    4010: "a shard that the platform does not take",
    4011: "too many guilds for one connection; set shards",
    4012: "a version that the platform does not know",
    4013: "intents that the platform does not know",
    4014: "intents that the bot may not have",
    4914: "the bot is delisted: only the sandbox is open to it",
    4915: "the bot is banned",
}
"""Close codes after which no connection helps until a person acts."""
TOKEN_CODES = frozenset({4004})
ANEW_CODES = frozenset({4006, 4007, *range(4900, 4914)})
"""The session is over: identify, and never resume it again."""
TOO_FAST, EXPIRED = 4008, 4009
