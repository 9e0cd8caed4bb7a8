"""A custom robot's error codes and what to do about each: data, tested row by row.

Sources: open.dingtalk.com, "global error codes", "custom robots send group messages", "security settings of custom
robots". All come with HTTP 200. What 310000 means its text says only; the texts are those that clients report.
"""

from imbridge.adapters.dingtalk.errors import BANNED
from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

SECURITY = 310000
"""One of the three security settings does not let it pass: see `SECURITY_HINTS`."""
_WHERE = "webhook_url: in the group, Group settings > Robots > the robot > Webhook"
_SETTINGS = "in the group: the robot > Security settings"
_SWITCH = "an administrator of the group can switch it on again"
_TOO_FAST = "more than 20 messages in a minute: silenced for 10"

ROBOT_ERRORS = ErrorTable(
    (
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(BANNED, "our address is banned for 5 minutes", Reaction.RETRY, delay=300.0, max_delay=300.0),
        ErrorRule(130101, _TOO_FAST, Reaction.RETRY, delay=600.0, max_delay=600.0),
        ErrorRule(410100, _TOO_FAST, Reaction.RETRY, delay=600.0, max_delay=600.0),
        ErrorRule(SECURITY, "a security setting of the robot", Reaction.FAIL, hint=_SETTINGS),
        ErrorRule(300001, "the address is wrong", Reaction.FAIL, hint=_WHERE),
        ErrorRule(300005, "the address is wrong", Reaction.FAIL, hint=_WHERE),
        ErrorRule(400101, "the address is wrong", Reaction.FAIL, hint=_WHERE),
        ErrorRule(40014, "the address is wrong", Reaction.FAIL, hint=_WHERE),
        ErrorRule(400013, "the group was disbanded", Reaction.DEAD),
        ErrorRule(400106, "the robot is no longer in its group", Reaction.FAIL, hint=_WHERE),
        ErrorRule(400102, "the robot is switched off", Reaction.FAIL, hint=_SWITCH),
        ErrorRule(430101, "a link that is not safe", Reaction.FAIL),
        ErrorRule(430102, "a text that is not allowed", Reaction.FAIL),
        ErrorRule(430103, "a picture that is not allowed", Reaction.FAIL),
        ErrorRule(430104, "a content that is not allowed", Reaction.FAIL),
        ErrorRule(460101, "the message is too long", Reaction.DEGRADE),
        ErrorRule(400105, "a message type that a robot cannot send", Reaction.DEGRADE),
        ErrorRule(40035, "a field that is not as it should be", Reaction.DEGRADE),
        ErrorRule(43004, "the Content-Type is not JSON", Reaction.FAIL),
    )
)  # fmt: skip

ROBOT_KINDS = ErrorKinds(
    refused=frozenset({430101, 430102, 430103, 430104}),
    forbidden=frozenset({SECURITY, 300001, 300005, 400101, 40014, 400106, 400102}),
)

SECURITY_HINTS = (
    (("关键词", "keyword"), "every message has to hold one of the robot's keywords"),
    (("过期", "timestamp"), "the clock of this machine is wrong by more than an hour"),
    (("签名", "sign"), "sign_secret is missing or another robot's: it is the SEC... under Additional signature"),
    (("白名单", "whitelist"), "add this machine's address to the robot's trusted addresses"),
)  # fmt: skip
"""What to do, by a word in the platform's text; the first that is there counts."""
LOOKED_AT = frozenset({40035, 400105})
"""What a robot that is there answers to a message that says nothing."""
