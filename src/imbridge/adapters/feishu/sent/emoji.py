"""Reactions: what Feishu calls common emoji."""

_EMOJI = {
    "👍": "THUMBSUP", "👎": "ThumbsDown", "❤️": "HEART", "❤": "HEART", "😄": "SMILE", "😂": "LOL", "🎉": "PARTY",
    "👌": "OK", "🙏": "THANKS", "👏": "APPLAUSE", "💪": "MUSCLE", "✅": "DONE", "🔥": "Fire", "😢": "CRY", "😮": "WOW",
    "🤔": "THINKING",
}  # fmt: skip
"""Common emoji characters → Feishu's `emoji_type` (open.feishu.cn, im-v1 reaction "emoji types")."""


def emoji_type(emoji: str) -> str:
    """Feishu's name of a reaction: a common emoji character is translated, anything else is taken as the name."""
    return _EMOJI.get(emoji, emoji)
