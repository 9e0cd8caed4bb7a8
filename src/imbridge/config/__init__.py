"""Settings from YAML, environment and code: one model."""

from imbridge.config.account import AccountConfig, DirectPolicy

__all__ = ["AccountConfig", "DirectPolicy"]
