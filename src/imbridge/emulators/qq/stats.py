"""What the emulator counts."""

from dataclasses import dataclass

from imbridge.emulators.common.stats import BaseStats


@dataclass(slots=True)
class Stats(BaseStats):
    """Counters since the emulator started."""

    http_requests: int = 0
    refused: int = 0
    """Calls answered with an error."""
    token_requests: int = 0
    tokens_issued: int = 0
    tokens_refused: int = 0
    """Calls refused for their access token."""
    rate_limited: int = 0
    connects: int = 0
    disconnects: int = 0
    identifies: int = 0
    """Sessions started."""
    resumes: int = 0
    """Sessions resumed."""
    resumes_refused: int = 0
    replayed: int = 0
    """Events written once more after a Resume."""
    heartbeats: int = 0
    events: int = 0
    """Events for bots, each once."""
    events_sent: int = 0
    """Event frames and callback requests, repetitions included."""
    events_lost: int = 0
    """Events for which there was neither a session nor a callback address."""
    messages: int = 0
    """Messages that bots sent."""
    deliveries: int = 0
    """Messages of bots that reached a person, one for each person."""
    duplicates_refused: int = 0
    """Sends refused because their `msg_seq` was used before."""
    streams: int = 0
    stream_parts: int = 0
    recalls: int = 0
    uploads: int = 0
    upload_parts: int = 0
    downloads: int = 0
    interactions: int = 0
    interactions_answered: int = 0
    webhook_requests: int = 0
    webhook_refused: int = 0
    """Requests that were not answered with op 12."""
