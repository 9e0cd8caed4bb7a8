"""What a Feishu bot can do. Source: open.feishu.cn, server docs of im-v1 (message, reaction, image, file)."""

from imbridge.adapters.feishu.sent.markdown import CARD, POST
from imbridge.protocol import Capabilities

FEISHU = Capabilities(
    receives=frozenset(
        {"text", "markdown", "mention", "mention_all", "emoji", "link", "image", "file", "audio", "video", "sticker",
         "location", "card", "quote", "forward", "contact", "notice", "unknown"}
    ),
    sends=frozenset(
        {"text", "markdown", "mention", "mention_all", "emoji", "link", "image", "file", "audio", "video", "sticker",
         "contact", "card", "rich"}
    ),
    text_bytes=150 * 1024,
    markdown_bytes=30 * 1024,
    markdown_shows=POST.shows | CARD.shows,
    markdown_tables=CARD.tables,
    image_bytes=10 << 20,
    images=("png", "jpg", "gif", "webp", "bmp", "tiff", "ico"),
    file_bytes=30 << 20,
    voices=("opus",),
    voice_bytes=30 << 20,
    edit=True,
    max_edits=20,
    recall=True,
    recall_window=24 * 3600,
    react=True,
    typing=True,
    threads=True,
    quote=True,
    mention=True,
    push=True,
    idempotent_send=True,
    key_seconds=3600,
)  # fmt: skip

CUSTOM_BOT = Capabilities(
    sends=frozenset({"text", "markdown", "mention", "mention_all", "link", "image", "card", "rich", "contact"}),
    text_bytes=20 * 1024,
    markdown_bytes=20 * 1024,
    markdown_shows=CARD.shows,
    markdown_tables=CARD.tables,
    mention=True,
    push=True,
)
"""What a custom bot can do: it speaks in one group, and hears nothing. The 20 KB are those of the whole request.

Source: open.feishu.cn, client-docs/bot-v3/add-custom-bot.
"""
