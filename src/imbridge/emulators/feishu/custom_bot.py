"""A custom bot: an address into one group, which anybody who has it can post to.

Rules: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (security settings, 100 messages a minute and
5 a second, 20 KB, 9499, 11232, 19021, 19022, 19024). 19001, 19002 and 19007 are not in it; clients report them.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from imbridge.emulators.feishu.app import App
from imbridge.emulators.feishu.chat import Chat

WINDOW = 3600
"""Seconds that a signature's timestamp may be from now."""


@dataclass(slots=True, eq=False)
class CustomBot:
    """A custom bot of a group.

    Attributes:
        chat: The group.
        url: Where to post.
        sender: Who its messages are from: no app of the tenant, it has no API and gets no events.
        secret: With it, requests must be signed.
        keywords: With any, a message must contain one of them.
        ip_allowed: Whether the caller's address is on its list.
        enabled: Whether it is switched on.
    """

    chat: Chat
    url: str = field(repr=False)
    sender: App
    secret: str = field(default="", repr=False)
    keywords: Sequence[str] = ()
    ip_allowed: bool = True
    enabled: bool = True

    def signed(self, timestamp: object, sign: object, now: float) -> bool:
        """Whether the signature is the secret's and of this hour.

        The key is the timestamp, a line feed and the secret; what is signed is empty.
        """
        if not self.secret:
            return True
        text = str(timestamp)
        if not (text.isascii() and text.isdigit()) or abs(now - int(text)) > WINDOW or not isinstance(sign, str):
            return False
        digest = hmac.new(f"{text}\n{self.secret}".encode(), b"", hashlib.sha256).digest()
        return hmac.compare_digest(base64.b64encode(digest), sign.encode())
