"""What an Official Account can do.

Sources, all on developers.weixin.qq.com: doc/service/api/customer/message/api_sendcustommessage (what can be sent, five
messages in the 48 hours after one of the follower's), doc/service/guide/product/message/Passive_user_reply_message.html
(passive replies), doc/service/api/material/temporary/api_uploadtempmedia (sizes). That a text has at most 2,048 bytes
is said by the older documents and by people who tried; today's name no limit.
"""

from imbridge.protocol import Capabilities

WECHAT = Capabilities(
    receives=frozenset({"text", "image", "audio", "video", "location", "link", "file", "unknown"}),
    sends=frozenset({"text", "image", "audio", "video", "card"}),
    text_bytes=2048,
    image_bytes=10 << 20,
    images=("png", "jpg", "gif"),
    file_bytes=10 << 20,
    voices=("amr", "mp3"),
    voice_bytes=2 << 20,
    voice_seconds=60,
    typing=True,
    push=False,
    reply_window=48 * 3600.0,
)

PASSIVE_ONLY = WECHAT.model_copy(update={"typing": False, "reply_window": 14.0})
"""Of an account without customer-service messages."""

WITH_REST = PASSIVE_ONLY.model_copy(update={"text_bytes": 64 << 10})
"""The same, where the rest of a long text waits until the follower asks for it: the adapter cuts it itself."""
