"""Who may trigger what."""

from imbridge.policy.direct import DirectGate
from imbridge.policy.limits import UseCounter
from imbridge.policy.permissions import Permissions, SkillRule

__all__ = ["DirectGate", "Permissions", "SkillRule", "UseCounter"]
