"""What a smart bot's commands are refused with, and what to do about each: data, tested row by row.

Sources: developer.work.weixin.qq.com, "global error codes" (path/90313); for 8466xx and 853000 the constants and
comments of the official Node SDK and plugin, and what users report of the platform's answers.
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

_CREDENTIALS = "check bot_id and bot_secret: smart bot > API mode > long connection"

_SPOKEN_TO = "somebody has to write to the bot there first (in a group: mention it); then it can speak there"

INVALID_REQ_ID, STREAM_OVER, NOT_SUBSCRIBED = 846605, 846608, 846609

BOT_ERRORS = ErrorTable(
    (
        # its own trouble, and rates
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(45009, "too many messages in this conversation", Reaction.RETRY, delay=5.0, max_delay=60.0),
        ErrorRule(45033, "too many calls at once", Reaction.RETRY, delay=0.5),
        ErrorRule(846601, "the connection has passing trouble", Reaction.RETRY, delay=1.0),
        ErrorRule(846602, "the connection has passing trouble", Reaction.RETRY, delay=1.0),
        # the connection and who we are
        ErrorRule(NOT_SUBSCRIBED, "the connection is not subscribed (any more)", Reaction.RECONNECT),
        ErrorRule(853000, "invalid bot_id or secret", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(40001, "a wrong secret", Reaction.STOP, hint=_CREDENTIALS),
        # where
        ErrorRule(INVALID_REQ_ID, "what is answered cannot be answered (any more)", Reaction.RETARGET),
        ErrorRule(STREAM_OVER, "the stream takes no more: its time is over", Reaction.RETARGET),
        ErrorRule(93006, "no such chat, or nobody has spoken to the bot there yet", Reaction.DEAD, hint=_SPOKEN_TO),
        ErrorRule(86001, "invalid chat id", Reaction.DEAD),
        ErrorRule(40003, "invalid userid", Reaction.DEAD),
        # content
        ErrorRule(40008, "a type of message that cannot go this way", Reaction.DEGRADE),
        ErrorRule(40058, "a field that is not as it should be", Reaction.DEGRADE),
        ErrorRule(45002, "the content is too long", Reaction.FAIL),
        ErrorRule(44004, "an empty content", Reaction.FAIL),
        ErrorRule(40004, "invalid media type", Reaction.FAIL),
        ErrorRule(40006, "invalid media size", Reaction.FAIL),
        ErrorRule(40007, "invalid or expired media id", Reaction.FAIL),
        ErrorRule(40009, "the image is too large", Reaction.FAIL),
        ErrorRule(45001, "the media file is too large", Reaction.FAIL),
        ErrorRule(40201, "the content is refused by the platform's check", Reaction.FAIL),
        # response_url
        ErrorRule(93000, "the response_url is used up or over", Reaction.DEAD),
    )
)  # fmt: skip

KINDS = ErrorKinds(
    closed=frozenset({93006, 93000}), refused=frozenset({45002, 44004, 40004, 40006, 40007, 40009, 45001, 40201})
)
