"""Tests for skills, in a few lines: a real bridge, the real adapter, an emulated platform, no account anywhere."""

from imbridge.testing.chat import Chat, Person, chat

__all__ = ["Chat", "Person", "chat"]
