"""Texts in the XML of callbacks, as WeCom and WeChat write them.

Rule: the examples of https://developer.work.weixin.qq.com/document/path/90375 and of
https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html.
"""

import re
from typing import Literal

ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can not hold at all. That the platforms leave it out is unverified."""
Cdata = Literal["split", "raw"]
"""What becomes of a `]]>` in a text: `split` over two sections, or `raw`, which lets the text end the section."""


def section(text: str, cdata: Cdata) -> str:
    """A text as a CDATA section."""
    legal = ILLEGAL.sub("", text)
    return f"<![CDATA[{legal.replace(']]>', ']]]]><![CDATA[>') if cdata == 'split' else legal}]]>"
