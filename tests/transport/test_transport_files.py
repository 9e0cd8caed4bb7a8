"""Files that come from elsewhere: their names cannot do harm, and they are whole or not there."""

import asyncio
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imbridge.transport import files
from imbridge.transport.files import MOST_BYTES, incoming, safe_name

DEVICES = ["CON", "con.txt", "Nul", "aux.tar.gz", "PRN .txt", "COM1", "lpt9.log", "COM¹.txt", "conin$"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("季度报告（最终版）.docx", "季度报告（最终版）.docx"),
        ("../../etc/passwd", "etc_passwd"),
        ("..\\..\\x", "x"),
        ("/etc/passwd", "etc_passwd"),
        ("C:\\Windows\\win.ini", "C__Windows_win.ini"),
        ("2026/05 report.pdf", "2026_05 report.pdf"),
        ("...", "file"),
        ("", "file"),
        (" . .", "file"),
        (".bashrc", "bashrc"),
        ("name. . ", "name"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("\u2066a\u2069\u200fb.txt", "ab.txt"),
        ("line\nbreak\r\t\x00\x7f.txt", "linebreak.txt"),
        ("a\u2028b.txt", "ab.txt"),
        ("half\ud800.txt", "half.txt"),
        ('a<b>:"c"|d?*.txt', "a_b___c__d__.txt"),
        ("notes.txt:hidden", "notes.txt_hidden"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("archive.tar.gz", "archive.tar.gz"),
        ("_private.py", "_private.py"),
    ],
)
def test_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("name", DEVICES)
def test_devices_of_windows(name: str) -> None:
    assert safe_name(name) == f"_{name}"


def test_what_only_begins_like_a_device() -> None:
    assert [safe_name(name) for name in ("console.txt", "com10", "aux1")] == ["console.txt", "com10", "aux1"]


def test_too_long_a_name_keeps_its_suffix() -> None:
    name = safe_name("好" * 100 + ".docx")
    assert name == "好" * 83 + ".docx"
    assert len(name.encode()) <= MOST_BYTES
    assert len(safe_name("a." + "b" * 300).encode()) == MOST_BYTES


@given(st.text(alphabet=st.characters(codec=None), max_size=400))
def test_any_name(name: str) -> None:
    safe = safe_name(name)
    assert 1 <= len(safe.encode()) <= MOST_BYTES
    assert not {"/", "\\", "\0", ":"} & set(safe)
    assert safe[0] not in ". "
    assert safe[-1] not in ". "
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in safe)
    assert safe_name(safe) == safe


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def written(to: Path, name: str = "", data: bytes = b"x") -> Path:
    async with incoming(to, name) as new:
        new.file.write(data)
    return new.path


async def broken_off(to: Path) -> None:
    async with incoming(to, "a.txt") as new:
        new.file.write(b"half")
        raise RuntimeError


async def test_into_a_folder(tmp_path: Path) -> None:
    path = await written(tmp_path, "../a.txt", b"one")
    assert path == tmp_path / "a.txt"
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["a.txt"]


async def test_a_name_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    paths = [await written(tmp_path, "a.txt", data) for data in (b"1", b"2", b"3")]
    assert [path.name for path in paths] == ["a.txt", "a (2).txt", "a (3).txt"]
    assert [path.read_bytes() for path in paths] == [b"1", b"2", b"3"]


async def test_long_names_stay_short_when_they_are_taken(tmp_path: Path) -> None:
    names = {(await written(tmp_path, "好" * 300)).name for _ in range(3)}
    assert len(names) == 3
    assert all(len(name.encode()) <= MOST_BYTES for name in names)


async def test_at_the_same_time(tmp_path: Path) -> None:
    paths = await asyncio.gather(*(written(tmp_path, "a.txt", str(n).encode()) for n in range(20)))
    assert len(set(paths)) == 20
    assert {path.read_bytes() for path in paths} == {str(n).encode() for n in range(20)}


@pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights there")
async def test_a_link_that_waits_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").symlink_to(tmp_path / "victim")
    path = await written(tmp_path / "in", "a.txt")
    assert path.name == "a (2).txt"
    assert not (tmp_path / "victim").exists()


async def test_to_a_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    assert await written(tmp_path / "b", "ignored", b"new") == tmp_path / "b"
    assert (tmp_path / "b").read_bytes() == b"new"
    assert names(tmp_path) == ["b"]


async def test_nothing_is_left_when_it_fails(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"old")
    for to in (tmp_path, tmp_path / "b", tmp_path / "c"):
        with pytest.raises(RuntimeError):
            await broken_off(to)
    assert names(tmp_path) == ["b"]
    assert (tmp_path / "b").read_bytes() == b"old"


async def test_it_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    async with incoming(tmp_path, "a.txt") as new:
        new.file.write(b"half")
        new.file.flush()
        assert not (tmp_path / "a.txt").exists()
        new.name = "b.txt"
    assert names(tmp_path) == ["b.txt"]


async def test_cancelled_while_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread cannot be cancelled: what it has made by then is taken away again."""
    made, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    create = files._create

    def slowly(path: Path) -> object:
        file = create(path)
        loop.call_soon_threadsafe(made.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        return file

    monkeypatch.setattr(files, "_create", slowly)
    task = asyncio.create_task(written(tmp_path, "a.txt"))
    await made.wait()
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names(tmp_path) == []


async def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await written(tmp_path / "missing" / "a.txt")
