"""What the emulator counts."""

from dataclasses import dataclass

from imbridge.emulators.common.stats import BaseStats


@dataclass(slots=True)
class Stats(BaseStats):
    """Counters since the emulator started."""

    pushed: int = 0
    """Messages and events that a callback was due for, each once however often it was sent."""
    callbacks: int = 0
    """Callback requests made, repeated ones included."""
    callbacks_repeated: int = 0
    callbacks_taken: int = 0
    """Answered with an empty body or `success`."""
    callbacks_answered: int = 0
    """Answered with a passive reply that was shown."""
    callbacks_timed_out: int = 0
    callbacks_failed: int = 0
    """Requests with no connection or another status than 200."""
    callbacks_given_up: int = 0
    """Messages and events for which no attempt was answered."""
    callbacks_without_address: int = 0
    """Messages and events of accounts that have no callback address."""
    service_faults: int = 0
    """How often a person saw that the account's service is out of order."""
    answers_ignored: int = 0
    """Passive replies to events that cannot be answered."""
    articles_cut: int = 0
    """Articles of passive replies beyond what the platform shows."""
    transfers: int = 0
    """Messages that a passive reply handed to the customer-service staff."""
    http_requests: int = 0
    token_requests: int = 0
    tokens_issued: int = 0
    tokens_refused: int = 0
    """Requests answered with a token error."""
    sends: int = 0
    """Customer-service messages accepted."""
    templates: int = 0
    """Template messages accepted."""
    duplicates_absorbed: int = 0
    """Template messages that named the `client_msg_id` of an earlier one."""
    typings: int = 0
    refused: int = 0
    """Requests answered with a non-zero errcode, token errors included."""
    out_of_window: int = 0
    """Customer-service messages refused because the window was closed (45015)."""
    out_of_quota: int = 0
    """Customer-service messages refused because none was left (45047)."""
    uploads: int = 0
    downloads: int = 0
