"""What a WeCom account can do, by its mode. Source: developer.work.weixin.qq.com, path/90236 (an app's messages)."""

from imbridge.adapters.wecom.sent.markdown import MARKDOWN, ROBOT, ROBOT_V2
from imbridge.protocol import Capabilities

APP = Capabilities(
    receives=frozenset({"text", "image", "audio", "video", "location", "link", "file", "unknown"}),
    sends=frozenset({"text", "markdown", "link", "image", "audio", "video", "file", "card"}),
    text_bytes=2048,
    markdown_bytes=2048,
    markdown_shows=MARKDOWN.shows,
    image_bytes=10 << 20,
    images=("png", "jpg"),
    file_bytes=20 << 20,
    voices=("amr",),
    voice_bytes=2 << 20,
    voice_seconds=60,
    edit_cards=True,
    recall=True,
    recall_window=24 * 3600,
    push=True,
)

GROUP_ROBOT = Capabilities(
    sends=frozenset({"text", "markdown", "mention", "mention_all", "link", "image", "audio", "file", "card"}),
    text_bytes=2048,
    markdown_bytes=4096,
    markdown_shows=ROBOT.shows | ROBOT_V2.shows,
    image_bytes=2 << 20,
    images=("png", "jpg"),
    file_bytes=20 << 20,
    voices=("amr",),
    voice_bytes=2 << 20,
    voice_seconds=60,
    mention=True,
    push=True,
)
"""What the robot of a group can do: it speaks in one group, and hears nothing.

Source: developer.work.weixin.qq.com, "group robots" (path/91770), now "message push" (path/99110).
"""

APP_WITHOUT_MARKDOWN = APP.model_copy(update={"sends": APP.sends - {"markdown"}, "markdown_shows": frozenset()})
"""Where the setting `markdown` says that it is to be shown as text."""
