"""Seals on what the cards of the model carry: a click that comes back is of a card that this account has sent there.

A seal is a message authentication code (HMAC-SHA256, cut to 96 bits, base64url) over the account's key, the chat, and
all that a button carries. Its key is derived from the account's own secret: it holds over restarts and needs no
setting, and a new secret makes the cards of before void. See docs/cards.md.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any

from imbridge.protocol import ButtonClicked
from imbridge.rendering.cards.carried import MANY, OWN, PICKS, TYPED

SEAL = "seal"
"""Key of the seal, beside the action's name and what else a button carries."""

NO_SEAL = "without a seal: of a card from before seals were used, or forged"
WRONG_SEAL = "with a seal that does not fit: forged, of another chat or account, or from before the secret was changed"
UNKNOWN_OPTION = "with an option that was not on the card"
SEVERAL_OPTIONS = "with several options of a list from which one is chosen"

_LABEL = b"imbridge card seals 1"
_CARRIED = frozenset({OWN, "value", "choice", MANY, "n", PICKS, TYPED})
_BYTES = 12
_LENGTH = 16
_BEFORE = "~"
OPTION_SEAL_BYTES = len(_BEFORE) + _LENGTH
"""By how much an option's value grows when it is sealed."""


class RefusedClick(ButtonClicked):
    """A click that says it is of a card of ours and is not: it reaches no skill.

    Attributes:
        refused: Why, for the log.
    """

    refused: str = ""


class Seals:
    """What one account seals with."""

    __slots__ = ("_account", "_key")

    def __init__(self, account: str, secret: str) -> None:
        """Without a secret nothing is sealed, and no click can be verified.

        Args:
            account: The account's key (`feishu:work`).
            secret: Its secret on the platform.
        """
        self._account = account
        self._key = hmac.digest(secret.encode(), _LABEL, "sha256") if secret else b""

    def at(self, place: str) -> "Seal":
        """Seals for a card that goes to a chat; empty where it is not known which chat its clicks will come from."""
        return Seal(self, place)

    def open(self, carried: Mapping[str, Any], place: str) -> "Opening":
        """Look at what came back with a click in a chat, of a card that says it is ours."""
        if not self._key:
            return Opening(self, "", "")
        seal = carried.get(SEAL)
        if not isinstance(seal, str) or not seal:
            return Opening(self, place, NO_SEAL)
        said = _sealed_of(carried)
        for where in dict.fromkeys((place, "")):
            if hmac.compare_digest(self.code(where, said).encode(), seal.encode("utf-8", "replace")):
                return Opening(self, where, "", verified=True, many=carried.get(MANY))
        return Opening(self, place, WRONG_SEAL)

    def code(self, place: str, said: Any) -> str:
        """The code over something; empty without a secret."""
        if not self._key:
            return ""
        text = canonical([self._account, place, said]).encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(hmac.digest(self._key, text, "sha256")[:_BYTES]).decode()


class Seal:
    """Seals what a card carries that goes to one chat."""

    __slots__ = ("_place", "_seals")

    def __init__(self, seals: Seals, place: str) -> None:
        self._seals = seals
        self._place = place

    def on(self, carried: Mapping[str, Any]) -> dict[str, Any]:
        """What a button carries, with its seal."""
        code = self._seals.code(self._place, _sealed_of(carried))
        return {**carried, SEAL: code} if code else dict(carried)

    def option(self, name: str, value: str) -> str:
        """An option's value, with its seal: what comes back when it is chosen."""
        code = self._seals.code(self._place, [name, value])
        return f"{value}{_BEFORE}{code}" if code else value


NOT_SEALING = Seals("", "")
NOT_SEALED = NOT_SEALING.at("")
"""For what is only looked at, and for robots that hear of no click."""


class Opening:
    """What a click carried, as it is looked at.

    Attributes:
        refused: Why it is not to be believed; empty when nothing speaks against it.
    """

    __slots__ = ("_many", "_place", "_seals", "_verified", "refused")

    def __init__(self, seals: Seals, place: str, refused: str, *, verified: bool = False, many: Any = None) -> None:
        self._seals = seals
        self._place = place
        self._verified = verified
        self._many = many if isinstance(many, list) else []
        self.refused = refused

    @property
    def verified(self) -> bool:
        """It is of a card that this account has sent, and nothing of it was changed."""
        return self._verified and not self.refused

    def chosen(self, name: str, value: Any) -> Any:
        """What was chosen from a list, without its seals; nothing chosen is nothing."""
        if not self._verified or value in (None, "", []):
            return value
        if isinstance(value, list):
            if len(value) > 1 and name not in self._many:
                self.refused = SEVERAL_OPTIONS  # no client sends that; a skill that takes one would take the list
            return [self._one_chosen(name, one) for one in value]
        return self._one_chosen(name, value)

    def _one_chosen(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            plain, _, code = value.rpartition(_BEFORE)
            wanted = self._seals.code(self._place, [name, plain])
            if hmac.compare_digest(wanted.encode(), code.encode("utf-8", "replace")):
                return plain
        self.refused = UNKNOWN_OPTION
        return value

    def filled(self, form: Mapping[str, Any], picks: Any) -> dict[str, Any]:
        """A form, with what was chosen in it without its seals; `picks` are the names of choices."""
        names = [one for one in picks if isinstance(one, str)] if isinstance(picks, list | tuple) else []
        return {name: self.chosen(name, value) if name in names else value for name, value in form.items()}

    @property
    def facts(self) -> dict[str, Any]:
        """What an event says of it."""
        return {"refused": self.refused} if self.refused else {"verified": self.verified}


def kind_of_click(facts: Mapping[str, Any]) -> type[ButtonClicked]:
    """What kind of event it is, by what is known of it."""
    return RefusedClick if "refused" in facts else ButtonClicked


def canonical(value: Any) -> str:
    """One text for each JSON value, whatever platforms do on the way to its order, gaps and whole numbers."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _sealed_of(carried: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in carried.items() if name in _CARRIED and value is not None}
