"""The emulator's own XML, written and read."""

import pytest

from imbridge.emulators.wechat import xml_text


def test_xml_that_is_written_is_read() -> None:
    fields = {"A": "<&>]]>", "B": {"C": "x", "D": 1}, "E": [{"F": "1"}, {"F": "2"}], "G": ""}
    read = xml_text.read(xml_text.write(fields))
    assert read == {"A": "<&>]]>", "B": {"C": "x", "D": "1"}, "E": [{"F": "1"}, {"F": "2"}], "G": ""}


def test_characters_that_xml_cannot_hold_are_left_out() -> None:
    assert xml_text.read(xml_text.write({"A": "a\x00\x08b\ud800c\uffffd"})) == {"A": "abcd"}


def test_a_name_that_is_none() -> None:
    with pytest.raises(ValueError, match="no element's name"):
        xml_text.write({"A><B": "x"})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no XML"),
        ("<xml>", "no XML"),
        ("<other></other>", "root"),
        ("<xml><A>1</A><A>2</A></xml>", "<A> is there 2 times"),
        ('<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>', "document type"),
    ],
)
def test_xml_that_is_refused(text: str, reason: str) -> None:
    with pytest.raises(xml_text.XmlError, match=reason):
        xml_text.read(text)
