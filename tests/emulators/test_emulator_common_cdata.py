"""Texts in CDATA sections, read back by a parser."""

from xml.etree import ElementTree as ET

import pytest

from imbridge.emulators.common.cdata import section


@pytest.mark.parametrize("text", ["", "hi", "<&>", "]]>", "a]]>]]>b]]", "你好 🎉", "\t\n"])
def test_a_section_that_is_split_is_read_as_it_was(text: str) -> None:
    assert (ET.fromstring(f"<a>{section(text, 'split')}</a>").text or "") == text  # noqa: S314 - our own text


def test_a_raw_section_is_ended_by_its_text() -> None:
    assert section("a]]>b", "raw") == "<![CDATA[a]]>b]]>"
    with pytest.raises(ET.ParseError):
        ET.fromstring(f"<a>{section('a]]><b', 'raw')}</a>")  # noqa: S314 - our own text


def test_what_xml_can_not_hold_is_left_out() -> None:
    for cdata in ("split", "raw"):
        assert section("a\x00\x08\x1fb\ud800c\ufffe\uffff", cdata) == "<![CDATA[abc]]>"
