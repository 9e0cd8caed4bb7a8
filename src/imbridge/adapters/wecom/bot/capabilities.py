"""What a smart bot can do.

Source: developer.work.weixin.qq.com, "long connection" (path/101463), "receive messages" (path/100719), "passive
replies" (path/101031), "answers by response_url" (path/101138).
"""

from imbridge.adapters.wecom.sent.markdown import BOT as DIALECT
from imbridge.protocol import Capabilities

CONTENT_BYTES = 20_480
"""Most bytes of a stream's or a Markdown message's content."""

BOT = Capabilities(
    receives=frozenset({"text", "image", "audio", "file", "video", "quote", "mention", "unknown"}),
    sends=frozenset({"text", "markdown", "image", "audio", "video", "file", "card"}),
    text_bytes=CONTENT_BYTES,
    markdown_bytes=CONTENT_BYTES,
    markdown_shows=DIALECT.shows,
    image_bytes=10 << 20,
    images=("png", "jpg"),
    file_bytes=20 << 20,
    voices=("amr",),
    voice_bytes=2 << 20,
    voice_seconds=60,
    push=True,
)
"""Over the long connection."""

CALLBACK_BOT = Capabilities(
    receives=BOT.receives,
    sends=frozenset({"text", "markdown", "image", "card"}),
    text_bytes=CONTENT_BYTES,
    markdown_bytes=CONTENT_BYTES,
    markdown_shows=DIALECT.shows,
    image_bytes=10 << 20,
    images=("png", "jpg"),
    push=False,
    reply_window=3600,
)
"""Over HTTP callbacks: it speaks only when spoken to, and once more within the hour."""
