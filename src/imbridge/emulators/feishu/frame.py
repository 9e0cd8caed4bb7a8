"""The long connection's frame: protobuf (proto2) message `pbbp2.Frame`.

Fields as in the official SDKs' `pbbp2.proto`: SeqID=1, LogID=2 (uint64), service=3, method=4 (int32), all required;
headers=5 (repeated key=1, value=2), payload_encoding=6, payload_type=7 (string), payload=8 (bytes), LogIDNew=9
(string). The message class is built here, in a pool of its own, so that no generated module (and no other protobuf
user of the process) is involved.
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

METHOD_CONTROL = 0
METHOD_DATA = 1


class BadFrameError(ValueError):
    """Bytes that are no frame."""


@cache
def _frame_class() -> Any:
    field = descriptor_pb2.FieldDescriptorProto
    schema = descriptor_pb2.FileDescriptorProto(name="pbbp2.proto", package="pbbp2", syntax="proto2")

    header = schema.message_type.add(name="Header")
    for number, name in ((1, "key"), (2, "value")):
        header.field.add(name=name, number=number, type=field.TYPE_STRING, label=field.LABEL_REQUIRED)

    frame = schema.message_type.add(name="Frame")
    for number, name, kind, label in (
        (1, "SeqID", field.TYPE_UINT64, field.LABEL_REQUIRED),
        (2, "LogID", field.TYPE_UINT64, field.LABEL_REQUIRED),
        (3, "service", field.TYPE_INT32, field.LABEL_REQUIRED),
        (4, "method", field.TYPE_INT32, field.LABEL_REQUIRED),
        (5, "headers", field.TYPE_MESSAGE, field.LABEL_REPEATED),
        (6, "payload_encoding", field.TYPE_STRING, field.LABEL_OPTIONAL),
        (7, "payload_type", field.TYPE_STRING, field.LABEL_OPTIONAL),
        (8, "payload", field.TYPE_BYTES, field.LABEL_OPTIONAL),
        (9, "LogIDNew", field.TYPE_STRING, field.LABEL_OPTIONAL),
    ):
        added = frame.field.add(name=name, number=number, type=kind, label=label)
        if kind == field.TYPE_MESSAGE:
            added.type_name = ".pbbp2.Header"

    pool = descriptor_pool.DescriptorPool()
    pool.Add(schema)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("pbbp2.Frame"))


def encode(
    *, method: int, service: int, headers: dict[str, str], payload: bytes = b"", seq_id: int = 0, log_id: int = 0
) -> bytes:
    """A frame as bytes."""
    frame = _frame_class()(SeqID=seq_id, LogID=log_id, service=service, method=method)
    add = frame.headers.add
    for key, value in headers.items():
        add(key=key, value=value)
    if payload:
        frame.payload = payload
    data: bytes = frame.SerializeToString()
    return data


def decode(data: bytes) -> Any:
    """The protobuf message in these bytes (attributes: SeqID, LogID, service, method, headers, payload, ...).

    Raises:
        BadFrameError: The bytes are no frame, or a required field is missing.
    """
    try:
        return _frame_class().FromString(data)
    except (DecodeError, TypeError) as error:
        raise BadFrameError(f"not a pbbp2.Frame: {error}") from error


def headers_of(frame: Any) -> dict[str, str]:
    """The frame's headers by key."""
    return {header.key: header.value for header in frame.headers}
