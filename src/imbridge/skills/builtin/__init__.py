"""Skills that come with imbridge."""

from imbridge.skills.builtin.agent import CommandAgentSkill
from imbridge.skills.builtin.echo import EchoSkill
from imbridge.skills.builtin.help import HelpSkill

__all__ = ["CommandAgentSkill", "EchoSkill", "HelpSkill"]
