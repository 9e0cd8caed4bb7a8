"""Frames: byte-identical to the official SDK's, bounded, and nothing but our own error for junk."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.adapters.feishu.frames import Assembler, Frame, frame_type, parse_frame, ping_frame
from imbridge.protocol import DecodeError

SCRIPTS = Path(__file__).parent / "scripts"


def frame(payload: bytes, **headers: str) -> Frame:
    wire = frame_type()(SeqID=1, LogID=2, service=3, method=1, payload=payload)
    for key, value in headers.items():
        wire.headers.add(key=key, value=value)
    return parse_frame(wire.SerializeToString())


def part(payload: bytes, number: int, total: int, message: str = "m1") -> Frame:
    return frame(payload, message_id=message, sum=str(total), seq=str(number))


def parsed_or_kept(data: bytes) -> bytes:
    """The bytes, when they are a frame, or what the error has kept of them."""
    try:
        parse_frame(data)
    except DecodeError as error:
        return error.payload
    return data


def test_byte_identical_to_the_sdk() -> None:
    seed = str(random.SystemRandom().randrange(1 << 30))
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "differential.py"), seed, "3000"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("ok "), f"seed {seed}: {done.stdout}{done.stderr}"


@given(st.binary(max_size=300))
def test_junk_is_a_decode_error_that_keeps_it(data: bytes) -> None:
    assert parsed_or_kept(data) == data


@given(st.binary(max_size=40), st.integers(0, 60), st.integers(0, 255))
def test_a_damaged_frame_is_a_frame_or_a_decode_error(payload: bytes, place: int, byte: int) -> None:
    data = bytearray(frame(payload, type="event", message_id="m").wire.SerializeToString())
    data[place % len(data)] = byte
    assert parsed_or_kept(bytes(data)) == data


def test_a_ping_says_who_we_are() -> None:
    ping = parse_frame(ping_frame(42))
    assert (ping.method, ping.headers, ping.wire.service) == (0, {"type": "ping"}, 42)


class TestAssembler:
    async def test_in_any_order(self) -> None:
        assembler = Assembler()
        assert assembler.add(part(b"c", 2, 3)) is None
        assert assembler.add(part(b"a", 0, 3)) is None
        assert assembler.add(part(b"b", 1, 3)) == b"abc"

    async def test_a_part_twice_counts_once(self) -> None:
        assembler = Assembler()
        assert assembler.add(part(b"a", 0, 2)) is None
        assert assembler.add(part(b"a", 0, 2)) is None
        assert assembler.add(part(b"b", 1, 2)) == b"ab"

    async def test_empty_parts_complete_a_message(self) -> None:
        assembler = Assembler()
        assert assembler.add(part(b"", 0, 2)) is None
        assert assembler.add(part(b"", 1, 2)) == b""

    async def test_two_messages_do_not_mix(self) -> None:
        assembler = Assembler()
        assert assembler.add(part(b"a", 0, 2, "m1")) is None
        assert assembler.add(part(b"x", 0, 2, "m2")) is None
        assert assembler.add(part(b"b", 1, 2, "m1")) == b"ab"
        assert assembler.add(part(b"y", 1, 2, "m2")) == b"xy"

    async def test_unsplit_passes(self) -> None:
        assert Assembler().add(frame(b"whole", sum="1", seq="0")) == b"whole"
        assert Assembler().add(frame(b"whole")) == b"whole"

    @pytest.mark.parametrize(
        ("number", "total"),
        [
            ("0", "2147483648"),
            ("0", "99999999999999999999"),
            ("5", "3"),
            ("-1", "3"),
            ("x", "3"),
            ("0", "two"),
            ("0", ""),
        ],
    )
    async def test_senseless_numbers_are_refused(self, number: str, total: str) -> None:
        with pytest.raises(DecodeError) as caught:
            Assembler().add(frame(b"p", message_id="m", sum=total, seq=number))
        assert caught.value.payload == b"p"

    async def test_bytes_are_bounded(self) -> None:
        assembler = Assembler(max_bytes=10)
        assert assembler.add(part(b"123456", 0, 3)) is None
        with pytest.raises(DecodeError, match="larger than 10"):
            assembler.add(part(b"123456", 1, 3))
        assert assembler._bytes == 0

    async def test_open_messages_are_bounded_and_the_oldest_goes(self) -> None:
        assembler = Assembler(max_open=2)
        for number in range(50):
            assert assembler.add(part(b"a", 0, 2, f"m{number}")) is None
        assert list(assembler._open) == ["m48", "m49"]
        assert assembler._bytes == 2
        assert assembler.add(part(b"b", 1, 2, "m49")) == b"ab"

    async def test_parts_that_never_come_are_forgotten(self) -> None:
        assembler = Assembler(ttl=0.0)
        assert assembler.add(part(b"a", 0, 2, "m1")) is None
        assert assembler.add(part(b"b", 1, 2, "m2")) is None
        assert list(assembler._open) == ["m2"]

    async def test_a_message_that_changes_its_sum_begins_anew(self) -> None:
        assembler = Assembler()
        assert assembler.add(part(b"a", 0, 3)) is None
        assert assembler.add(part(b"x", 0, 2)) is None
        assert assembler.add(part(b"y", 1, 2)) == b"xy"
        assert assembler._bytes == 0
