"""What a DingTalk account can do, by its mode.

Source: open.dingtalk.com, "types of robot messages", "custom robots", "receive messages of a robot".
"""

from imbridge.protocol import Capabilities

ROBOT = Capabilities(
    receives=frozenset(
        {"text", "markdown", "mention", "image", "file", "audio", "video", "card", "quote", "forward", "unknown"}
    ),
    sends=frozenset({"text", "markdown"}),
    text_bytes=18_000,
    markdown_bytes=18_000,
    image_bytes=20 << 20,
    file_bytes=20 << 20,
    recall=True,
    recall_window=24 * 3600,
    push=True,
)
"""An app's robot. The platform refuses messages of more than 20,000 bytes, the whole body counted."""
