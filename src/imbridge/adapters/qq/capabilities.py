"""What a QQ bot can do.

Source: bot.q.qq.com, "sending messages", "rich media", "message recall", "reactions".
"""

from imbridge.adapters.qq.sent.markdown import GUILD
from imbridge.protocol import Capabilities

BOT = Capabilities(
    receives=frozenset(
        {"text", "markdown", "mention", "mention_all", "emoji", "image", "audio", "video", "file", "quote", "forward",
         "notice", "unknown"}
    ),
    sends=frozenset({"text", "markdown", "mention", "mention_all", "emoji", "image", "audio", "video", "file", "card"}),
    text_bytes=4000,
    markdown_bytes=4000,
    markdown_shows=GUILD.shows,
    image_bytes=20 << 20,
    images=("png", "jpg", "gif"),
    file_bytes=200 << 20,
    voices=("silk", "mp3", "wav", "flac"),
    voice_bytes=20 << 20,
    recall=True,
    recall_window=120,
    react=True,
    typing=True,
    quote=True,
    mention=True,
    idempotent_send=True,
    push=True,
    reply_window=300,
)  # fmt: skip
"""How long a text may be is not documented. Mentions are for groups and channels, reactions for channels, the sign that
an answer is on its way for single chats; guilds take no media but pictures, and their answers have no number by which
one that is repeated would be known."""

BOT_WITHOUT_MARKDOWN = BOT.model_copy(update={"sends": BOT.sends - {"markdown"}})
"""Where the setting `markdown` says that none is to be sent."""
