"""Where people and robots talk."""

from imbridge.emulators.qq.group import Group
from imbridge.emulators.qq.guild import Channel, Direct

Chat = Group | Channel | Direct | None
"""A group, a channel, a channel's private messages; None: the single chat with a robot."""
