"""Who may trigger what."""

from imbridge.policy.direct import DirectGate
from imbridge.policy.limits import SkillLimits
from imbridge.policy.permissions import Permissions, SkillRule

__all__ = ["DirectGate", "Permissions", "SkillLimits", "SkillRule"]
