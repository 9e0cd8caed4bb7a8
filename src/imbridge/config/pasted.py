"""What people paste by mistake: placeholders of a tutorial, and white space around a secret."""

import re

_PLACEHOLDER = re.compile(
    r"""
      (?:[a-z]{1,6}[_-]|ww|ding)?[x*.…·]{3,}            # cli_xxx, xxxxxx, ***, wwxxxxxxxx
    | your[\s_-].*                                      # your-app-secret, YOUR_APP_ID
    | <.*> | \[.*\] | \{\{.*\}\} | \$\{.*\}             # <app id>, {{ app_id }}, ${FEISHU_APP_ID} unexpanded
    | change[\s_-]?(?:me|it) | replace[\s_-]?me | todo | tbd | placeholder
    | (?:app|client|corp|bot)[\s_-]?(?:id|key|secret|token)
    | (?:你的|您的|填写|请填|请输入|替换).*
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_INVISIBLE = re.compile(r"[\s\u0000-\u001f\u007f-\u00a0\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]")


def what_is_wrong(text: str, *, secret: bool) -> str | None:
    """Why a text cannot be meant, or None if it can. The text itself is never part of the answer."""
    if _PLACEHOLDER.fullmatch(text.strip()):
        return "is still a placeholder; put the real value there"
    if secret and _INVISIBLE.search(text):
        return "holds white space or an invisible character (copied along?); remove it"
    if text and (_INVISIBLE.match(text[0]) or _INVISIBLE.match(text[-1])):
        return "has white space or an invisible character around it (copied along?); remove it"
    return None
