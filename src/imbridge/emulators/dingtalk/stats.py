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
    billed_calls: int = 0
    """Calls that count against the monthly budget."""
    rate_limited: int = 0
    opens: int = 0
    """Calls of `gateway/connections/open`."""
    handshakes_refused: int = 0
    connects: int = 0
    disconnects: int = 0
    planned_disconnects: int = 0
    """SYSTEM disconnects sent."""
    pings: int = 0
    """SYSTEM pings sent."""
    pongs: int = 0
    client_pings: int = 0
    """Websocket pings of clients."""
    frames_sent: int = 0
    """CALLBACK and EVENT frames written, repetitions included."""
    messages: int = 0
    """Messages of people that were to be pushed, each once."""
    messages_taken: int = 0
    messages_lost: int = 0
    """Messages that no connection took: the platform never sends them again."""
    events: int = 0
    events_taken: int = 0
    events_repeated: int = 0
    events_given_up: int = 0
    acks: int = 0
    session_sends: int = 0
    api_sends: int = 0
    robot_sends: int = 0
    duplicates_absorbed: int = 0
    """Messages of custom robots that `msgUuid` held back."""
    deliveries: int = 0
    """Messages of bots that reached a person, one for each person."""
    recalls: int = 0
    uploads: int = 0
    downloads: int = 0
    cards: int = 0
    card_deliveries: int = 0
    card_updates: int = 0
    card_streams: int = 0
    card_clicks: int = 0
    card_clicks_unheard: int = 0
    """Clicks that nobody answered rightly."""
    callback_requests: int = 0
    """Requests to callback addresses."""
    callbacks_refused: int = 0
    callbacks_timed_out: int = 0
