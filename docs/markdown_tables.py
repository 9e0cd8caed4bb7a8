"""Write the table of what each platform's Markdown shows into docs/rendering.md: `python docs/markdown_tables.py`."""  # noqa: INP001 - a script

from pathlib import Path

from imbridge.adapters.dingtalk.sent import markdown as dingtalk
from imbridge.adapters.feishu.sent import markdown as feishu
from imbridge.adapters.qq.sent import markdown as qq
from imbridge.adapters.wecom.sent import markdown as wecom
from imbridge.rendering.markdown import FEATURES, parse, write

PAGE = Path(__file__).resolve().parent / "rendering.md"
BEGIN, END = "<!-- markdown: dialects -->\n", "<!-- end -->\n"
DIALECTS = (
    feishu.POST, feishu.CARD, wecom.MARKDOWN, wecom.ROBOT_V2, wecom.BOT, dingtalk.ROBOT, dingtalk.CARD, qq.GUILD
)  # fmt: skip
SAMPLES = {
    "heading": "# a", "bold": "**a**", "italics": "*a*", "strikethrough": "~~a~~", "code": "`a`",
    "code block": "```\na\n```", "link": "[a](https://a.example)", "image": "![a](https://a.example)", "quote": "> a",
    "nested quote": "> > a", "list": "- a", "task list": "- [ ] a", "table": "|a|\n|-|\n|b|", "rule": "---",
    "color": '<font color="x">a</font>',
}  # fmt: skip


def table() -> str:
    """The table in Markdown: a row for each feature, a column for each dialect."""
    rows = ["| | " + " | ".join(one.name for one in DIALECTS) + " |", "|---" * (len(DIALECTS) + 1) + "|"]
    for feature in FEATURES:
        cells = []
        for dialect in DIALECTS:
            how = write(parse(SAMPLES[feature]), dialect).changed.get(feature)
            cells.append("yes" if feature in dialect.shows else how or "without")
        rows.append(f"| {feature} | " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def written(page: str) -> str:
    """The page with the table as it is now."""
    head, rest = page.split(BEGIN, 1)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END, 1)[1]}"


def problems() -> list[tuple[Path, str]]:
    """What is stale."""
    page = PAGE.read_text(encoding="utf-8")
    return (
        [] if written(page) == page else [(PAGE, "the table of dialects is stale; run python docs/markdown_tables.py")]
    )


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
