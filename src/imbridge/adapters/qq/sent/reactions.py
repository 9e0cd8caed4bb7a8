"""Emojis on messages of channels.

Source: bot.q.qq.com, "reactions": type 1 are QQ's own emoji, by number; type 2 are characters, by their code point.
"""

from imbridge.adapters.qq.api import QQApi, kind_of
from imbridge.adapters.qq.errors import API_ERRORS
from imbridge.adapters.qq.faces import face_id
from imbridge.protocol import Channel, DeliveryError, NotSupportedError
from imbridge.transport import Reaction

_SYSTEM, _CHARACTER = 1, 2
_VARIATION = "\ufe0f"


class Reactions:
    """Puts emojis on messages for one bot."""

    def __init__(self, api: QQApi) -> None:
        """Over one bot's API."""
        self._api = api

    async def put(self, channel: Channel, message_id: str, emoji: str, *, on: bool) -> None:
        """Put an emoji on a message, or take it off; to do it twice is no error.

        Raises:
            NotSupportedError: not here, or it is no emoji that QQ has.
            DeliveryError: the platform refuses it.
        """
        if kind_of(channel) != "guild":
            raise NotSupportedError("QQ has reactions on messages of guilds' channels only")
        try:
            await self._api.react(channel, message_id, path_of(emoji), on=on)
        except DeliveryError as error:
            if API_ERRORS.lookup(error.code).reaction is not Reaction.DONE:
                raise


def path_of(emoji: str) -> str:
    """An emoji as the API names it, `type/id`.

    Args:
        emoji: A character; the number or the name of one of QQ's own; or `type/id`.

    Raises:
        NotSupportedError: it is none of these.
    """
    kind, slash, number = emoji.partition("/")
    if slash and kind in (str(_SYSTEM), str(_CHARACTER)) and number.isascii() and number.isdigit():
        return emoji
    if not slash and (face := face_id(emoji)):
        return f"{_SYSTEM}/{face}"
    character = emoji.replace(_VARIATION, "")
    if len(character) == 1 and not character.isascii():
        return f"{_CHARACTER}/{ord(character)}"
    raise NotSupportedError(f"QQ knows no emoji {emoji[:20]!r}: a single character, or the number of one of its own")
