"""What the emulator counts."""

from dataclasses import dataclass

from imbridge.emulators.common.stats import BaseStats


@dataclass(slots=True)
class Stats(BaseStats):
    """Counters since the emulator started."""

    events_pushed: int = 0
    """Events given out for delivery, each once however often it was sent."""
    frames_sent: int = 0
    """Data frames written, parts and redeliveries included."""
    events_redelivered: int = 0
    events_dropped: int = 0
    """Events lost because the queue of an app with no connection was full."""
    events_given_up: int = 0
    """Events never acknowledged, with the redelivery schedule used up."""
    acks_ok: int = 0
    acks_failed: int = 0
    """Acknowledgements with another code than 200."""
    acks_late: int = 0
    """Acknowledgements after the time-out."""
    acks_repeated: int = 0
    ack_timeouts: int = 0
    endpoint_requests: int = 0
    connects: int = 0
    handshakes_refused: int = 0
    disconnects: int = 0
    pings: int = 0
    callbacks: int = 0
    """HTTP callback requests made."""
    http_requests: int = 0
    token_requests: int = 0
    tokens_issued: int = 0
    tokens_refused: int = 0
    """Requests answered with a token error."""
    user_token_requests: int = 0
    """Requests to the token endpoint of user authorisation."""
    sends: int = 0
    """Messages the bots sent (creates and replies that made a new message)."""
    replies: int = 0
    hook_sends: int = 0
    """Messages sent through the addresses of custom bots; they count as sends too."""
    duplicates_absorbed: int = 0
    """Requests that named the `uuid` of an earlier message and made no new one."""
    rate_limited: int = 0
    refused: int = 0
    """Requests answered with a non-zero code, rate limits and token errors included."""
    edits: int = 0
    card_updates: int = 0
    """Changes of cards, those of card entities included."""
    card_texts: int = 0
    """Texts streamed into card entities."""
    clicks: int = 0
    """Interactions of people with cards."""
    recalls: int = 0
    forwards: int = 0
    """Messages forwarded, merged ones and threads included."""
    urgents: int = 0
    pins: int = 0
    reactions: int = 0
    uploads: int = 0
    downloads: int = 0
