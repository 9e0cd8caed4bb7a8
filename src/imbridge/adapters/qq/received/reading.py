"""Reading that never fails: what cannot be read is counted and passed on whole."""

import logging
from collections import Counter
from typing import Any

from imbridge.adapters.base import Inbound
from imbridge.adapters.qq.inbound import decode, unreadable
from imbridge.adapters.qq.received.identity import Identity
from imbridge.protocol import DecodeError

log = logging.getLogger(__name__)


class Reading:
    """Reads one account's payloads, of the gateway and of webhooks."""

    def __init__(self, key: str, me: Identity, counts: Counter[str]) -> None:
        """For an account by its key; `counts` gets `bad_delivery` and `decoder_failed`."""
        self._key = key
        self._me = me
        self._counts = counts
        self._told: set[str] = set()

    def read(self, payload: dict[str, Any]) -> Inbound:
        """The message or event in a payload."""
        try:
            return decode(payload, self._me)
        except DecodeError as error:
            self._tell("bad_delivery", str(error))
        except Exception as error:  # noqa: BLE001 - told, without its text; our mistake must not lose the message
            self._tell("decoder_failed", f"the decoder failed ({type(error).__name__})")
        return unreadable(payload, self._me)

    def _tell(self, kind: str, what: str) -> None:
        """Count it; log the first of each kind, without its content."""
        self._counts[kind] += 1
        if kind not in self._told:
            self._told.add(kind)
            log.warning(
                "%s: %s; it is passed on whole, as unknown. Further ones of this kind are counted, not logged.",
                self._key,
                what,
            )
