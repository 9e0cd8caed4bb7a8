"""What skills keep in a conversation, while a message of it is handled."""

from typing import Any

from imbridge.protocol import SessionState
from imbridge.storage import json_values

State = dict[str, dict[str, Any]]


class Session:
    """A conversation's state, by skill. It knows whether it was changed, so that what stayed the same is not written.

    A skill that never asks for it cannot change it; then nothing is compared.

    Attributes:
        state: As it is now; None while it is not known.
    """

    __slots__ = ("_before", "_touched", "state")

    def __init__(self, state: State | None) -> None:
        """As the storage has it; None: it is loaded later."""
        self.state = state
        self._touched = False
        self._before = b""

    def of(self, skill: str) -> SessionState:
        """A skill's own."""
        if self.state is None:
            self.state = {}
        if not self._touched:
            self._touched = True
            self._before = _written(self.state)
        return self.state.setdefault(skill, {})

    @property
    def changed(self) -> State | None:
        """What is to be kept; None where that is kept already.

        What is no JSON value counts as changed: the storage says what it makes of it.
        """
        if not self._touched or self.state is None:
            return None
        try:
            same = _written(self.state) == self._before
        except ValueError:
            same = False
        return None if same else self.state


def _written(state: State) -> bytes:
    """As JSON; empty where no skill has anything, which spares the most frequent case the writing."""
    kept = {skill: values for skill, values in state.items() if values}
    return json_values.written(kept) if kept else b""
