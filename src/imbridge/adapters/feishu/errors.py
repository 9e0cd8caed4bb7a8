"""Feishu's error codes and what to do about each: data, tested row by row.

Sources: the open platform's server docs (frequency control; error codes; the tables on the pages of im-v1 message,
pin, batch_message, chat, image and file, of message/v4/batch_send, and of contact-v3), the constants of the official
SDK's `ws/const.py`.
"""

from imbridge.transport import ErrorRule, ErrorTable, Reaction

_GRANT = "grant it in the console under Permissions & Scopes, then publish a version"
_RANGE = "widen the app's contact range: console, Permissions & Scopes > Data permissions, then publish a version"
_BOT = "console: Add Features > Bot"
_INSTALL = "have the tenant's administrator install and enable the app"
_KEY_GONE = "the tenant's encryption key was deleted: ask its administrator"

NO_JSON = ErrorRule("no JSON", "an answer that is none of the platform's (a proxy's page?)", Reaction.RETRY, delay=1.0)
"""For a status that says success with something else than the platform's JSON in it."""

TOO_MANY_TABLES, BAD_ROWS, BAD_IMAGE = 11310, 200914, 200570
"""Inside a 230099: what exactly is refused about a card."""

API_ERRORS = ErrorTable(
    (
        # frequency
        ErrorRule(99991400, "request frequency limit", Reaction.RETRY, delay=1.0),
        ErrorRule(11232, "system pressure limit", Reaction.RETRY, delay=2.0),
        ErrorRule(230020, "5 messages a second into one chat", Reaction.RETRY, delay=0.3),
        ErrorRule(230049, "the same message is being sent", Reaction.RETRY, delay=1.0),
        ErrorRule(230047, "5 changes a second to the pin of one message", Reaction.RETRY, delay=0.3),
        ErrorRule(230048, "the limit of reading pins", Reaction.RETRY, delay=0.3),
        # its own trouble
        ErrorRule(40003, "the address book has an internal error", Reaction.RETRY, delay=1.0),
        ErrorRule(232096, "the app's data cannot be written at the moment", Reaction.RETRY, delay=1.0),
        ErrorRule(234019, "the app's rights could not be read", Reaction.RETRY, delay=1.0),
        # tokens
        ErrorRule(99991663, "invalid tenant_access_token", Reaction.REFRESH),
        ErrorRule(99991664, "invalid app_access_token", Reaction.REFRESH),
        ErrorRule(99991661, "no access token in the request", Reaction.REFRESH),
        ErrorRule(99991671, "malformed access token", Reaction.REFRESH),
        ErrorRule(99991668, "invalid access token", Reaction.REFRESH),
        ErrorRule(99991677, "access token expired", Reaction.REFRESH),
        # rights
        ErrorRule(99991672, "the app lacks a scope", Reaction.FAIL, hint=_GRANT),
        ErrorRule(99991679, "the user has not granted a scope", Reaction.FAIL,
                  hint="let them authorise it (oauth.authorize_url); the app needs it too, under Permissions & Scopes"),
        ErrorRule(230006, "the bot ability is off", Reaction.FAIL, hint=_BOT),
        ErrorRule(230017, "not the owner of the resource", Reaction.FAIL),
        ErrorRule(230018, "muted by the group", Reaction.FAIL, hint="ask the group's owner"),
        ErrorRule(230035, "forbidden by the group or the tenant", Reaction.FAIL, hint="ask the group's owner"),
        ErrorRule(230027, "no right to speak in this chat", Reaction.FAIL, hint=_GRANT),
        ErrorRule(230050, "the message is invisible to us", Reaction.FAIL),
        ErrorRule(230012, "not a message of this bot", Reaction.FAIL),
        ErrorRule(230026, "no right to take this message back", Reaction.FAIL),
        ErrorRule(230038, "no private chats over the border of a tenant", Reaction.FAIL),
        ErrorRule(230046, "only the owner and administrators of the group may pin", Reaction.FAIL),
        ErrorRule(230052, "this message may not be urged", Reaction.FAIL,
                  hint="the group may let only its owner and administrators do it"),
        ErrorRule(230053, "the user does not want messages of this bot", Reaction.FAIL),
        ErrorRule(230062, "no right to forward into a group with third-party encryption", Reaction.FAIL),
        ErrorRule(230073, "the topic is invisible to us", Reaction.FAIL,
                  hint="it is older than the bot's membership, and the group hides its history from new members"),
        ErrorRule(230074, "the topic to forward into is invisible to us", Reaction.FAIL,
                  hint="it is older than the bot's membership, and the group hides its history from new members"),
        ErrorRule(11203, "no right to send to many people at once", Reaction.FAIL,
                  hint=f"im:message:send_multi_users: {_GRANT}"),
        ErrorRule(11204, "no right to send to departments", Reaction.FAIL,
                  hint=f"im:message:send_multi_depts: {_GRANT}"),
        ErrorRule(11205, "the app has no bot", Reaction.FAIL, hint=_BOT),
        ErrorRule(11207, "the app cannot be used in this tenant", Reaction.FAIL, hint=_INSTALL),
        ErrorRule(11209, "there is no such app", Reaction.FAIL),
        ErrorRule(11210, "the app is not installed in this tenant", Reaction.FAIL, hint=_INSTALL),
        ErrorRule(11223, "no right to send messages", Reaction.FAIL, hint=_GRANT),
        ErrorRule(11235, "only administrators of the group may call everybody", Reaction.FAIL),
        ErrorRule(232004, "there is no such app", Reaction.FAIL),
        ErrorRule(232010, "the chat is in another tenant", Reaction.FAIL),
        ErrorRule(232025, "the bot ability is off", Reaction.FAIL, hint=_BOT),
        ErrorRule(232033, "no right to touch external chats", Reaction.FAIL),
        ErrorRule(232034, "the app is not installed or not enabled in this tenant", Reaction.FAIL, hint=_INSTALL),
        ErrorRule(234002, "the platform does not know who asks", Reaction.FAIL),
        ErrorRule(234007, "the bot ability is off", Reaction.FAIL, hint=_BOT),
        ErrorRule(234008, "a resource that another app uploaded", Reaction.FAIL),
        ErrorRule(234009, "not in an external group", Reaction.FAIL),
        ErrorRule(234038, "the message is confidential", Reaction.FAIL),
        ErrorRule(234040, "the message is invisible to us", Reaction.FAIL,
                  hint="it is older than the bot's membership, and the group hides its history from new members"),
        ErrorRule(40004, "the department is outside the app's contact range", Reaction.FAIL, hint=_RANGE),
        ErrorRule(40014, "the department above is outside the app's contact range", Reaction.FAIL, hint=_RANGE),
        ErrorRule(41050, "the user is outside the app's contact range", Reaction.FAIL, hint=_RANGE),
        # limits of the tenant and of time
        ErrorRule(230009, "too late to take the message back", Reaction.FAIL,
                  hint="how long it can be is a setting of the tenant"),
        ErrorRule(230023, "the user has 200 unread urgent messages", Reaction.FAIL),
        ErrorRule(230024, "the tenant's quota of urgent messages is used up", Reaction.FAIL),
        ErrorRule(230033, "who has read a message is told for 7 days", Reaction.FAIL),
        ErrorRule(11247, "500,000 messages to many a day", Reaction.FAIL),
        ErrorRule(230036, "the tenant's data cannot be decrypted", Reaction.FAIL, hint=_KEY_GONE),
        ErrorRule(234041, "the tenant's data cannot be decrypted", Reaction.FAIL, hint=_KEY_GONE),
        ErrorRule(234042, "the tenant's own storage failed", Reaction.FAIL, hint="is it full? ask its administrator"),
        # wrong questions
        ErrorRule(10002, "the message could not be made", Reaction.FAIL),
        ErrorRule(10003, "invalid parameter", Reaction.FAIL),
        ErrorRule(40001, "invalid parameter", Reaction.FAIL),
        ErrorRule(40008, "the department is empty", Reaction.FAIL),
        ErrorRule(40011, "invalid page_size", Reaction.FAIL),
        ErrorRule(40012, "invalid page_token", Reaction.FAIL),
        ErrorRule(40015, "there is no such department", Reaction.FAIL),
        ErrorRule(41012, "there is no such user", Reaction.FAIL),
        ErrorRule(42008, "of another tenant", Reaction.FAIL),
        ErrorRule(43007, "two departments with one id", Reaction.FAIL),
        ErrorRule(43010, "the department is too large to be read with all below it", Reaction.FAIL,
                  hint="read it level by level: recursive=False"),
        ErrorRule(11101, "there is no such open_id", Reaction.FAIL,
                  hint="an open_id is valid for one app only: use the one this app was told, or a union_id"),
        ErrorRule(230030, "there is no such batch, or it is older than 30 days", Reaction.FAIL),
        ErrorRule(230034, "the receiver's id does not fit its type", Reaction.FAIL),
        ErrorRule(230098, "a folded message cannot be urged", Reaction.FAIL),
        ErrorRule(232001, "invalid parameter", Reaction.FAIL),
        ErrorRule(234001, "invalid parameter", Reaction.FAIL),
        ErrorRule(234003, "the resource is not in this message", Reaction.FAIL),
        ErrorRule(234037, "files of more than 100 MB are not handed out", Reaction.FAIL),
        ErrorRule(234043, "no resources of cards and forwarded messages", Reaction.FAIL),
        # content
        ErrorRule(230001, "invalid parameter or content", Reaction.DEGRADE),
        ErrorRule(230022, "sensitive content", Reaction.FAIL, hint="the tenant's word filter refused it"),
        ErrorRule(230028, "stopped by the tenant's data loss prevention", Reaction.FAIL),
        ErrorRule(230025, "content longer than 150 KB (text) or 30 KB (post, card)", Reaction.DEGRADE),
        ErrorRule(230054, "message type not supported here", Reaction.DEGRADE),
        ErrorRule(230055, "file type does not fit the message type", Reaction.DEGRADE),
        ErrorRule(230015, "private chats cannot be shared", Reaction.DEGRADE),
        ErrorRule(11246, "the card for many could not be made", Reaction.DEGRADE),
        ErrorRule(11227, "no such image of this bot", Reaction.FAIL, hint="upload it with this bot"),
        ErrorRule(11312, "the content was refused", Reaction.FAIL),
        ErrorRule(230061, "messages of this kind cannot be forwarded", Reaction.FAIL),
        ErrorRule(230066, "messages of secret groups cannot be forwarded", Reaction.FAIL),
        ErrorRule(230067, "messages of these places cannot be forwarded together", Reaction.FAIL,
                  hint="all of one chat, and either none or all of one topic"),
        ErrorRule(230069, "messages of different chats cannot be forwarded together", Reaction.FAIL),
        ErrorRule(230070, "confidential messages cannot be forwarded", Reaction.FAIL),
        ErrorRule(230075, "nothing can be sent into secret chats", Reaction.FAIL),
        ErrorRule(234039, "the image has too many pixels", Reaction.FAIL, hint="send it as a File"),
        ErrorRule(230099, "the card could not be made", Reaction.DEGRADE),
        ErrorRule(230099, "the card has too many tables", Reaction.DEGRADE, sub_code=TOO_MANY_TABLES),
        ErrorRule(230099, "a table of the card has rows that do not fit", Reaction.DEGRADE, sub_code=BAD_ROWS),
        ErrorRule(230099, "the card shows an image that the app did not upload", Reaction.DEGRADE, sub_code=BAD_IMAGE),
        ErrorRule(230099, "the card's JSON cannot be read", Reaction.DEGRADE, sub_code=200621),
        ErrorRule(230099, "the card has a component that cards 2.0 do not have", Reaction.DEGRADE, sub_code=200861),
        ErrorRule(230031, "a message can be changed for 14 days", Reaction.FAIL, hint="send a new one"),
        ErrorRule(230110, "the message was deleted", Reaction.RETARGET),
        # cards that text is streamed into
        ErrorRule(200740, "the card entity does not exist", Reaction.HEAL),
        ErrorRule(200750, "the card entity is older than 14 days", Reaction.HEAL),
        ErrorRule(200860, "the card is larger than 30 KB", Reaction.HEAL),
        ErrorRule(200770, "this uuid was used before: the operation is done", Reaction.DONE),
        ErrorRule(200810, "somebody is clicking in the card", Reaction.RETRY, delay=0.5),
        ErrorRule(200850, "streaming ended by itself after 10 minutes", Reaction.HEAL),
        ErrorRule(300309, "streaming is switched off", Reaction.HEAL),
        ErrorRule(300317, "the sequence did not rise", Reaction.HEAL),
        ErrorRule(300311, "a card of another app", Reaction.FAIL),
        ErrorRule(234006, "the file is too large", Reaction.FAIL, hint="at most 10 MB for images, 30 MB for files"),
        ErrorRule(234010, "the file is empty", Reaction.FAIL),
        ErrorRule(234011, "not an image in a format the platform knows", Reaction.FAIL, hint="send it as a File"),
        ErrorRule(231010, "the reaction does not exist", Reaction.FAIL),
        # approvals
        ErrorRule(1390002, "no such approval", Reaction.FAIL, hint="check the approval's code"),
        ErrorRule(1390007, "subscribed, or unsubscribed, already", Reaction.DONE),
        # targets
        ErrorRule(230002, "the bot is not in the group", Reaction.DEAD, hint="add the bot to the group"),
        ErrorRule(230013, "the user is outside the app's availability or left", Reaction.DEAD,
                  hint="console: Version Management > Availability"),
        ErrorRule(232009, "the chat was disbanded", Reaction.DEAD),
        ErrorRule(11231, "there is no such chat", Reaction.DEAD),
        ErrorRule(230029, "the user has left", Reaction.DEAD),
        ErrorRule(230045, "there is no such chat", Reaction.DEAD),
        ErrorRule(230063, "there is no such chat to forward to", Reaction.DEAD),
        ErrorRule(230064, "none of the messages to forward exists for us", Reaction.DEAD),
        ErrorRule(230065, "the messages to forward were recalled", Reaction.DEAD),
        ErrorRule(232006, "there is no such chat", Reaction.DEAD),
        ErrorRule(232011, "the bot is not in the chat", Reaction.DEAD, hint="add the bot to the group"),
        ErrorRule(234004, "the bot is not in the chat", Reaction.DEAD, hint="add the bot to the group"),
        ErrorRule(99992351, "no such open_id", Reaction.FAIL),
        ErrorRule(99992361, "an open_id of another app", Reaction.FAIL,
                  hint="an open_id is valid for one app only: use the one this app was told, or a union_id"),
        ErrorRule(230011, "the message was recalled", Reaction.RETARGET),
        ErrorRule(231003, "the message was deleted", Reaction.RETARGET),
        ErrorRule(230019, "the topic does not exist", Reaction.RETARGET),
        ErrorRule(230071, "no replies in a thread here, or (editing) not our own message", Reaction.RETARGET),
        ErrorRule(230072, "no reply in a thread here, or (editing) edited 20 times already", Reaction.RETARGET),
        ErrorRule(230111, "the message destroys itself", Reaction.RETARGET),
    )
)  # fmt: skip
"""Codes of the HTTP API, in the JSON's `code`."""

GONE = frozenset({230011, 231003, 230110})
"""The message was recalled or deleted."""

CARD_FULL = frozenset({200740, 200750, 200860})
"""Nothing more can be shown in this card; what it shows stays."""

CARD_CLOSED = frozenset({200850, 300309})
"""Streaming has to be switched on again."""

CARD_SEQUENCE = frozenset({300317})
"""A higher sequence is needed."""

GONE_REACTION = GONE | {231010}
"""The same, or the reaction itself is no longer there."""

NO_THREAD = frozenset({230019, 230071, 230072})
"""A reply without a thread may still pass."""

REFUSED_CONTENT = frozenset(
    {230022, 230028, 230061, 230066, 230067, 230069, 230070, 230075, 234006, 234010, 234011, 234039, 11227, 11312}
)
"""No other form of the same content would pass."""

FORBIDDEN = frozenset(
    {99991672, 99991679, 11203, 11204, 11205, 11207, 11209, 11210, 11223, 11235, 40004, 40014, 41050}
    | {
        230006,
        230012,
        230017,
        230018,
        230026,
        230027,
        230035,
        230038,
        230046,
        230050,
        230052,
        230053,
        230062,
        230073,
        230074,
    }
    | {232004, 232010, 232025, 232033, 232034, 234002, 234007, 234008, 234009, 234038, 234040}
)
"""A scope or a right is missing."""

LINK_ERRORS = ErrorTable(
    (
        ErrorRule(1, "system busy", Reaction.RECONNECT),
        ErrorRule(1000040343, "internal error", Reaction.RECONNECT),
        ErrorRule(514, "authentication failed", Reaction.STOP, hint="check app_id and app_secret"),
        ErrorRule(403, "forbidden", Reaction.STOP, hint="only self-built apps may use the long connection"),
        ErrorRule(1000040344, "no credential", Reaction.STOP, hint="check app_id and app_secret"),
        # 50 connections an app. They are freed as processes end, so this passes; the SDK gives up for ever here.
        ErrorRule(1000040350, "more than 50 connections of this app", Reaction.RECONNECT, delay=30.0,
                  hint="too many processes run with this app_id"),
        ErrorRule(10003, "invalid app_id or app_secret", Reaction.STOP, hint="check app_id and app_secret"),
        ErrorRule(10014, "invalid app_secret", Reaction.STOP, hint="check app_secret"),
    )
)  # fmt: skip
"""Codes of the connection's endpoint and handshake."""

TOKEN_ERRORS = ErrorTable(
    (
        ErrorRule(10003, "invalid app_id", Reaction.STOP, hint="check app_id and the domain (feishu or lark)"),
        ErrorRule(10014, "invalid app_secret", Reaction.STOP, hint="check app_secret"),
    )
)
"""Codes of the token endpoint."""

_START_OVER = "begin again with oauth.authorize_url"

OAUTH_ERRORS = ErrorTable(
    (
        ErrorRule(20050, "the platform has a problem", Reaction.RETRY),
        ErrorRule(20072, "the platform is not available", Reaction.RETRY),
        ErrorRule(20026, "invalid refresh token", Reaction.DEAD),
        ErrorRule(20037, "the refresh token has expired, or a year has passed", Reaction.DEAD),
        ErrorRule(20064, "the refresh token was revoked", Reaction.DEAD),
        ErrorRule(20073, "the refresh token was used already", Reaction.DEAD),
        ErrorRule(20024, "the code or refresh token is another app's", Reaction.DEAD),
        ErrorRule(20008, "no such person", Reaction.DEAD),
        ErrorRule(20010, "the person may not use this app", Reaction.DEAD,
                  hint="console: Version Management > Availability"),
        ErrorRule(20066, "the person's account is not active", Reaction.DEAD),
        ErrorRule(20002, "invalid app_secret", Reaction.STOP, hint="check app_secret"),
        ErrorRule(20048, "no such app", Reaction.STOP, hint="check app_id and the domain (feishu or lark)"),
        ErrorRule(20003, "unknown code", Reaction.FAIL, hint=_START_OVER),
        ErrorRule(20004, "the code is older than 5 minutes", Reaction.FAIL, hint=_START_OVER),
        ErrorRule(20065, "the code was used already", Reaction.FAIL, hint=_START_OVER),
        ErrorRule(20049, "the PKCE verifier does not fit", Reaction.FAIL, hint=_START_OVER),
        ErrorRule(20071, "the redirect_uri is another one", Reaction.FAIL, hint=_START_OVER),
        ErrorRule(20009, "the app is not installed", Reaction.FAIL, hint="publish a version of it"),
        ErrorRule(20069, "the app is not enabled", Reaction.FAIL, hint="ask the tenant's administrator"),
        ErrorRule(20074, "the app may not refresh tokens", Reaction.FAIL,
                  hint="console: Security Settings > refresh user_access_token, then publish a version"),
    )
)  # fmt: skip
"""Codes of the address for users' tokens; dead: the person has to authorise again."""

CUSTOM_BOT_ERRORS = ErrorTable(
    (
        ErrorRule(11232, "too many messages, or the platform is under pressure", Reaction.RETRY, delay=1.0),
        ErrorRule(9499, "a body the platform cannot read", Reaction.FAIL,
                  hint="at most 20 KB; cards and keys of images have to be valid"),
        ErrorRule(19001, "no custom bot at this address", Reaction.FAIL,
                  hint="copy webhook_url again from the bot's page in the group; was the bot removed?"),
        ErrorRule(19002, "a parameter is missing", Reaction.FAIL),
        ErrorRule(19007, "the custom bot is switched off", Reaction.FAIL, hint="switch it on in the group's settings"),
        ErrorRule(19021, "wrong signature, or a timestamp more than an hour off", Reaction.FAIL,
                  hint="check webhook_secret and this machine's clock"),
        ErrorRule(19022, "this machine's address is not on the bot's list", Reaction.FAIL,
                  hint="add it to the bot's IP allowlist, in the group"),
        ErrorRule(19024, "none of the bot's keywords is in the message", Reaction.FAIL,
                  hint="say one of them, or change them on the bot's page in the group"),
    )
)  # fmt: skip
"""Codes of a custom bot's address, which come with HTTP 200.

Source: client-docs/bot-v3/add-custom-bot; 19001, 19002 and 19007 are not in it, clients report them.
"""
