"""What the emulator counts."""

from dataclasses import dataclass

from imbridge.emulators.common.stats import BaseStats


@dataclass(slots=True)
class Stats(BaseStats):
    """Counters since the emulator started."""

    http_requests: int = 0
    token_requests: int = 0
    """Calls of `gettoken`."""
    tokens_issued: int = 0
    tokens_refused: int = 0
    """Calls refused for their access token."""
    refused: int = 0
    """Calls answered with an errcode other than 0."""
    callbacks: int = 0
    """Messages and events given out for delivery, each once however often it was sent."""
    callback_requests: int = 0
    """HTTP requests to the callback addresses, repetitions included, verifications not."""
    callbacks_taken: int = 0
    """Answered with 200 in time."""
    callbacks_empty: int = 0
    """Taken with an empty answer (or `success`)."""
    callbacks_repeated: int = 0
    callbacks_refused: int = 0
    """Requests answered with another status than 200."""
    callbacks_timed_out: int = 0
    """Requests with no answer in time, or none at all."""
    callbacks_given_up: int = 0
    """Never taken, with all repetitions used up."""
    callbacks_unheard: int = 0
    """Messages and events of apps that have no callback address."""
    passive_replies: int = 0
    passive_refused: int = 0
    """Passive replies that were wrong and shown to nobody."""
    sends: int = 0
    """Messages accepted by `message/send`."""
    deliveries: int = 0
    """Messages that reached a member, one for each member."""
    silently_dropped: int = 0
    """Messages to members over their rate, for which the answer says 0 all the same."""
    duplicates_absorbed: int = 0
    """Messages that `enable_duplicate_check` held back."""
    texts_cut: int = 0
    """Texts, titles and descriptions that were too long and were cut."""
    recalls: int = 0
    card_updates: int = 0
    appchat_sends: int = 0
    robot_sends: int = 0
    rate_limited: int = 0
    uploads: int = 0
    downloads: int = 0
    oauth_codes: int = 0
