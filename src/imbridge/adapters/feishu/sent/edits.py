"""Changing a message of Markdown: it is a post or a card, and each is changed its own way and stays what it is."""

from imbridge.adapters.feishu.api import FeishuApi
from imbridge.adapters.feishu.outbound import as_card, as_post
from imbridge.adapters.feishu.refusals import DegradeError
from imbridge.adapters.markdown_told import told
from imbridge.protocol import Degradation
from imbridge.rendering import Part

_NO_POST = 230054
"""The platform changes texts and posts this way, and this message is none."""
_MOST = 1_000


class MarkdownEdits:
    """Changes posts and cards; remembers of the newest cards that they are some, which saves a call."""

    def __init__(self, api: FeishuApi) -> None:
        """Nothing is known yet."""
        self._api = api
        self._cards: dict[str, None] = {}

    async def edit(self, message_id: str, chat: str, part: Part) -> tuple[str, int, list[Degradation]]:
        """Show this part of Markdown in place of what the message shows; its kind, the attempts, and what is otherwise.

        Raises:
            DeliveryError: as `FeishuApi.edit` and `FeishuApi.update_card`.
        """
        before = 0
        if message_id not in self._cards:
            content, changed = as_post(part)
            try:
                attempts = await self._api.edit(message_id, chat, "post", content)
            except DegradeError as error:
                if error.code != _NO_POST or error.ambiguous:
                    raise
                before = 1
                if len(self._cards) >= _MOST:
                    del self._cards[next(iter(self._cards))]
                self._cards[message_id] = None
            else:
                return "post", attempts, told(changed, "a post of Feishu's shows no such thing, and it stays a post")
        content, changed = as_card(part)
        attempts = await self._api.update_card(message_id, content)
        return "interactive", before + attempts, told(changed, "a card of Feishu's shows no such thing")
