"""What of the emulated platform can be adjusted."""

from dataclasses import dataclass

MEBI = 1024 * 1024


@dataclass(slots=True)
class EmulatorSettings:
    """The platform's numbers; the defaults are DingTalk's own where it documents them.

    Times are in seconds, sizes in bytes.

    Attributes:
        ticket_lifetime: How long a stream ticket may be used, once (DingTalk: 90 s).
        ping_interval: Between two SYSTEM pings of one connection (clients have seen 20 to 30 s).
        ping_timeout: An unanswered SYSTEM ping is a violation after this time (undocumented).
        disconnect_linger: Between a SYSTEM disconnect and the end of the TCP connection (DingTalk: 10 s).
        drain_grace: How long after a SYSTEM disconnect messages and events still come over the connection while the app
            has no other. Clients have seen that nothing comes any more; the documents say only that the end is
            graceful.
        redelivery: Waits before the second, third, ... sending of an event that nobody acknowledged with SUCCESS; after
            the last one the platform gives up. Clients have seen 16 and 60 s; the number is not documented.
        max_connections: Connections of one app at the same time; more are refused (undocumented).
        token_lifetime: Lifetime of an access token (DingTalk: 7200 s).
        session_lifetime: How long a session webhook lives (DingTalk's examples: 90 minutes).
        download_lifetime: How long a downloadCode and its downloadUrl can be used (undocumented).
        rate_limits: Whether the rates below are enforced; benchmarks turn them off.
        api_rate_second: Calls of one API by one app in a second (DingTalk: 20).
        api_calls_month: Calls of all APIs by the organisation in a month (DingTalk, standard edition: 10,000).
        robot_rate_minute: Messages of one custom robot in a minute (DingTalk: 20).
        robot_ban: How long a custom robot over its rate stays limited (DingTalk: 10 minutes).
        sign_skew: How far the timestamp of a signature may be off (DingTalk: 1 h).
        webhook_limit: Largest body of a session webhook or a custom robot (DingTalk: 20,000 bytes).
        recipients_limit: People in one `batchSend` (DingTalk: 20).
        recall_window: How long after sending a message can be recalled (DingTalk: 24 h).
        image_limit: Largest image that can be uploaded (DingTalk: 20 MB).
        voice_limit: Largest voice (DingTalk: 2 MB).
        video_limit: Largest video (DingTalk: 20 MB).
        file_limit: Largest file (DingTalk: 20 MB).
        invalid_token_status: HTTP status of `InvalidAuthentication` (clients report 400, some speak of 401).
        english_errors: Whether refusals of webhooks have their older English texts (`sign not match`) instead of
            today's (`description:...;solution:...;link:...`).
        strict_formats: Whether uploads and files must be of the formats that the documents list; clients report that
            others are taken as well.
        callback_timeout: How long an app's callback address has for its answer (DingTalk: 1500 ms).
        code_lifetime: How long a login code can be used, once (DingTalk: 5 minutes).
        refresh_lifetime: Lifetime of a person's refresh token (DingTalk: 30 days).
        card_callback_timeout: How long an app has to answer a click on a card (DingTalk: 2 s).
        card_content_limit: Largest content of one streaming request. DingTalk recommends 1 KB in one and 3 KB in all
            (another page: 10 KB), clients send more; where it refuses is not documented.
        recognition: Whether voice messages carry `recognition`, the text that was heard.
        old_quotes: Whether a quoting message also has the older `quoteMessage`.
        null_at_users: Whether `atUsers` is null, as clients have seen it; otherwise it is left out in single chats.
        history: Messages, uploads and violations that are remembered; older ones are forgotten.
    """

    ticket_lifetime: float = 90.0
    ping_interval: float = 20.0
    ping_timeout: float = 10.0
    disconnect_linger: float = 10.0
    drain_grace: float = 0.0
    redelivery: tuple[float, ...] = (16.0, 60.0, 60.0)
    max_connections: int = 50
    token_lifetime: float = 7200.0
    session_lifetime: float = 5400.0
    download_lifetime: float = 7200.0
    rate_limits: bool = True
    api_rate_second: int = 20
    api_calls_month: int = 10_000
    robot_rate_minute: int = 20
    robot_ban: float = 600.0
    sign_skew: float = 3600.0
    webhook_limit: int = 20_000
    recipients_limit: int = 20
    recall_window: float = 86_400.0
    image_limit: int = 20 * MEBI
    voice_limit: int = 2 * MEBI
    video_limit: int = 20 * MEBI
    file_limit: int = 20 * MEBI
    invalid_token_status: int = 400
    english_errors: bool = False
    strict_formats: bool = False
    callback_timeout: float = 1.5
    code_lifetime: float = 300.0
    refresh_lifetime: float = 30 * 86_400.0
    card_callback_timeout: float = 2.0
    card_content_limit: int = 64 * 1024
    recognition: bool = True
    old_quotes: bool = False
    null_at_users: bool = False
    history: int = 10_000
