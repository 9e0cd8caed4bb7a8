"""Which skill a message is for, before its turn comes: see `SkillSet.first`."""

import logging

from imbridge.protocol import Message
from imbridge.skills import BaseSkill, SkillSet
from imbridge.skills.conditions import full_width

log = logging.getLogger(__name__)


def foretold(skills: SkillSet, message: Message) -> BaseSkill | None:
    """The skill that would be asked first; None when none would, or nobody can tell."""
    try:
        return skills.first(message)
    except Exception:
        # It is stored already: whatever a trigger raises is told again, to the person, when its turn comes.
        log.exception("message %s: a trigger failed; it waits its turn", message.id)
        return None


class Debounce:
    """For how long a message is held for what may follow: the skill's own `debounce`, or else the option."""

    def __init__(self, skills: SkillSet, seconds: float) -> None:
        """`seconds` is the option; 0: not at all."""
        self._skills = skills
        self._seconds = seconds
        prefix = skills.command_prefix
        self._prefixes = (prefix, full_width(prefix))

    @property
    def holds(self) -> bool:
        """Whether any message may be held."""
        return bool(self._seconds or self._skills.debounces)

    def is_off(self) -> bool:
        """Whether none is held, whatever it is."""
        return not self.holds

    def __call__(self, message: Message) -> float:
        """Seconds; 0 for a command, which is whole."""
        if not self.holds or message.text.lstrip().startswith(self._prefixes):
            return 0.0
        if not self._skills.debounces:
            return self._seconds
        skill = foretold(self._skills, message)
        return self._seconds if skill is None or skill.debounce is None else skill.debounce
