"""The frame's protobuf class, for the hand-written client."""

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_F = descriptor_pb2.FieldDescriptorProto


def frame_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="bench.proto", package="bench", syntax="proto2")
    header = file.message_type.add(name="Header")
    for number, name in enumerate(("key", "value"), 1):
        header.field.add(name=name, number=number, type=_F.TYPE_STRING, label=_F.LABEL_REQUIRED)
    frame = file.message_type.add(name="Frame")
    required, optional = _F.LABEL_REQUIRED, _F.LABEL_OPTIONAL
    for number, (name, kind, label) in enumerate(
        (
            ("SeqID", _F.TYPE_UINT64, required),
            ("LogID", _F.TYPE_UINT64, required),
            ("service", _F.TYPE_INT32, required),
            ("method", _F.TYPE_INT32, required),
            ("headers", _F.TYPE_MESSAGE, _F.LABEL_REPEATED),
            ("payload_encoding", _F.TYPE_STRING, optional),
            ("payload_type", _F.TYPE_STRING, optional),
            ("payload", _F.TYPE_BYTES, optional),
            ("LogIDNew", _F.TYPE_STRING, optional),
        ),
        1,
    ):
        field = frame.field.add(name=name, number=number, type=kind, label=label)
        if kind == _F.TYPE_MESSAGE:
            field.type_name = ".bench.Header"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("bench.Frame"))
