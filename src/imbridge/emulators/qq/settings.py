"""What of the emulated platform can be adjusted."""

from dataclasses import dataclass
from typing import Literal

MEBI = 1024 * 1024
InvalidSession = Literal["both", "op9", "close"]
"""How an impossible Resume is refused: op 9 and a close, op 9 alone, or the close (4006, 4007) alone."""


@dataclass(slots=True)
class EmulatorSettings:
    """The platform's numbers; the defaults are QQ's own where it documents them.

    Times are in seconds, sizes in bytes.

    Attributes:
        token_lifetime: Lifetime of an access token (QQ: 7200 s).
        token_overlap: A token with less than this left is replaced when asked for; the old one stays valid (QQ: 60 s).
        heartbeat_interval: What Hello tells (QQ's example: 45 s).
        heartbeat_timeout: A connection with no heartbeat for so long is closed with 4009 (undocumented).
        replay_window: How long a session without a connection can be resumed (QQ: "a short time").
        replay_limit: Events that one session keeps for a Resume (undocumented).
        invalid_session: How an impossible Resume is refused; the documents name both ways.
        shards: What `GET /gateway/bot` suggests.
        session_starts: Sessions that one bot may start in 24 hours (QQ's example: 1000).
        max_concurrency: Sessions that one bot may start in `concurrency_period` (QQ's example: 1).
        concurrency_period: The period of `max_concurrency` (QQ: 5 s).
        c2c_window: How long a message of a single chat can be answered (QQ: 60 min).
        group_window: The same in a group (QQ: 5 min).
        guild_window: The same in channels and their private messages (QQ: 5 min).
        c2c_replies: Answers to one message or event in a single chat (QQ: 4; until 2026: 5).
        group_replies: The same in a group (QQ: 5).
        day: Seconds of a day, for the quotas and the wake-up periods below.
        channel_rate: Messages in one channel in a second (QQ: 5).
        channel_active: Active messages in one channel a day, for a bot that may send any (QQ: 20).
        guild_active: Channels of one guild that get active messages in a day (QQ: 2).
        dms_active: Active private messages to one person a day (QQ: 2).
        dms_active_total: Active private messages of a bot a day (QQ: 200).
        rate_limits: Whether rates are enforced: of the API, of channels, streams, active messages and session starts;
            benchmarks turn them off.
        recall_window: How long a message in a single chat or group can be recalled (QQ: 2 min).
        stream_interval: Least time between two parts of a stream (undocumented; clients keep 300 ms).
        stream_limit: Most characters of a stream (undocumented; QQ tells what remains).
        active_minute: Active messages to one person or group in a minute (QQ: 20).
        active_day: Active messages to one person or group a day (QQ: 1000).
        file_ttl: How long a `file_info` lives; 0: for ever.
        inline_limit: Largest file by `file_data` (undocumented; clients report about 10 MB).
        file_limit: Largest file otherwise (QQ: 200 MB). Images and voices over 20 MB and videos over 30 MB
            become files.
        block_size: Size of the parts of a chunked upload (QQ: 5 MB).
        first_part: Number of the first part; the documents say 0, clients have seen 1.
        strict_formats: Whether media must be of the documented formats.
        fetch_timeout: How long the platform waits for a media address.
        click_timeout: How long a client waits for the answer to a pressed button (clients report 3 s).
        webhook_timeout: How long a callback address has for its answer (undocumented).
        signed_validation: Whether the validation of a callback address is signed like the events; the documents show it
            without.
        redelivery: Waits before the second, third, ... request with an event that was not acknowledged (undocumented).
        markdown_limit: Most characters of one Markdown or text content (undocumented).
        escaped: Whether `&`, `<` and `>` come escaped in single chats and groups too; documented for channels only.
        both_events: Whether what mentions a robot in a group that gives it everything comes as
            `GROUP_AT_MESSAGE_CREATE` too, with the same message id; clients contradict each other.
        strips_mentions: Whether `GROUP_MESSAGE_CREATE` has the mention of the robot taken off, as it is documented;
            clients have seen it there.
        same_openids: Whether somebody's `member_openid` is their `user_openid`, as has been seen; documented otherwise.
        bare_urls: Whether a domain without a scheme counts as a URL.
        old_codes: Whether refusals in single chats and groups have the codes of the documents before 2026 where there
            are two.
        needs_session: Whether sending to a channel asks for a gateway session or a callback address (QQ: yes).
        history: Messages, files and violations that are remembered; older ones are forgotten.
    """

    token_lifetime: float = 7200.0
    token_overlap: float = 60.0
    heartbeat_interval: float = 45.0
    heartbeat_timeout: float = 120.0
    replay_window: float = 300.0
    replay_limit: int = 10_000
    invalid_session: InvalidSession = "both"
    shards: int = 1
    session_starts: int = 1000
    max_concurrency: int = 1
    concurrency_period: float = 5.0
    c2c_window: float = 3600.0
    group_window: float = 300.0
    guild_window: float = 300.0
    c2c_replies: int = 4
    group_replies: int = 5
    day: float = 86_400.0
    channel_rate: int = 5
    channel_active: int = 20
    guild_active: int = 2
    dms_active: int = 2
    dms_active_total: int = 200
    rate_limits: bool = True
    recall_window: float = 120.0
    stream_interval: float = 0.3
    stream_limit: int = 10_000
    active_minute: int = 20
    active_day: int = 1000
    file_ttl: int = 86_400
    inline_limit: int = 10 * MEBI
    file_limit: int = 200 * MEBI
    block_size: int = 5 * MEBI
    first_part: int = 1
    strict_formats: bool = True
    fetch_timeout: float = 10.0
    click_timeout: float = 3.0
    webhook_timeout: float = 5.0
    signed_validation: bool = False
    redelivery: tuple[float, ...] = (5.0, 10.0)
    markdown_limit: int = 10_000
    escaped: bool = True
    both_events: bool = False
    strips_mentions: bool = False
    same_openids: bool = False
    bare_urls: bool = True
    old_codes: bool = False
    needs_session: bool = True
    history: int = 10_000
