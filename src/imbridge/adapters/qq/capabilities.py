"""What a QQ bot can do.

Source: bot.q.qq.com, "sending messages", "rich media", "message recall".
"""

from imbridge.protocol import Capabilities

BOT = Capabilities(
    receives=frozenset({"text", "unknown"}),
    sends=frozenset({"text"}),
    text_bytes=4000,
    markdown_bytes=4000,
    image_bytes=10 << 20,
    file_bytes=100 << 20,
    recall=True,
    recall_window=120,
    idempotent_send=False,
    push=True,
    reply_window=300,
)
"""In single chats and groups. How long a text may be is not documented."""
