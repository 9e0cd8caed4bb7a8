"""Who receives, and what it has to know again from one delivery to the next."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from imbridge.adapters.card_seals import NOT_SEALING, Seals
from imbridge.protocol import Channel

_MOST = 10_000


class PrivateChats:
    """The private chats that were heard of: whose each is. Clicks name a chat by an id that tells nobody its kind."""

    __slots__ = ("_people",)

    def __init__(self) -> None:
        self._people: OrderedDict[str, str] = OrderedDict()

    def note(self, conversation: str, person: str) -> None:
        """A conversation is the private chat with a person; the latest 10,000 are kept."""
        people = self._people
        if people.get(conversation) == person:
            people.move_to_end(conversation)
            return
        people[conversation] = person
        while len(people) > _MOST:
            people.popitem(last=False)

    def person(self, conversation: str) -> str | None:
        """Whose private chat it is; None when it is not known as one."""
        return self._people.get(conversation)


def _nowhere(out_track_id: str) -> Channel | None:
    return None


@dataclass(slots=True)
class Identity:
    """The account that receives.

    Attributes:
        account: Its name in the configuration.
        robot_code: The app's robot.
        name: What the robot is called, where it is known.
        user_id: The robot as the platform names it in messages (`chatbotUserId`), once something came.
        seals: What its cards are sealed with.
        private_chats: What the platform calls the private chats.
        card_channel: Where a card of ours was sent, by its `outTrackId`; None for a card that is not known.
    """

    account: str
    robot_code: str
    name: str = ""
    user_id: str = ""
    seals: Seals = field(default=NOT_SEALING, repr=False)
    private_chats: PrivateChats = field(default_factory=PrivateChats, repr=False)
    card_channel: Callable[[str], Channel | None] = field(default=_nowhere, repr=False)
