"""Compares our frames with the official SDK's, byte for byte; run in a process of its own, for the SDK is heavy."""

import random
import sys

from lark_oapi.core.json import JSON
from lark_oapi.ws.client import Response, _new_ping_frame
from lark_oapi.ws.pb.pbbp2_pb2 import Frame as SdkFrame

from imbridge.adapters.feishu.frames import ack_frame, frame_type, parse_frame, ping_frame
from imbridge.protocol import DecodeError


def random_frame(chance: random.Random) -> SdkFrame:
    frame = SdkFrame()
    frame.SeqID = chance.choice([0, 1, chance.getrandbits(64)])
    frame.LogID = chance.choice([0, chance.getrandbits(64)])
    frame.service = chance.choice([0, 1, -1, chance.getrandbits(31), -chance.getrandbits(31)])
    frame.method = chance.choice([0, 1, 2, -5])
    for _ in range(chance.randrange(6)):
        header = frame.headers.add()
        header.key = chance.choice(["type", "message_id", "sum", "seq", "trace_id", "键", ""])
        header.value = "".join(chance.choice("abc019é飞🎉\n") for _ in range(chance.randrange(40)))
    for name in ("payload_encoding", "payload_type", "LogIDNew"):
        if chance.random() < 0.3:
            setattr(frame, name, chance.choice(["", "gzip", "飞书"]))
    if chance.random() < 0.8:
        frame.payload = chance.randbytes(chance.randrange(2000))
    return frame


def main() -> None:
    chance = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        theirs = random_frame(chance)
        wire = theirs.SerializeToString()
        ours = parse_frame(wire)
        assert ours.wire.SerializeToString() == wire
        assert ours.payload == theirs.payload
        assert ours.method == theirs.method
        assert list(ours.headers.items()) == list({h.key: h.value for h in theirs.headers}.items())

        # The acknowledgement, made as ws/client.py makes it.
        code, elapsed = chance.choice([200, 500]), chance.randrange(5000)
        answer = chance.choice([None, b"eyJhIjoxfQ=="])
        header = theirs.headers.add()
        header.key, header.value = "biz_rt", str(elapsed)
        response = Response(code=code)
        if answer:
            response.data = answer
        theirs.payload = JSON.marshal(response).encode("utf-8")
        assert ack_frame(ours, code=code, elapsed_ms=elapsed, answer=answer) == theirs.SerializeToString()

    for service in (0, 1, 33554678, 2**31 - 1):
        assert ping_frame(service) == _new_ping_frame(service).SerializeToString()

    agreed = refused = 0
    for _ in range(int(sys.argv[2])):
        junk = chance.randbytes(chance.randrange(60))
        theirs = SdkFrame()
        try:
            theirs.ParseFromString(junk)
            sdk_took = theirs.IsInitialized()
        except Exception:  # noqa: BLE001 - whatever the SDK's own protobuf raises
            sdk_took = False
        try:
            ours = parse_frame(junk)
            assert sdk_took
            assert ours.wire.SerializeToString() == theirs.SerializeToString()
            agreed += 1
        except DecodeError:
            assert not sdk_took
            refused += 1
    assert frame_type() is frame_type()
    sys.stdout.write(f"ok {agreed} {refused}\n")


main()
