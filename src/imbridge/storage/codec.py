"""Entries as JSON, and back.

What a newer version wrote is read as far as this one knows it (`Unknown`, `UnknownEvent`).

Bytes of media are base64 in the JSON; a path stays a path, and the file has to be there when it is sent.
"""

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from imbridge.protocol import AnyEvent, Channel, Event, Message, Reply


class Codec:
    """Reads and writes items. It holds a validator that is dear to make, so make one and keep it."""

    def __init__(self) -> None:
        """The validators are built at first use."""
        self._readers: tuple[TypeAdapter[Any], TypeAdapter[Any]] | None = None

    def dump_item(self, item: Message | Event) -> str:
        """A message or event. What JSON cannot say in its payload is written as text."""
        try:
            return item.model_dump_json(fallback=str)
        except PydanticSerializationError:  # half a surrogate pair in the payload
            return json.dumps(item.model_dump(mode="python"), default=str)

    def load_item(self, kind: str, text: str) -> Message | Event:
        """What `dump_item` wrote; `kind` is `message` or `event`.

        Raises:
            ValueError: it cannot be read.
        """
        if self._readers is None:
            self._readers = TypeAdapter(Message), TypeAdapter(AnyEvent)
        reader: TypeAdapter[Any] = self._readers[kind != "message"]
        try:
            item: Message | Event = reader.validate_json(text)
        except (
            ValidationError
        ):  # half a surrogate pair: pydantic's own parser refuses it, the standard library's does not
            item = reader.validate_python(json.loads(text))
        return item

    def dump_reply(self, reply: Reply) -> str:
        """A reply.

        Raises:
            ValueError: something in it cannot be written down, as a stream of bytes.
        """
        try:
            return reply.model_dump_json()
        except PydanticSerializationError as error:
            raise ValueError(f"a {error}") from error

    def load_reply(self, text: str) -> Reply:
        """What `dump_reply` wrote.

        Raises:
            ValueError: it cannot be read.
        """
        return Reply.model_validate_json(text)

    def load_channel(self, data: Any) -> Channel:
        """A channel of parsed JSON."""
        return Channel.model_validate(data)
