"""The card templates that are published: without one there is no card.

Sources: open.dingtalk.com, "AI 卡片模板" (the states of an AI card) and "创建并投放卡片" (errors of unknown
templates); the ids and variables of DingTalk's own templates: dingtalk-stream-sdk-python, card_instance.py, and the
official connector for the AI card that streams.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["ai", "interactive"]
SYSTEM = frozenset({"flowStatus", "config", "sys_full_json_obj"})
"""Variables that steer a card and are not read by anybody."""


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """A published template.

    Attributes:
        id: Its id, `....schema`.
        kind: `ai`: the card has a state (`flowStatus`) and can be streamed; `interactive`: it has neither.
        variables: What can be filled in, in the order in which people read it; none: anything.
        content: Of an AI card: the variable that a reader sees as its text.
        markdown: Variables that are bound to Markdown, which can be streamed as a whole only.
    """

    id: str
    kind: Kind = "interactive"
    variables: tuple[str, ...] = ()
    content: str = ""
    markdown: frozenset[str] = frozenset()

    def knows(self, variable: str) -> bool:
        """Whether a variable can be filled in."""
        return not self.variables or variable in self.variables or variable in SYSTEM


AI_CARD = "02fcf2f4-5e02-4a85-b672-46d1f715543e.schema"
"""The AI card that the official connector streams into."""
AI_VARIABLES = ("msgTitle", "msgContent", "staticMsgContent", "msgTextList", "msgImages", "msgSlider", "msgButtons")


def ai_template(template_id: str, variables: tuple[str, ...], content: str = "") -> CardTemplate:
    """A template of an AI card; the content variable is the first one if it is not named, and Markdown."""
    content = content or next(iter(variables), "")
    if not content:
        raise ValueError(f"the AI card template {template_id} needs a variable that holds its text")
    return CardTemplate(template_id, "ai", variables, content, frozenset({content}))


def published() -> dict[str, CardTemplate]:
    """DingTalk's own templates, which every organisation has."""
    own = [
        ai_template(AI_CARD, AI_VARIABLES, "msgContent"),
        ai_template("382e4302-551d-4880-bf29-a30acfab2e71.schema", AI_VARIABLES, "msgContent"),
        CardTemplate("589420e2-c1e2-46ef-a5ed-b8728e654da9.schema", variables=("title", "markdown")),
        CardTemplate("1366a1eb-bc54-4859-ac88-517c56a9acb1.schema", variables=("title", "markdown", "tips")),
    ]
    return {template.id: template for template in own}
