"""imbridge: one skill on every IM that China works in.

The names below are the public face. What needs a network library is loaded at first use, so that `import imbridge`
stays cheap.
"""

from typing import TYPE_CHECKING, Any

from imbridge.protocol import (
    Address,
    ApprovalChanged,
    AskTimeoutError,
    Audio,
    AuthError,
    BotAdded,
    BotRemoved,
    ButtonClicked,
    Capabilities,
    Card,
    Channel,
    ChannelClosed,
    ChannelKind,
    ChannelUpdated,
    ChatOpened,
    ConfigError,
    ContactChanged,
    DeliveryError,
    DeliveryState,
    Element,
    Emoji,
    Event,
    File,
    Forward,
    Image,
    ImbridgeError,
    Link,
    Location,
    Markdown,
    Media,
    MemberJoined,
    MemberLeft,
    Mention,
    MentionAll,
    MenuClicked,
    Message,
    MessageRead,
    MessageRecalled,
    Quote,
    ReactionAdded,
    ReactionRemoved,
    Receipt,
    Reply,
    Sender,
    SkillError,
    Sticker,
    Text,
    Unknown,
    UnknownEvent,
    Video,
)
from imbridge.skills import (
    NOT_MINE,
    BaseSkill,
    on_command,
    on_element,
    on_event,
    on_mention,
    on_message,
    on_pattern,
)

if TYPE_CHECKING:
    from imbridge.adapters.feishu.config import FeishuConfig
    from imbridge.config.options import BridgeOptions
    from imbridge.runtime import Bridge

__version__ = "0.1.0"

_LAZY = {
    "Bridge": "imbridge.runtime",
    "BridgeOptions": "imbridge.config.options",
    "FeishuConfig": "imbridge.adapters.feishu.config",
}


def __getattr__(name: str) -> Any:
    """Load at first use what is too heavy for `import imbridge`."""
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module 'imbridge' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(module), name)


__all__ = [
    "NOT_MINE",
    "Address",
    "ApprovalChanged",
    "AskTimeoutError",
    "Audio",
    "AuthError",
    "BaseSkill",
    "BotAdded",
    "BotRemoved",
    "Bridge",
    "BridgeOptions",
    "ButtonClicked",
    "Capabilities",
    "Card",
    "Channel",
    "ChannelClosed",
    "ChannelKind",
    "ChannelUpdated",
    "ChatOpened",
    "ConfigError",
    "ContactChanged",
    "DeliveryError",
    "DeliveryState",
    "Element",
    "Emoji",
    "Event",
    "FeishuConfig",
    "File",
    "Forward",
    "Image",
    "ImbridgeError",
    "Link",
    "Location",
    "Markdown",
    "Media",
    "MemberJoined",
    "MemberLeft",
    "Mention",
    "MentionAll",
    "MenuClicked",
    "Message",
    "MessageRead",
    "MessageRecalled",
    "Quote",
    "ReactionAdded",
    "ReactionRemoved",
    "Receipt",
    "Reply",
    "Sender",
    "SkillError",
    "Sticker",
    "Text",
    "Unknown",
    "UnknownEvent",
    "Video",
    "__version__",
    "on_command",
    "on_element",
    "on_event",
    "on_mention",
    "on_message",
    "on_pattern",
]
