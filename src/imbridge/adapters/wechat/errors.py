"""The platform's error codes and what to do about each: data, tested row by row.

Source: developers.weixin.qq.com, doc/offiaccount/Getting_Started/Global_Return_Code.html, and the pages of the single
APIs.
"""

from imbridge.adapters.errcode_refusals import ErrorKinds
from imbridge.transport import ErrorRule, ErrorTable, Reaction

_CREDENTIALS = "check app_id and app_secret: mp.weixin.qq.com > Settings & Development > Basic Configuration"
_IP = "add the address in the message at mp.weixin.qq.com > Basic Configuration > IP whitelist, or go through a proxy"
_CERTIFIED = (
    "the account's type has no right to this API: mp.weixin.qq.com > Settings & Development > API Permissions; without "
    "certification there are passive replies only (customer_service: false)"
)
_WINDOW = (
    "the follower has to write first: within 48 hours of it five messages can be sent, within a minute of a menu "
    "click, a scan or following three; only template messages reach them any time"
)
_DAILY = "it begins anew at midnight; mp.weixin.qq.com > API Permissions shows the quota, clear_quota resets it"
_MEDIA = "an image is a JPG, PNG or GIF of 10 MB, a voice an AMR or MP3 of 2 MB and 60 s, a video an MP4 of 10 MB"

API_ERRORS = ErrorTable(
    (
        # its own trouble, and rates
        ErrorRule(-1, "the system is busy", Reaction.RETRY, delay=0.5),
        ErrorRule(45011, "too many calls in a minute", Reaction.RETRY, delay=60.0, max_delay=60.0),
        ErrorRule(45009, "the daily limit of this API", Reaction.RETRY, delay=3600.0, max_delay=3600.0, hint=_DAILY),
        # tokens
        ErrorRule(40001, "an access_token that is not valid, or not the latest", Reaction.REFRESH, hint=_CREDENTIALS),
        ErrorRule(40014, "invalid access_token", Reaction.REFRESH),
        ErrorRule(42001, "the access_token has expired", Reaction.REFRESH),
        ErrorRule(41001, "no access_token in the request", Reaction.REFRESH),
        # the account
        ErrorRule(40002, "invalid grant_type", Reaction.STOP),
        ErrorRule(40013, "invalid AppID", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(40125, "a wrong AppSecret", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(40243, "the AppSecret is frozen", Reaction.STOP, hint="thaw it at mp.weixin.qq.com"),
        ErrorRule(41002, "no AppID in the request", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(41004, "no AppSecret in the request", Reaction.STOP, hint=_CREDENTIALS),
        ErrorRule(40164, "the address that we call from is not on the IP whitelist", Reaction.STOP, hint=_IP),
        ErrorRule(48001, "the account may not use this API", Reaction.FAIL, hint=_CERTIFIED),
        ErrorRule(48004, "this API is closed to the account", Reaction.FAIL, hint="mp.weixin.qq.com says why"),
        ErrorRule(48006, "the quota may not be cleared more often", Reaction.FAIL, hint=_DAILY),
        ErrorRule(50004, "this function is forbidden to the account", Reaction.FAIL, hint="mp.weixin.qq.com says why"),
        # who
        ErrorRule(40003, "invalid openid", Reaction.DEAD, hint="an openid belongs to one account"),
        ErrorRule(41009, "no openid in the request", Reaction.DEAD),
        ErrorRule(43004, "the person does not follow the account", Reaction.DEAD),
        ErrorRule(43019, "the person is on the account's blacklist", Reaction.DEAD),
        ErrorRule(50005, "the person does not follow the account", Reaction.DEAD),
        ErrorRule(50002, "the person is limited by the platform", Reaction.FAIL),
        ErrorRule(43101, "the person does not want this message", Reaction.FAIL),
        ErrorRule(45015, "too late to answer, or the person does not follow any more", Reaction.FAIL, hint=_WINDOW),
        ErrorRule(45047, "too many messages for one of the follower's", Reaction.FAIL, hint=_WINDOW),
        # the sign that somebody types
        ErrorRule(45072, "an unknown command", Reaction.FAIL),
        ErrorRule(45080, "the last message is more than 30 s ago", Reaction.FAIL),
        ErrorRule(45081, "the sign is shown already", Reaction.DONE),
        # content
        ErrorRule(40008, "invalid message type", Reaction.DEGRADE),
        ErrorRule(40200, "the account's type cannot send this", Reaction.DEGRADE),
        ErrorRule(45098, "too many items in the menu", Reaction.DEGRADE),
        ErrorRule(40004, "invalid media type", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(40005, "invalid type of the file", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(40006, "invalid size of the file", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(40007, "an invalid or expired media_id", Reaction.FAIL, hint="uploads are kept for three days"),
        ErrorRule(40009, "the image is too large", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(40010, "the voice is too large", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(40011, "the video is too large", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(40012, "the thumbnail is too large", Reaction.FAIL, hint="a JPG of at most 64 KB"),
        ErrorRule(40033, "characters that the platform does not take", Reaction.FAIL),
        ErrorRule(40035, "an invalid parameter", Reaction.FAIL),
        ErrorRule(40037, "an invalid template_id", Reaction.FAIL, hint="mp.weixin.qq.com > Template Messages"),
        ErrorRule(40137, "an image format that the platform does not take", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(41005, "no media data", Reaction.FAIL),
        ErrorRule(41006, "no media_id", Reaction.FAIL),
        ErrorRule(44001, "an empty file", Reaction.FAIL),
        ErrorRule(44002, "an empty request", Reaction.FAIL),
        ErrorRule(44003, "news without articles", Reaction.FAIL),
        ErrorRule(44004, "an empty text", Reaction.FAIL),
        ErrorRule(45001, "the file is too large", Reaction.FAIL, hint=_MEDIA),
        ErrorRule(45002, "the text is too long", Reaction.FAIL, hint="a text has at most 2,048 bytes"),
        ErrorRule(45003, "the title is too long", Reaction.FAIL),
        ErrorRule(45004, "the description is too long", Reaction.FAIL),
        ErrorRule(45007, "the recording is longer than 60 s", Reaction.FAIL),
        ErrorRule(45008, "too many articles", Reaction.FAIL, hint="a message to a follower has one article"),
        ErrorRule(47001, "the request is no JSON that the platform understands", Reaction.FAIL),
        ErrorRule(87014, "content that the platform's check holds for risky", Reaction.FAIL),
        # web authorisation
        ErrorRule(40029, "an invalid code", Reaction.FAIL, hint="ask the person again: oauth.authorize_url"),
        ErrorRule(40163, "the code was used already", Reaction.FAIL, hint="ask the person again: oauth.authorize_url"),
        ErrorRule(41008, "no code", Reaction.FAIL),
        ErrorRule(42003, "the code has expired", Reaction.FAIL, hint="ask the person again: oauth.authorize_url"),
        ErrorRule(40030, "an invalid refresh_token", Reaction.FAIL, hint="ask the person again: oauth.authorize_url"),
        ErrorRule(42002, "the refresh_token has expired", Reaction.FAIL, hint="ask the person again"),
    )
)  # fmt: skip

KINDS = ErrorKinds(
    closed=frozenset({45015, 45047}),
    refused=frozenset(
        {
            40004, 40005, 40006, 40007, 40009, 40010, 40011, 40012, 40033, 40035, 40137, 41005, 41006, 44001, 44002,
            44003, 44004, 45001, 45002, 45003, 45004, 45007, 45008, 47001, 87014,
        }
    ),
    forbidden=frozenset({40164, 48001, 48004, 48006, 50004, 40029, 40163, 41008, 42003, 40030, 42002}),
)  # fmt: skip
DOCS = ""
"""The platform has no page for a single code."""
