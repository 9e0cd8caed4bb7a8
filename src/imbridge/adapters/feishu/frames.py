"""The binary frames of Feishu's long connection: protobuf message `pbbp2.Frame`.

Field numbers and types are those of the official SDK (`lark_oapi/ws/pb/pbbp2_pb2.py`); a differential test holds the
two byte-identical. The messages are built from a descriptor at first use, in a pool of their own, so that they cannot
collide with any other copy of the schema in the process.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory
from pydantic_core import from_json

from imbridge.protocol import DecodeError

CONTROL, DATA = 0, 1

_FIELD = descriptor_pb2.FieldDescriptorProto
_FRAME_FIELDS = (
    ("SeqID", 1, _FIELD.TYPE_UINT64, _FIELD.LABEL_REQUIRED),
    ("LogID", 2, _FIELD.TYPE_UINT64, _FIELD.LABEL_REQUIRED),
    ("service", 3, _FIELD.TYPE_INT32, _FIELD.LABEL_REQUIRED),
    ("method", 4, _FIELD.TYPE_INT32, _FIELD.LABEL_REQUIRED),
    ("headers", 5, _FIELD.TYPE_MESSAGE, _FIELD.LABEL_REPEATED),
    ("payload_encoding", 6, _FIELD.TYPE_STRING, _FIELD.LABEL_OPTIONAL),
    ("payload_type", 7, _FIELD.TYPE_STRING, _FIELD.LABEL_OPTIONAL),
    ("payload", 8, _FIELD.TYPE_BYTES, _FIELD.LABEL_OPTIONAL),
    ("LogIDNew", 9, _FIELD.TYPE_STRING, _FIELD.LABEL_OPTIONAL),
)


@cache
def frame_type() -> Any:
    """The protobuf class of a frame."""
    file = descriptor_pb2.FileDescriptorProto(name="imbridge/pbbp2.proto", package="pbbp2", syntax="proto2")
    header = file.message_type.add(name="Header")
    header.field.add(name="key", number=1, type=_FIELD.TYPE_STRING, label=_FIELD.LABEL_REQUIRED)
    header.field.add(name="value", number=2, type=_FIELD.TYPE_STRING, label=_FIELD.LABEL_REQUIRED)
    frame = file.message_type.add(name="Frame")
    for name, number, kind, label in _FRAME_FIELDS:
        field = frame.field.add(name=name, number=number, type=kind, label=label)
        if kind == _FIELD.TYPE_MESSAGE:
            field.type_name = ".pbbp2.Header"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("pbbp2.Frame"))


@dataclass(slots=True)
class Frame:
    """A parsed frame: its headers as a dict, and the protobuf message itself, which an ack is made from."""

    method: int
    headers: dict[str, str]
    payload: bytes
    wire: Any


def parse_frame(data: bytes) -> Frame:
    """Read one frame.

    Raises:
        DecodeError: it is not a frame; the bytes are kept in `payload`.
    """
    wire = frame_type()()
    try:
        wire.ParseFromString(data)
        headers = {header.key: header.value for header in wire.headers}
    except (message.DecodeError, UnicodeDecodeError) as error:
        raise DecodeError(f"not a Feishu frame ({len(data)} bytes): {error}", data) from error
    if not wire.IsInitialized():  # the parser lets missing required fields pass; nothing could be answered to them
        raise DecodeError(f"not a Feishu frame ({len(data)} bytes): a required field is missing", data)
    return Frame(wire.method, headers, wire.payload, wire)


def ack_frame(frame: Frame, *, code: int, elapsed_ms: int, answer: bytes | None = None) -> bytes:
    """The answer to a data frame: the same frame with `biz_rt` added and the result as its payload.

    Args:
        frame: What is acknowledged.
        code: 200 when taken, 500 to have it delivered again.
        elapsed_ms: Milliseconds from receipt to now.
        answer: Base64 of the JSON answer to a callback (a card's toast), if there is one.
    """
    header = frame.wire.headers.add()
    header.key = "biz_rt"
    header.value = str(elapsed_ms)
    # The spacing is that of the SDK's JSON, to be byte-identical.
    frame.wire.payload = b'{"code": %d, "data": "%s"}' % (code, answer) if answer else b'{"code": %d}' % code
    data: bytes = frame.wire.SerializeToString()
    return data


def ping_frame(service_id: int) -> bytes:
    """The heartbeat of the application."""
    wire = frame_type()(SeqID=0, LogID=0, service=service_id, method=CONTROL)
    wire.headers.add(key="type", value="ping")
    data: bytes = wire.SerializeToString()
    return data


@dataclass(slots=True)
class _Partial:
    parts: list[bytes | None]
    missing: int
    size: int
    expires_at: float


class Assembler:
    """Puts split payloads together again, within bounds.

    The platform splits a large event into `sum` frames with one `message_id`. A hostile or broken peer could announce
    millions of parts or never send the last one, so parts, bytes, open messages and their time are all bounded.
    """

    def __init__(
        self, *, max_parts: int = 256, max_bytes: int = 16 << 20, max_open: int = 64, ttl: float = 10.0
    ) -> None:
        """Bounds: parts and bytes of one message, messages at a time, seconds to wait for the rest."""
        self._max_parts = max_parts
        self._max_bytes = max_bytes
        self._max_open = max_open
        self._ttl = ttl
        self._open: OrderedDict[str, _Partial] = OrderedDict()
        self._bytes = 0

    def add(self, frame: Frame) -> bytes | None:
        """Take a frame in; the whole payload when it was the last missing part, None while parts are missing.

        Raises:
            DecodeError: `sum` or `seq` make no sense or a bound is passed.
        """
        try:
            total, seq = int(frame.headers.get("sum", "1")), int(frame.headers.get("seq", "0"))
        except ValueError:
            raise DecodeError("a frame's sum or seq is not a number", frame.payload) from None
        if total <= 1:
            return frame.payload
        if total > self._max_parts or not 0 <= seq < total:
            raise DecodeError(f"a frame says it is part {seq} of {total} (at most {self._max_parts})", frame.payload)
        return self._join(frame.headers.get("message_id", ""), total, seq, frame.payload)

    def _join(self, key: str, total: int, seq: int, payload: bytes) -> bytes | None:
        now = asyncio.get_running_loop().time()
        self._expire(now)
        partial = self._open.get(key)
        if partial is None or len(partial.parts) != total:
            self._drop(key)
            partial = self._open[key] = _Partial([None] * total, total, 0, now + self._ttl)
        if partial.parts[seq] is None:
            partial.parts[seq] = payload
            partial.missing -= 1
            partial.size += len(payload)
            self._bytes += len(payload)
        if partial.size > self._max_bytes:
            self._drop(key)
            raise DecodeError(f"a split event is larger than {self._max_bytes} bytes", payload)
        while len(self._open) > self._max_open or self._bytes > 2 * self._max_bytes:
            self._drop(next(iter(self._open)))
        if partial.missing:
            return None
        self._drop(key)
        return b"".join(part for part in partial.parts if part is not None)

    def _expire(self, now: float) -> None:
        while self._open and (oldest := next(iter(self._open.items())))[1].expires_at <= now:
            self._drop(oldest[0])

    def _drop(self, key: str) -> None:
        partial = self._open.pop(key, None)
        if partial is not None:
            self._bytes -= partial.size


def parse_json(payload: bytes) -> Any:
    """Read an event's JSON.

    Raises:
        DecodeError: not JSON, or nested too deeply; the bytes are kept.
    """
    try:
        return from_json(payload)
    except (ValueError, RecursionError) as error:
        raise DecodeError(f"the payload is not JSON: {error}", payload) from None
