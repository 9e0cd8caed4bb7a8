"""What people write: skills, when they are asked, and how they are found."""

from imbridge.skills.base import NOT_MINE, BaseSkill, NotMine
from imbridge.skills.catalogue import Catalogue, CommandEntry, SkillEntry
from imbridge.skills.command_line import quote_argument, split_arguments
from imbridge.skills.dispatch import Outcome, SkillSet
from imbridge.skills.errors import SkillFailure
from imbridge.skills.function import FunctionSkill, command_skill, event_skill, message_skill
from imbridge.skills.triggers import on_command, on_element, on_event, on_mention, on_message, on_pattern

__all__ = [
    "NOT_MINE",
    "BaseSkill",
    "Catalogue",
    "CommandEntry",
    "FunctionSkill",
    "NotMine",
    "Outcome",
    "SkillEntry",
    "SkillFailure",
    "SkillSet",
    "command_skill",
    "event_skill",
    "message_skill",
    "on_command",
    "on_element",
    "on_event",
    "on_mention",
    "on_message",
    "on_pattern",
    "quote_argument",
    "split_arguments",
]
