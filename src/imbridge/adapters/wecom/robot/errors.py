"""A group robot's error codes and what to do about each: data, tested row by row.

Source: developer.work.weixin.qq.com, "global error codes" (path/90313).
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

_WHERE = "webhook_url: in the group, Group Robots > the robot > Webhook URL"

ROBOT_ERRORS = ErrorTable(
    (
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(45009, "more than 20 messages in a minute", Reaction.RETRY, delay=60.0, max_delay=60.0),
        ErrorRule(45033, "too many calls at once", Reaction.RETRY, delay=0.5),
        ErrorRule(93000, "the address is wrong, or the robot is no longer in its group", Reaction.FAIL, hint=_WHERE),
        ErrorRule(93004, "the robot is switched off", Reaction.FAIL, hint="the group's owner can switch it on again"),
        ErrorRule(93008, "not in the group", Reaction.FAIL, hint=_WHERE),
        ErrorRule(40008, "a message type that a robot cannot send", Reaction.DEGRADE),
        ErrorRule(45002, "the content is too long", Reaction.DEGRADE),
        ErrorRule(40058, "a field that is not as it should be", Reaction.DEGRADE),
        ErrorRule(44004, "an empty content", Reaction.FAIL),
        ErrorRule(40004, "invalid media type", Reaction.FAIL),
        ErrorRule(40006, "invalid media size", Reaction.FAIL),
        ErrorRule(40007, "invalid or expired media id, or another robot's", Reaction.FAIL),
        ErrorRule(40009, "the image is too large", Reaction.FAIL),
        ErrorRule(45001, "the media file is too large", Reaction.FAIL),
        ErrorRule(45007, "a voice message of more than 60 seconds", Reaction.FAIL),
        ErrorRule(301019, "the MD5 is not that of the image", Reaction.FAIL),
    )
)  # fmt: skip

ROBOT_KINDS = ErrorKinds(
    refused=frozenset({44004, 40004, 40006, 40007, 40009, 45001, 45007, 301019}),
    forbidden=frozenset({93000, 93004, 93008}),
)

LOOKED_AT = frozenset({40008, 40058, 44004, 45009, 40035})
"""What a robot that is there answers to a message that says nothing."""
