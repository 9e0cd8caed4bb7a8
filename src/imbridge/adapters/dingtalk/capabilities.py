"""What a DingTalk account can do, by its mode.

Source: open.dingtalk.com, "types of robot messages", "custom robots", "receive messages of a robot".
"""

from imbridge.adapters.dingtalk.sent.markdown import ROBOT as DIALECT
from imbridge.protocol import Capabilities

ROBOT = Capabilities(
    receives=frozenset(
        {"text", "markdown", "mention", "image", "file", "audio", "video", "card", "quote", "forward", "unknown"}
    ),
    sends=frozenset({"text", "markdown", "mention", "mention_all", "link", "image", "audio", "video", "file", "card"}),
    text_bytes=15_000,
    markdown_bytes=15_000,
    markdown_shows=DIALECT.shows,
    image_bytes=20 << 20,
    images=("png", "jpg", "gif", "bmp"),
    file_bytes=20 << 20,
    voices=("opus", "amr"),
    voice_bytes=2 << 20,
    edit_cards=True,
    recall=True,
    recall_window=24 * 3600,
    react=True,
    typing=True,
    mention=True,
    push=True,
)
"""An app's robot. `msgParam` has at most 15,000 bytes, JSON and all; a webhook's body has at most 20,000."""

CUSTOM_ROBOT = Capabilities(
    sends=frozenset({"text", "markdown", "mention", "mention_all", "link", "image", "card"}),
    text_bytes=19_900,
    markdown_bytes=19_900,
    markdown_shows=DIALECT.shows,
    mention=True,
    push=True,
    idempotent_send=True,
)
"""The custom robot of a group: it speaks in one group, and hears nothing. A body has at most 20,000 bytes."""
