"""Writing the XML of callbacks as the platform writes it: texts in CDATA, numbers bare.

Rule: the examples of https://developer.work.weixin.qq.com/document/path/90375 and /path/90376.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from imbridge.emulators.common.cdata import Cdata, section


def element(name: str, value: Any, cdata: Cdata = "split") -> str:
    """One element, or one for each item of a list.

    Args:
        name: The element's name.
        value: A text, a number, a mapping of elements, or a list of these.
        cdata: What becomes of a `]]>` in a text, see `EmulatorSettings.cdata`.
    """
    if isinstance(value, Mapping):
        return f"<{name}>{elements(value, cdata)}</{name}>"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(element(name, item, cdata) for item in value)
    if isinstance(value, bool) or not isinstance(value, str):
        return f"<{name}>{int(value) if isinstance(value, bool) else value}</{name}>"
    return f"<{name}>{section(value, cdata)}</{name}>"


def elements(fields: Mapping[str, Any], cdata: Cdata = "split") -> str:
    """The elements of a mapping, in its order."""
    return "".join(element(name, value, cdata) for name, value in fields.items())
