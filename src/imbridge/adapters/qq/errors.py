"""QQ's error codes, and what to do about each: data, tested row by row.

Sources: bot.q.qq.com, "OpenAPI error codes", "sending messages"; for the codes of single
chats and groups its pages of 2026 (`autogen/api`). 11244, 11255 and 40034102 are as clients report them, 40034001 is in
no document.
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
_APPLY = "apply for it at q.qq.com > the bot > Development"
_ADMIN = "the guild's admin has to grant it to the bot"
_URLS = "register the address at q.qq.com > the bot > Development > message URLs"
_GATEWAY = "QQ lets a bot speak in channels only while it is connected"
_ADD = "they have to add the bot first"
_ADD_TO_GROUP = "a member has to add the bot to the group"

PENDING = frozenset({304023, 304024})
"""Taken, and shown once somebody has looked at it; with HTTP 201 or 202, and the audit's id."""
DUPLICATE = 40054005
ADDRESS_CODES = frozenset({304003, 40054010})
MARKDOWN_CODES = frozenset({304036, 304014, 50056, 40034127})
KEYBOARD_CODES = frozenset({304037})
ARK_CODES = frozenset({304004})
NO_PUSH_CODES = frozenset({40034102, 304046, 304048})
"""The bot may not speak first."""
NO_WAKEUP_CODES = NO_PUSH_CODES | {40034100, 40034105, 40034122, 40034123}
UNASKED_CODES = NO_WAKEUP_CODES | {304022, 304035, 304045, 304047, 304049, 304050}
"""It is refused because nothing was asked: an answer may pass."""
UNCONVERTED_CODES = frozenset({304083, 850019})
UNFETCHED_CODES = frozenset({304010, 304021, 304082, 850026})
STALE_CODES = frozenset({304080, *UNFETCHED_CODES, *UNCONVERTED_CODES})
"""An uploaded file that the platform does not know any more is refused so, too."""

API_ERRORS = ErrorTable(
    (
        # tokens
        ErrorRule(11241, "no token", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11242, "the token could not be checked", Reaction.RETRY, delay=0.5, retries=1),
        ErrorRule(11243, "a wrong token", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11244, "the token has expired", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11251, "the token is not this bot's", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11255, "the token is another bot's", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11261, "no app id", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(11275, "no app id", Reaction.REFRESH, hint=CREDENTIALS),
        ErrorRule(401, "not authenticated", Reaction.REFRESH, hint=CREDENTIALS),
        # rights
        ErrorRule(11252, "the bot's rights could not be checked", Reaction.RETRY, delay=0.5, retries=1),
        ErrorRule(11253, "the bot lacks this right", Reaction.FAIL, hint=_APPLY),
        ErrorRule(11254, "the bot is banned from this API", Reaction.FAIL, hint=_APPLY),
        ErrorRule(11262, "this API is not for bots", Reaction.FAIL),
        ErrorRule(11263, "the guild's rights could not be checked", Reaction.RETRY, delay=0.5, retries=1),
        ErrorRule(11264, "the guild has not granted this right", Reaction.FAIL, hint=_ADMIN),
        ErrorRule(11265, "the bot is banned", Reaction.FAIL, hint="see q.qq.com > the bot"),
        ErrorRule(11281, "the admin's rights could not be checked", Reaction.RETRY, delay=0.5, retries=1),
        ErrorRule(11282, "the bot is no admin there", Reaction.FAIL, hint=_ADMIN),
        ErrorRule("3010*", "a right in the channel is missing, or cannot be read", Reaction.FAIL, hint=_ADMIN),
        ErrorRule("6100*", "a right in the guild is missing, or cannot be read", Reaction.FAIL, hint=_ADMIN),
        # rates
        ErrorRule(22009, "too many messages", Reaction.RETRY, delay=1.0),
        ErrorRule(50002, "too many calls", Reaction.RETRY, delay=1.0),
        ErrorRule(20028, "too many messages in the channel", Reaction.RETRY, delay=1.0),
        ErrorRule(1100100, "too many messages", Reaction.RETRY, delay=1.0),
        ErrorRule(1100308, "too many messages in the channel", Reaction.RETRY, delay=1.0),
        ErrorRule(610012, "the rate could not be checked", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(610013, "too many calls", Reaction.RETRY, delay=1.0),
        ErrorRule(620006, "too many reactions", Reaction.RETRY, delay=1.0),
        # who and where
        ErrorRule(10001, "no such account", Reaction.DEAD),
        ErrorRule(10003, "no such channel", Reaction.DEAD),
        ErrorRule(10004, "no such guild", Reaction.DEAD),
        ErrorRule(304031, "the private chat is closed", Reaction.DEAD),
        ErrorRule(304032, "no such private chat", Reaction.DEAD),
        ErrorRule(304034, "not a member of the private chat", Reaction.DEAD),
        ErrorRule(610007, "the bot is not in the guild", Reaction.DEAD),
        ErrorRule(1100104, "the group is gone", Reaction.DEAD),
        ErrorRule(1100301, "the bot is not in the group", Reaction.DEAD, hint=_ADD_TO_GROUP),
        ErrorRule(40054003, "the bot is not in the group", Reaction.DEAD, hint=_ADD_TO_GROUP),
        ErrorRule(40054004, "the person is no friend of the bot's", Reaction.DEAD, hint=_ADD),
        ErrorRule(304018, "the bot is not connected", Reaction.RETRY, delay=1.0, retries=5, hint=_GATEWAY),
        # what is answered
        ErrorRule(DUPLICATE, "an answer with this msg_seq is there", Reaction.DONE),
        ErrorRule(304026, "the message that is answered is unknown", Reaction.RETARGET),
        ErrorRule(304027, "the message that is answered is too old", Reaction.RETARGET),
        ErrorRule(304028, "the message that is answered does not call the bot", Reaction.RETARGET),
        ErrorRule(40034005, "the message that is answered is too old", Reaction.RETARGET),
        ErrorRule(40034024, "the message that is answered is unknown", Reaction.RETARGET),
        ErrorRule(40034025, "the event that is answered is unknown", Reaction.RETARGET),
        ErrorRule(40034026, "the event that is answered is too old", Reaction.RETARGET),
        ErrorRule(40034027, "the event cannot be answered", Reaction.RETARGET),
        ErrorRule(40034128, "the message is too old, or was answered too often", Reaction.RETARGET),
        # speaking first
        ErrorRule(40034102, "the bot may not speak first", Reaction.FAIL),
        ErrorRule(40034100, "the bot has spoken first too often", Reaction.FAIL),
        ErrorRule(40034105, "the person does not let the bot speak first", Reaction.FAIL),
        ErrorRule(40034122, "the person was woken up in this period", Reaction.FAIL),
        ErrorRule(40034123, "the person cannot be woken up", Reaction.FAIL),
        ErrorRule(304022, "not at this time of the day", Reaction.FAIL),
        ErrorRule(304035, "too many messages to the channel", Reaction.FAIL),
        ErrorRule(304045, "the channel's messages of this day are used up", Reaction.FAIL),
        ErrorRule(304046, "the bot may not speak first in this channel", Reaction.FAIL),
        ErrorRule(304047, "the channels of this day are used up", Reaction.FAIL),
        ErrorRule(304048, "the bot may not speak first in this guild", Reaction.FAIL),
        ErrorRule(304049, "the person's private messages of this day are used up", Reaction.FAIL),
        ErrorRule(304050, "the private messages of this day are used up", Reaction.FAIL),
        # audits
        ErrorRule(304023, "somebody looks at it first", Reaction.DONE),
        ErrorRule(304024, "somebody looks at it first", Reaction.DONE),
        # forms of content
        ErrorRule(304003, "an address that is not registered", Reaction.DEGRADE, hint=_URLS),
        ErrorRule(40054010, "an address that is not registered", Reaction.DEGRADE, hint=_URLS),
        ErrorRule(304004, "the bot may not send ark messages", Reaction.DEGRADE, hint=_APPLY),
        ErrorRule(304014, "the bot may not use the template", Reaction.DEGRADE, hint=_APPLY),
        ErrorRule(304036, "the bot may not send Markdown templates", Reaction.DEGRADE, hint=_APPLY),
        ErrorRule(304037, "the bot may not send buttons", Reaction.DEGRADE, hint=_APPLY),
        ErrorRule(40034127, "the bot may not send Markdown", Reaction.DEGRADE, hint=_APPLY),
        ErrorRule(50055, "Markdown that the platform does not take", Reaction.DEGRADE),
        ErrorRule(50056, "the bot may not send Markdown", Reaction.DEGRADE, hint=_APPLY),
        ErrorRule(304005, "an embed that is too long", Reaction.DEGRADE),
        ErrorRule(304011, "no such template", Reaction.DEGRADE),
        ErrorRule(304038, "no such keyboard", Reaction.DEGRADE),
        ErrorRule(304039, "a keyboard that cannot be read", Reaction.DEGRADE),
        ErrorRule(304040, "a keyboard that the platform does not take", Reaction.DEGRADE),
        ErrorRule(50037, "Markdown goes with buttons only", Reaction.DEGRADE),
        ErrorRule(50040, "a template of the wrong kind", Reaction.DEGRADE),
        ErrorRule(50041, "Markdown with something empty in it", Reaction.DEGRADE),
        ErrorRule(50042, "Markdown with too long a list", Reaction.DEGRADE),
        ErrorRule(50054, "wrong parameters of the template", Reaction.DEGRADE),
        ErrorRule(50057, "Markdown and a template at once", Reaction.DEGRADE),
        ErrorRule(40034008, "Markdown with something empty in it", Reaction.DEGRADE),
        ErrorRule(40034029, "a keyboard that the platform does not take", Reaction.DEGRADE),
        ErrorRule(40034124, "wrong parameters of the template", Reaction.DEGRADE),
        # content
        ErrorRule(50006, "an empty message", Reaction.FAIL),
        ErrorRule(304061, "an empty message", Reaction.FAIL),
        ErrorRule(22006, "the content does not fit its kind", Reaction.FAIL),
        ErrorRule(340069, "no such kind of message", Reaction.FAIL),
        ErrorRule(10000, "not supported", Reaction.FAIL),
        ErrorRule(50035, "a form that cannot be read", Reaction.FAIL),
        ErrorRule(50045, "the bot cannot answer itself", Reaction.FAIL),
        ErrorRule(12002, "the request is not as it should be", Reaction.FAIL),
        ErrorRule(40034001, "the request is not as it should be", Reaction.FAIL),
        ErrorRule(40054007, "the message is too long", Reaction.FAIL),
        ErrorRule(304019, "everybody was called too often", Reaction.FAIL),
        ErrorRule(304025, "the content is not allowed", Reaction.FAIL),
        ErrorRule(1100101, "the content is not allowed", Reaction.FAIL),
        ErrorRule(1100102, "the bot does not have this feature", Reaction.FAIL),
        ErrorRule(1100103, "the content is not allowed", Reaction.FAIL),
        ErrorRule(1100304, "people were called too often", Reaction.FAIL),
        # media
        ErrorRule(304010, "the picture could not be fetched", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(304017, "the picture could not be uploaded", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(304021, "the file could not be fetched", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(304082, "the file could not be fetched", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(304083, "the file could not be converted", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(850019, "the file could not be converted", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(850026, "the file could not be fetched", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(304080, "the uploaded file is not known any more", Reaction.FAIL),
        ErrorRule(850031, "the file is too large", Reaction.DEGRADE),
        ErrorRule(304020, "the file is too large", Reaction.DEGRADE),
        ErrorRule(40093001, "the part is not there yet", Reaction.RETRY, delay=1.0),
        ErrorRule(40093002, "the files of this day are used up", Reaction.DEGRADE),
        # recalls
        ErrorRule(306001, "the recall is not as it should be", Reaction.FAIL),
        ErrorRule(306002, "no such message", Reaction.FAIL),
        ErrorRule(306003, "the message could not be read", Reaction.RETRY, delay=0.5),
        ErrorRule(306004, "the bot may not recall it", Reaction.FAIL),
        ErrorRule(306005, "it could not be recalled", Reaction.RETRY, delay=0.5),
        ErrorRule(306006, "the channel could not be read", Reaction.RETRY, delay=0.5),
        ErrorRule(306007, "a message of another group", Reaction.FAIL),
        ErrorRule(306008, "a message of another bot", Reaction.FAIL),
        ErrorRule(306009, "a message to somebody else", Reaction.FAIL),
        ErrorRule(306011, "a message older than two minutes", Reaction.FAIL),
        ErrorRule(40061002, "no such message", Reaction.FAIL),
        ErrorRule(40062003, "the bot may not recall it", Reaction.FAIL),
        ErrorRule(40064004, "a message older than two minutes", Reaction.FAIL),
        # reactions
        ErrorRule(50039, "no such message", Reaction.FAIL),
        ErrorRule(620001, "no such emoji", Reaction.FAIL),
        ErrorRule(620002, "there are too many kinds of reactions", Reaction.FAIL),
        ErrorRule(620003, "the reaction is there", Reaction.DONE),
        ErrorRule(620004, "the reaction is not there", Reaction.DONE),
        ErrorRule(620005, "the bot may not react", Reaction.FAIL),
        ErrorRule(620007, "the reaction failed", Reaction.RETRY, delay=0.5, retries=2),
        # its own trouble
        ErrorRule(304016, "the message could not be sent", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(306010, "the platform has a problem", Reaction.RETRY, delay=0.5, retries=2),
        ErrorRule(1100300, "the platform has a problem", Reaction.RETRY, delay=1.0, retries=2),
        ErrorRule(1100499, "refused without a reason", Reaction.FAIL),
    )
)

KINDS = ErrorKinds(
    refused=frozenset(
        {50006, 50035, 12002, 40034001, 40054007, 304019, 304025, 1100101, 1100103, 1100304, 50045, 50039, 306001,
         306002, 306007, 306008, 306009, 306011, 620001, 620002, 304061, 22006, 340069, 304080, 40061002, 40064004}
    ),
    forbidden=frozenset(
        {11253, 11254, 11262, 11264, 11265, 11282, "3010*", "6100*", 304022, 304035, *NO_WAKEUP_CODES,
         304045, 304047, 304049, 304050, 306004, 40062003, 620005, 1100102}
    ),
    unclear=frozenset({304016, 1100300}),
)  # fmt: skip
DOCS = ""
