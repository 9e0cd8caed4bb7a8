"""Thinking in a smart bot's stream: `<think>` at its beginning, which clients show apart, folded when it is over.

No document of the platform has it. Its own plugin for agents sends `<think></think>` as the sign that it is thinking
(WecomTeam/wecom-openclaw-plugin, `const.ts`); users of another report that what stands in it is shown in the bubble of
that sign, as thinking that is done once it is closed (sunnoy/openclaw-plugin-wecom, issues 166 and 187). Pure.
"""

import re

_TAG = re.compile(r"<(?=/?think\b)", re.IGNORECASE)
ROOM = 4_000
"""Bytes of thinking, of the 20,480 that a stream has."""
_AROUND = len(b"<think></think>\n")


def literal(text: str) -> str:
    """A text in which nothing is such a tag: an invisible character keeps it from being one."""
    return _TAG.sub("<\u200b", text) if "<" in text else text


def with_thinking(thinking: str, content: str) -> str:
    """The content of a stream that thinks; it goes on thinking as long as nothing is said."""
    if not thinking.strip():
        return content
    shut = f"</think>\n{content}" if content.strip() else ""
    return f"<think>{literal(thinking)}{shut}"


def room_for(thinking: str) -> int:
    """The bytes that it takes."""
    return len(literal(thinking).encode("utf-8", "replace")) + _AROUND if thinking.strip() else 0


def shut(content: str) -> str:
    """The content of a stream that is finished: its thinking is over, also when nothing was said."""
    open_still = content.startswith("<think>") and "</think>" not in content
    return f"{content}</think>" if open_still else content
