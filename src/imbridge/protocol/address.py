"""Addresses: one string that names a conversation on any platform."""

import re
from typing import Any, Self
from urllib.parse import unquote

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from imbridge.protocol.channel import Channel, ChannelKind

_ADDRESS = re.compile(
    r"(?P<platform>[a-z][a-z0-9_]*):(?P<account>[^/:#\s]+)/(?P<kind>[a-z]+)/(?P<id>[^/#\s]+)(?:#(?P<thread>[^/#\s]+))?"
)


class Address(str):
    """`platform:account/kind/id[#thread]`, for example `feishu:work/group/oc_1#omt_2`.

    It is a plain string that is known to be well formed. Characters of an id that have a meaning in an address
    (`/`, `#`, `%`, white space, ...) are percent-encoded; `channel` gives them back decoded. However a person encoded
    them, the string is the one `Channel.address` gives, so that addresses of one channel are equal.

    Raises:
        ValueError: the text is not an address; the message shows the form.
    """

    __slots__ = ("_channel",)
    _channel: Channel

    def __new__(cls, text: str) -> Self:
        """Check and take over a text."""
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise ValueError(
                f"not an address: {text!r}; expected platform:account/kind/id[#thread], as feishu:work/group/oc_1"
            )
        try:
            kind = ChannelKind(match["kind"])
        except ValueError:
            kinds = ", ".join(kind.value for kind in ChannelKind)
            raise ValueError(f"not an address: {text!r}; its kind {match['kind']!r} is none of {kinds}") from None
        thread = match["thread"]
        try:
            channel = Channel(
                platform=match["platform"],
                account=unquote(match["account"], errors="strict"),
                kind=kind,
                id=unquote(match["id"], errors="strict"),
                thread=None if thread is None else unquote(thread, errors="strict"),
            )
        except UnicodeDecodeError:
            raise ValueError(f"not an address: {text!r}; its percent-encoding is not UTF-8") from None
        self = super().__new__(cls, channel.address)
        self._channel = channel
        return self

    @classmethod
    def of(cls, channel: Channel) -> "Address":
        """The address of a channel."""
        return cls(channel.address)

    @property
    def channel(self) -> Channel:
        """The channel that is meant (without its name, which an address does not carry)."""
        return self._channel

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let pydantic models hold addresses."""
        return core_schema.no_info_after_validator_function(
            cls, core_schema.str_schema(), serialization=core_schema.plain_serializer_function_ser_schema(str)
        )
