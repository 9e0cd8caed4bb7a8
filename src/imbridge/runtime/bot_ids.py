"""By which id one bot knows another, where every account sees ids of its own."""

from collections import OrderedDict

from imbridge.protocol import Message

_MOST = 1_000


class BotIds:
    """Learns ids from messages that several accounts received: the same mention, as each of them sees it.

    An id that merely goes with a name is not believed, for anybody may be called like a bot.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[str, str], str] = {}
        self._views: OrderedDict[tuple[str, str], dict[str, Message]] = OrderedDict()

    def note(self, account: str, chat: str, message: Message) -> None:
        """A message came to an account. What others received of it tells who its mentions are."""
        if not message.mentions:
            return
        views = self._views.setdefault((chat, message.id), {})
        self._views.move_to_end((chat, message.id))
        views[account] = message
        for other, view in views.items():
            if other != account and len(view.mentions) == len(message.mentions):
                self._compare(account, message, other, view)
                self._compare(other, view, account, message)
        while len(self._views) > _MOST:
            self._views.popitem(last=False)

    def _compare(self, account: str, view: Message, other: str, others_view: Message) -> None:
        for mine, theirs in zip(view.mentions, others_view.mentions, strict=True):
            if theirs.is_self and not mine.is_self and mine.id and mine.name == theirs.name:
                self.learn(account, other, mine.id)

    def learn(self, account: str, other: str, bot_id: str) -> None:
        """An account sees another one under this id."""
        if bot_id:
            self._ids[account, other] = bot_id

    def of(self, account: str, other: str) -> str:
        """Under which id an account sees another one; empty when that is not known."""
        return self._ids.get((account, other), "")
