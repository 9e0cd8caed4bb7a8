"""Repeats what is said: the first skill to try, and the one that shows what arrives."""

from imbridge.config.options import Language
from imbridge.protocol import Element, Mention, MentionAll, Message, Quote, Text
from imbridge.skills.base import BaseSkill
from imbridge.skills.builtin.language import check_language

_NAMES: dict[str, tuple[str, str]] = {
    "text": ("文字", "text"),
    "markdown": ("Markdown 文本", "Markdown"),
    "emoji": ("表情", "an emoji"),
    "link": ("链接", "a link"),
    "image": ("图片", "an image"),
    "file": ("文件", "a file"),
    "audio": ("语音", "a voice message"),
    "video": ("视频", "a video"),
    "sticker": ("表情包", "a sticker"),
    "location": ("位置", "a location"),
    "card": ("卡片", "a card"),
    "forward": ("合并转发的消息", "forwarded messages"),
    "unknown": ("暂不认识的内容", "something I do not know"),
}


class EchoSkill(BaseSkill):
    """Repeats text; of anything else it says what it is. Its priority is low: other skills go first.

    Args:
        language: `zh` or `en`.
    """

    name = "echo"
    description = "repeats what you say"
    version = "1.0"
    priority = -10

    def __init__(self, language: str = Language.ENGLISH) -> None:
        super().__init__()
        self._language = check_language(language, self.name)

    async def handle_message(self, msg: Message) -> str | None:
        """The text again, or what there was in its place."""
        if msg.content_type in ("text", "markdown") and msg.text.strip():
            return msg.text
        chinese = self._language is Language.CHINESE
        things = list(dict.fromkeys(self._name(element, chinese) for element in msg.elements if _is_content(element)))
        if not things and msg.content_type in ("text", "markdown"):
            return "我在，请说。" if chinese else "I am here. What can I repeat?"
        if not things:
            things = [_NAMES.get(msg.content_type, _NAMES["unknown"])[0 if chinese else 1]]
        if chinese:
            return f"收到{'、'.join(things)}。我只会重复文字。"
        return f"I got {', '.join(things)}. I can only repeat text."

    @staticmethod
    def _name(element: Element, chinese: bool) -> str:
        return _NAMES.get(getattr(element, "type", ""), _NAMES["unknown"])[0 if chinese else 1]


def _is_content(element: Element) -> bool:
    if isinstance(element, Text):
        return bool(element.text.strip())
    return not isinstance(element, Mention | MentionAll | Quote)
