"""What of the emulated platform can be adjusted."""

from dataclasses import dataclass


@dataclass(slots=True)
class BotEmulatorSettings:
    """The platform's numbers; the defaults are WeCom's own where WeCom documents them. All times in seconds.

    The documents are https://developer.work.weixin.qq.com/document/path/101463 (long connection), 100719, 101027 and
    101031 (callbacks), 101138 (`response_url`). What no document says is marked *unverified*.

    Attributes:
        subscribe_seconds: A connection that has not subscribed in this time is closed; *unverified*.
        silence_seconds: A connection that has not pinged for this long is closed (WeCom: "long"); *unverified*.
        kick_close_seconds: How long after `disconnected_event` the replaced connection is cut. The platform was seen
            to take between 2 s and 5 min.
        close_refused: Whether a refused subscription also closes the connection; the platform was seen not to.
        ack_seconds: Every acknowledgement is this late (the platform: about 0.25 s).
        respond_seconds: How long a message can be replied to by its `req_id` (WeCom: 24 h).
        welcome_seconds: How long `enter_chat` can be answered (WeCom: 5 s).
        update_seconds: How long a click can be answered with a changed card (WeCom: 5 s).
        stream_seconds: How long a stream can be changed, from its first frame; in callback mode how long it is asked
            for, from the person's message (WeCom: 6 min).
        stream_seconds_from_last: Counts `stream_seconds` from the last frame instead, as some have seen it.
        content_limit: Largest content of a stream or a Markdown message, in bytes (WeCom: 20480).
        feedback_limit: Longest feedback id, in bytes (WeCom: 256).
        ws_msg_item: Whether images inside a stream are taken on the long connection (WeCom: not at present).
        ws_stream_with_card: Whether a stream and a card in one reply are taken on the long connection: the page says
            both.
        card_pushes_to_groups: Whether `aibot_send_msg` takes a card for a group (WeCom: single chats only).
        rate_limits: Whether the rates below are enforced; benchmarks turn them off.
        rate_drops: Whether a message over a conversation's rate is acknowledged and shown to nobody, instead of refused
            with 45009; which of the two the platform does is *unverified*.
        chat_rate_minute: Messages of one bot per minute into one conversation (WeCom: 30).
        chat_rate_hour: The same per hour (WeCom: 1000).
        upload_rate_minute: Uploads of one bot per minute (WeCom: 30).
        upload_rate_hour: The same per hour (WeCom: 1000).
        upload_session_seconds: How long an upload may take (WeCom: 30 min).
        chunk_limit: Largest chunk before Base64, in bytes (WeCom: 512 KB).
        chunk_count: Most chunks of one upload (WeCom: 100).
        media_seconds: How long an uploaded medium can be sent (WeCom: 3 days).
        image_limit: Largest uploaded image, in bytes (10 MB; one copy of the page says 2 MB).
        voice_limit: Largest uploaded voice message, in bytes (WeCom: 2 MB).
        video_limit: Largest uploaded video, in bytes (WeCom: 10 MB).
        file_limit: Largest uploaded file, in bytes (WeCom: 20 MB).
        download_seconds: How long the address of a medium works (WeCom: 5 min).
        response_seconds: How long a `response_url` works (WeCom: 1 h).
        response_url: Whether messages have one on the long connection too; they were seen to.
        verify_seconds: How long a callback address may take to return the `echostr` (WeCom: 1 s).
        callback_seconds: How long a callback may take (WeCom: 5 s, of its general callback page).
        callback_retries: Waits before the second, third, ... try of a callback that was not taken; *unverified*.
        poll_seconds: How often an unfinished stream is asked for in callback mode; *unverified*.
        history: Messages, callbacks and violations that are kept; older ones are forgotten.
        resource_bytes: Total size of the media that are kept, of those that people sent and of uploads each, in bytes.
    """

    subscribe_seconds: float = 120.0
    silence_seconds: float = 120.0
    kick_close_seconds: float = 0.0
    close_refused: bool = False
    ack_seconds: float = 0.0
    respond_seconds: float = 86_400.0
    welcome_seconds: float = 5.0
    update_seconds: float = 5.0
    stream_seconds: float = 360.0
    stream_seconds_from_last: bool = False
    content_limit: int = 20_480
    feedback_limit: int = 256
    ws_msg_item: bool = False
    ws_stream_with_card: bool = False
    card_pushes_to_groups: bool = False
    rate_limits: bool = True
    rate_drops: bool = False
    chat_rate_minute: int = 30
    chat_rate_hour: int = 1000
    upload_rate_minute: int = 30
    upload_rate_hour: int = 1000
    upload_session_seconds: float = 1800.0
    chunk_limit: int = 512 * 1024
    chunk_count: int = 100
    media_seconds: float = 3 * 86_400.0
    image_limit: int = 10 * 1024 * 1024
    voice_limit: int = 2 * 1024 * 1024
    video_limit: int = 10 * 1024 * 1024
    file_limit: int = 20 * 1024 * 1024
    download_seconds: float = 300.0
    response_seconds: float = 3600.0
    response_url: bool = True
    verify_seconds: float = 1.0
    callback_seconds: float = 5.0
    callback_retries: tuple[float, ...] = (1.0, 1.0, 1.0)
    poll_seconds: float = 1.0
    history: int = 10_000
    resource_bytes: int = 256 * 1024 * 1024
