"""Write the table of what each platform's Markdown shows into `rendering.md`, here and in `zh/`.

`python docs/markdown_tables.py` writes it; `make docs` says when a page is stale.
"""  # noqa: INP001 - a script

from collections.abc import Iterator, Mapping
from pathlib import Path

from imbridge.adapters.dingtalk.sent import markdown as dingtalk
from imbridge.adapters.feishu.sent import markdown as feishu
from imbridge.adapters.qq.sent import markdown as qq
from imbridge.adapters.wecom.sent import markdown as wecom
from imbridge.rendering.markdown import FEATURES, parse, write

DOCS = Path(__file__).resolve().parent
BEGIN, END = "<!-- markdown: dialects -->\n", "<!-- end -->\n"
DIALECTS = (
    feishu.POST, feishu.CARD, wecom.MARKDOWN, wecom.ROBOT_V2, wecom.BOT, dingtalk.ROBOT, dingtalk.CARD, qq.GUILD
)  # fmt: skip
SAMPLES = {
    "heading": "# a", "bold": "**a**", "italics": "*a*", "strikethrough": "~~a~~", "code": "`a`",
    "code block": "```\na\n```", "link": "[a](https://a.example)", "image": "![a](https://a.example)", "quote": "> a",
    "nested quote": "> > a", "list": "- a", "task list": "- [ ] a", "table": "|a|\n|-|\n|b|", "rule": "---",
    "color": '<font color="x">a</font>', "title": "[a](https://a.example 'b')",
}  # fmt: skip
CHINESE = {
    "Feishu post": "飞书富文本", "Feishu card": "飞书卡片", "WeCom markdown": "企业微信 `markdown`",
    "WeCom robot markdown_v2": "群机器人 `markdown_v2`", "WeCom smart bot": "智能机器人", "DingTalk": "钉钉消息",
    "DingTalk card": "钉钉卡片", "heading": "标题", "bold": "粗体", "italics": "斜体", "strikethrough": "删除线",
    "code": "行内代码", "code block": "代码块", "link": "链接", "image": "图片", "quote": "引用",
    "nested quote": "嵌套引用", "list": "列表", "task list": "任务列表", "table": "表格", "rule": "分割线",
    "color": "颜色", "title": "链接标题", "yes": "✓", "without": "去掉", "text": "文字", "a quote": "引用",
    "lines with marks": "带标记的行", "☐ and ☑": "☐ 和 ☑", "aligned text": "对齐的文字",
    "a line of dashes": "一行横线", "code line by line": "逐行的代码",
}  # fmt: skip
PAGES: Mapping[str, Mapping[str, str]] = {"rendering.md": {}, "zh/rendering.md": CHINESE}


def table(words: Mapping[str, str]) -> str:
    """The table in Markdown: a row for each feature, a column for each dialect.

    Args:
        words: What the words of the code are called; themselves where there is nothing.
    """
    heads = [words.get(one.name, one.name) for one in DIALECTS]
    rows = [f"| | {' | '.join(heads)} |", "|---" * (len(DIALECTS) + 1) + "|"]
    for feature in FEATURES:
        cells = []
        for dialect in DIALECTS:
            how = write(parse(SAMPLES[feature]), dialect).changed.get(feature)
            said = "yes" if feature in dialect.shows else how or "without"
            cells.append(words.get(said, said))
        rows.append(f"| {words.get(feature, feature)} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def written(page: str, words: Mapping[str, str]) -> str:
    """The page with the table as it is now."""
    head, rest = page.split(BEGIN, 1)
    return f"{head}{BEGIN}\n{table(words)}\n{END}{rest.split(END, 1)[1]}"


def problems() -> Iterator[tuple[Path, str]]:
    """What is stale."""
    for name, words in PAGES.items():
        page = (DOCS / name).read_text(encoding="utf-8")
        if written(page, words) != page:
            yield DOCS / name, "the table of dialects is stale; run python docs/markdown_tables.py"


if __name__ == "__main__":
    for name, words in PAGES.items():
        path = DOCS / name
        path.write_text(written(path.read_text(encoding="utf-8"), words), encoding="utf-8")
