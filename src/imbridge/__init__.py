"""imbridge: one skill on every IM that China works in.

The names below are the public face. What needs a network library is loaded at first use, so that `import imbridge`
stays cheap.
"""

from typing import TYPE_CHECKING, Any

from imbridge.protocol import (
    Address,
    AskTimeoutError,
    Audio,
    AuthError,
    Capabilities,
    Card,
    Channel,
    ChannelKind,
    ConfigError,
    DeliveryError,
    DeliveryState,
    Element,
    Emoji,
    Event,
    File,
    Image,
    ImbridgeError,
    Link,
    Location,
    Markdown,
    Mention,
    MentionAll,
    Message,
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
    "AskTimeoutError",
    "Audio",
    "AuthError",
    "BaseSkill",
    "Bridge",
    "BridgeOptions",
    "Capabilities",
    "Card",
    "Channel",
    "ChannelKind",
    "ConfigError",
    "DeliveryError",
    "DeliveryState",
    "Element",
    "Emoji",
    "Event",
    "FeishuConfig",
    "File",
    "Image",
    "ImbridgeError",
    "Link",
    "Location",
    "Markdown",
    "Mention",
    "MentionAll",
    "Message",
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
