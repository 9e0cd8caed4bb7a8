"""Settings from YAML, environment and code: one model."""

from imbridge.config.account import AccountConfig, DirectPolicy
from imbridge.config.load import load
from imbridge.config.options import BridgeOptions, Durability, Language, LogFormat, LogLevel
from imbridge.config.settings import Settings
from imbridge.config.skill import SkillSource, SkillSpec
from imbridge.protocol.overlap import Overlap

__all__ = [
    "AccountConfig",
    "BridgeOptions",
    "DirectPolicy",
    "Durability",
    "Language",
    "LogFormat",
    "LogLevel",
    "Overlap",
    "Settings",
    "SkillSource",
    "SkillSpec",
    "load",
]
