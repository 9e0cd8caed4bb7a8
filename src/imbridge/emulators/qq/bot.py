"""A robot and what it may do."""

from dataclasses import dataclass, field
from typing import Any

from imbridge.emulators.qq.intents import APPLIED, BASE


@dataclass(slots=True, eq=False)
class Bot:
    """A robot. Its permissions may be changed at any time.

    Attributes:
        app_id: Its AppID.
        secret: Its AppSecret.
        name: What people see.
        bot_id: Its number in channels.
        markdown: Whether it may send Markdown of its own.
        keyboard: Whether it may send buttons of its own.
        ark: Whether it may send ark messages.
        private: Whether it is a private bot: it may hear everything in its channels, and manage them.
        audit: Whether what it sends to channels is audited by people first.
        active: Whether it may send messages that answer nothing.
        urls: Hosts it may name, `*` in them as in file names; `("*",)`: all.
        intents: The events it may ask the gateway for.
        templates: Its Markdown templates: the texts by id, with `{{.name}}` for what is filled in.
        keyboards: Its keyboard templates by id.
        delisted: Whether the gateway turns it away with 4914.
        banned: Whether the gateway turns it away with 4915.
    """

    app_id: str
    secret: str = field(repr=False)
    name: str
    bot_id: str
    markdown: bool = True
    keyboard: bool = True
    ark: bool = True
    private: bool = False
    audit: bool = False
    active: bool = False
    urls: tuple[str, ...] = ("*",)
    intents: int = BASE | APPLIED
    templates: dict[str, str] = field(default_factory=dict, repr=False)
    keyboards: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    delisted: bool = False
    banned: bool = False
