"""Documents that need no parser are read as a parser reads them."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imbridge.adapters import xml
from imbridge.adapters.xml import read_xml, write_xml
from imbridge.protocol import DecodeError

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    ["]]>", "a]b", "<b>", "&amp;", "&", "\r\n", " ", "]]]]><![CDATA[>", "<![CDATA[x]]>", "\x00", "￾", "文"]
)
PIECES = st.lists(
    st.sampled_from(
        [
            "<xml>",
            "</xml>",
            "<a>",
            "</a>",
            "<b>",
            "</b>",
            "<![CDATA[",
            "]]>",
            "x",
            "&amp;",
            "&",
            "]",
            ">",
            " ",
            "\n",
            "<a/>",
            "1",
        ]
    ),
    max_size=14,
)


def parsed(text: str) -> dict[str, str] | None:
    """What the standard library makes of it: None when it is no document, or not a flat one with names that differ."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - the texts are our own
    except (ET.ParseError, ValueError):
        return None
    tags = [child.tag for child in root]
    if root.tag != "xml" or len(set(tags)) != len(tags) or any(len(child) for child in root):
        return None
    return {child.tag: child.text or "" for child in root}


@settings(max_examples=400, deadline=None)
@given(PIECES)
def test_what_is_read_without_a_parser_is_what_a_parser_reads(pieces: list[str]) -> None:
    text = "".join(["<xml>", *pieces, "</xml>"])
    quick = xml._flat(text)
    if quick is not None:
        assert quick == parsed(text)


@given(st.dictionaries(NAMES, TEXTS | st.integers(), max_size=8))
@settings(deadline=None)
def test_what_is_written_is_read_again(fields: dict[str, str | int]) -> None:
    written = write_xml(fields)
    expected = parsed(written)
    assert expected is not None, "it is a document"
    assert read_xml(written) == expected
    assert set(expected) == set(fields), "no text has made a field of its own"


def test_an_ordinary_callback_needs_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    def parser(text: str) -> None:
        raise AssertionError("a parser was made")

    monkeypatch.setattr(xml.ET, "fromstring", parser)
    text = (
        "<xml>\n<ToUserName><![CDATA[ww1]]></ToUserName>\n<CreateTime>1</CreateTime>"
        "<Content><![CDATA[你好]]></Content></xml>"
    )
    assert read_xml(text) == {"ToUserName": "ww1", "CreateTime": "1", "Content": "你好"}


@pytest.mark.parametrize(
    "text",
    [
        "<xml><a>1</a><a>2</a></xml>",
        "<xml><a><![CDATA[x]]></a><a><![CDATA[y]]></a></xml>",
        "<xml><Content><![CDATA[hi]]></Content><From>boss</From><Content><![CDATA[x]]></Content></xml>",
        "<xml><a>1</b></xml>",
        "<xml><a>&b;</a></xml>",
        "<xml><a>\x01</a></xml>",
        "<!DOCTYPE xml><xml><a>1</a></xml>",
        "<xml><a>1</a></xml><xml><a>1</a></xml>",
    ],
)
def test_what_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        read_xml(text)


@pytest.mark.parametrize("piece", ["<a>1</a>", "<a><![CDATA[", " ", "<a>", "]]>"])
def test_a_long_document_without_an_end_is_refused(piece: str) -> None:
    with pytest.raises(DecodeError):
        read_xml("<xml>" + piece * 5000)
