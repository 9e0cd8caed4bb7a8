"""Feishu's error codes and what to do about each: data, tested row by row.

Sources: the open platform's server docs (frequency control; im-v1 message create, reply, update; error codes), the
constants of the official SDK's `ws/const.py`.
"""

from imbridge.transport import ErrorRule, ErrorTable, Reaction

_GRANT = "grant it in the console under Permissions & Scopes, then publish a version"

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
        ErrorRule(230006, "the bot ability is off", Reaction.FAIL, hint="console: Add Features > Bot"),
        ErrorRule(230017, "not the owner of the resource", Reaction.FAIL),
        ErrorRule(230018, "muted by the group", Reaction.FAIL, hint="ask the group's owner"),
        ErrorRule(230035, "forbidden by the group or the tenant", Reaction.FAIL, hint="ask the group's owner"),
        ErrorRule(230027, "no right to speak in this chat", Reaction.FAIL, hint=_GRANT),
        ErrorRule(230050, "the message is invisible to us", Reaction.FAIL),
        # content
        ErrorRule(230001, "invalid parameter or content", Reaction.DEGRADE),
        ErrorRule(230022, "sensitive content", Reaction.FAIL, hint="the tenant's word filter refused it"),
        ErrorRule(230028, "stopped by the tenant's data loss prevention", Reaction.FAIL),
        ErrorRule(230025, "content longer than 150 KB (text) or 30 KB (post, card)", Reaction.DEGRADE),
        ErrorRule(230054, "message type not supported here", Reaction.DEGRADE),
        ErrorRule(230055, "file type does not fit the message type", Reaction.DEGRADE),
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

REFUSED_CONTENT = frozenset({230022, 230028, 234006, 234010, 234011})
"""No other form of the same content would pass."""

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
