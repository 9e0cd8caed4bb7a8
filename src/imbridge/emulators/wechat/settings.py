"""What of the emulated platform can be adjusted."""

from dataclasses import dataclass
from typing import Literal

from imbridge.emulators.common.cdata import Cdata

DAY = 86_400.0


@dataclass(slots=True)
class EmulatorSettings:
    """The platform's numbers; the defaults are WeChat's own where WeChat documents them. All times in seconds.

    Attributes:
        callback_timeout: A callback that is not answered in this time is sent again (WeChat: 5 s).
        callback_attempts: How often the same callback is sent in all (WeChat: 3).
        callback_pause: Wait between two attempts; the platform documents none.
        token_lifetime: Lifetime of an access token (WeChat: 7200 s).
        token_grace: How long a token lives on when a newer one was issued (WeChat: 5 min).
        stable_renewal: A stable token with less than this left is renewed (WeChat: 5 min).
        forced_pause: Forced renewals of the stable token closer together than this renew nothing (WeChat: 30 s).
        forced_limit: Forced renewals a day (WeChat: 20).
        message_quota: Customer-service messages allowed by a message of the follower (WeChat: 5, formerly 20).
        message_window: For how long (WeChat: 48 h).
        action_quota: Customer-service messages allowed by a menu click, a scan or following (WeChat: 3).
        action_window: For how long (WeChat: 1 min).
        not_a_follower: Code of a customer-service message to somebody who does not follow any more. The platform's
            text for 45015 names the case ("or subscription is canceled"), its table of codes has 43004 for it.
        text_limit: Largest text of a message, in bytes (WeChat's older documents: 2048).
        typing_lifetime: How long the follower sees that somebody types (WeChat: 15 s).
        typing_window: Typing can be shown this long after the last message either way (WeChat: 30 s).
        image_limit: Largest image, in bytes (WeChat: 10 MB).
        voice_limit: Largest voice, in bytes (WeChat: 2 MB).
        video_limit: Largest video, in bytes (WeChat: 10 MB).
        thumb_limit: Largest thumbnail, in bytes (WeChat: 64 KB).
        media_lifetime: How long temporary media can be used (WeChat: 3 days).
        followers_page: Followers in one page of `user/get` (WeChat: 10,000).
        code_lifetime: How long a web authorisation's code can be used (WeChat: 5 min).
        user_token_lifetime: Lifetime of a web authorisation's access token (WeChat: 7200 s).
        refresh_token_lifetime: Lifetime of its refresh token (WeChat: 30 days).
        client_id_window: How long a `client_msg_id` stands for one template message (WeChat: 10 min).
        cdata: How `]]>` in what a person writes is put into the XML: `split` over two CDATA sections, or `raw`, as a
            platform that escapes nothing would (undocumented: a client must be safe with either).
        plain_answers: What a plain passive reply to an encrypted callback does: `refused`, as the documents have it,
            or `shown`, as people report.
        history: Messages, media and violations that are kept; older ones are forgotten.
        media_bytes: Total size of the media that are kept, in bytes.
    """

    callback_timeout: float = 5.0
    callback_attempts: int = 3
    callback_pause: float = 0.0
    token_lifetime: float = 7200.0
    token_grace: float = 300.0
    stable_renewal: float = 300.0
    forced_pause: float = 30.0
    forced_limit: int = 20
    message_quota: int = 5
    message_window: float = 2 * DAY
    action_quota: int = 3
    action_window: float = 60.0
    not_a_follower: int = 45015
    text_limit: int = 2048
    typing_lifetime: float = 15.0
    typing_window: float = 30.0
    image_limit: int = 10 * 1024 * 1024
    voice_limit: int = 2 * 1024 * 1024
    video_limit: int = 10 * 1024 * 1024
    thumb_limit: int = 64 * 1024
    media_lifetime: float = 3 * DAY
    followers_page: int = 10_000
    code_lifetime: float = 300.0
    user_token_lifetime: float = 7200.0
    refresh_token_lifetime: float = 30 * DAY
    client_id_window: float = 600.0
    cdata: Cdata = "split"
    plain_answers: Literal["refused", "shown"] = "refused"
    history: int = 10_000
    media_bytes: int = 256 * 1024 * 1024
