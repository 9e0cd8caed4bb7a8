"""Clicks that are not to be believed: they reach no skill, and whoever clicked is told."""

import logging

from imbridge.adapters.base import Inbound
from imbridge.adapters.card_seals import RefusedClick
from imbridge.config.options import Language
from imbridge.protocol import ButtonClicked, Toast
from imbridge.runtime.words import NOT_VALID

log = logging.getLogger(__name__)


class Refusing:
    """Turns clicks away whose seal does not fit."""

    def __init__(self, language: Language) -> None:
        """In which language people are told."""
        self._language = language
        self._told: set[tuple[str, str]] = set()

    def refuse(self, account: str, inbound: Inbound, click: RefusedClick) -> None:
        """Tell who clicked, where the platform shows that; and the log, once for each account and reason.

        What the click says is not logged: whoever forges one would write in the log.
        """
        if (account, click.refused) not in self._told:
            self._told.add((account, click.refused))
            log.warning(
                "%s: a click came %s; it reaches no skill, and further ones are counted only (clicks_refused)",
                account,
                click.refused,
            )
        if inbound.answer is not None:
            inbound.answer.say((Toast(NOT_VALID[self._language]),))

    def note_unheard(self, click: ButtonClicked) -> None:
        """No skill has taken a click that carries no seal; tell the log, once for each account, why that may be."""
        account = f"{click.platform}:{click.account}"
        if (account, "") not in self._told:
            self._told.add((account, ""))
            log.warning(
                "%s: a click that carries no seal was taken by no skill: it is of a card in the platform's own JSON, "
                "or forged; a skill that shows such cards says hears_unverified = True (unverified=True in "
                "bridge.on_event); further ones are counted only (clicks_unverified)",
                account,
            )
