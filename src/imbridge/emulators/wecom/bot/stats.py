"""What the emulator counts."""

from dataclasses import dataclass

from imbridge.emulators.common.stats import BaseStats


@dataclass(slots=True)
class Stats(BaseStats):
    """Counters since the emulator started."""

    connects: int = 0
    disconnects: int = 0
    handshakes_refused: int = 0
    subscribes: int = 0
    """Subscriptions that succeeded."""
    subscribes_refused: int = 0
    kicks: int = 0
    """Connections that were told that a newer one took their place."""
    pings: int = 0
    frames_in: int = 0
    acks: int = 0
    acks_lost: int = 0
    """Acknowledgements that a fault swallowed."""
    refused: int = 0
    """Commands and `response_url` requests answered with another code than 0."""
    rate_limited: int = 0
    callbacks: int = 0
    """Messages and events given out, each once however often it was sent."""
    callbacks_lost: int = 0
    """Those whose bot had no connection, or whose address never took them: they are not kept."""
    callback_requests: int = 0
    """Requests to callback addresses: tries and stream refreshes included."""
    callback_retries: int = 0
    callbacks_taken: int = 0
    """Callback requests that were answered with 200."""
    polls: int = 0
    """Stream refreshes asked for."""
    replies: int = 0
    """Messages made by `aibot_respond_msg` or as the answer to a callback."""
    stream_frames: int = 0
    """States of streams that were taken, first ones included."""
    streams_expired: int = 0
    """Stream frames refused because the stream was too old."""
    pushes: int = 0
    """Messages made by `aibot_send_msg`."""
    response_urls: int = 0
    """Messages made through a `response_url`."""
    welcomes: int = 0
    card_updates: int = 0
    uploads: int = 0
    downloads: int = 0
