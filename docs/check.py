"""Check the documents: `make docs`.

Every relative link leads to a file and, with `#`, to a heading in it; every file of the repository that is named as
code (`tests/...`) exists; every ```python block compiles and imports of imbridge what is there, and runs if the line
before it is `<!-- run -->`; the tables of settings say what the code says; those of error codes, of what arrives and of
what is sent are the ones that `error_tables.py` and the `coverage_*.py` beside it write. Each problem is a line
`file:line: what`; the exit status is 1 then.

A block that runs is a file of tests for pytest; where it holds none, `main()` is the test, or that it can be imported.
"""  # noqa: INP001 - a script

import ast
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import capabilities
import coverage_dingtalk
import coverage_feishu
import coverage_qq
import coverage_wecom
import error_tables
import markdown_tables
from pydantic import BaseModel, SecretStr

from imbridge.adapters.dingtalk.config import DingTalkConfig
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.qq.config import QQConfig
from imbridge.adapters.wechat.config import WeChatConfig
from imbridge.adapters.wecom.config import WeComConfig
from imbridge.config.account import AccountConfig
from imbridge.config.options import BridgeOptions

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("docs", "examples", "benchmarks", "tests")
OPERATING = ROOT / "docs" / "operating.md"

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*([\w+-]*)")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_DEFINITION = re.compile(r"^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?\s*$")
_ATTRIBUTE = re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)=\"([^\"]+)\"")
_ANCHOR = re.compile(r"<a\b[^>]*?\b(?:id|name)=\"([^\"]+)\"")
_NAMED_FILE = re.compile(r"`((?:src|tests|docs|examples|benchmarks)/[\w./-]+)`")
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_MARKER = re.compile(r"<!--\s*(settings):\s*(\w+)\s*-->")
_RUN = re.compile(r"^\s*<!--\s*run\s*-->\s*$")
_TEST = re.compile(r"^(?:async )?def test_", re.MULTILINE)
_MAIN = re.compile(r"^async def main\(\)", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAILED|ERROR) (test_\d+)\.py(?:::(\S+))?(?: - (.*))?$", re.MULTILINE)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)

_PYTEST = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""

Place = tuple[Path, int]
Problems = list[tuple[Place, str]]


class Document:
    """A Markdown file: its prose by line, its blocks of Python, the anchors of its headings."""

    def __init__(self, path: Path) -> None:
        """Read it."""
        self.path = path
        self.prose: list[tuple[int, str]] = []
        self.python: list[tuple[int, str]] = []
        self.runnable: list[tuple[int, str]] = []
        self.anchors: set[str] = set()
        self.unclosed = 0
        self._read(path.read_text(encoding="utf-8").split("\n"))

    def _read(self, lines: list[str]) -> None:
        fence, language, begin = "", "", 0
        block: list[str] = []
        marked = False
        for number, line in enumerate(lines, start=1):
            found = _FENCE.match(line)
            if fence:
                if found and found[1].startswith(fence) and not found[2]:
                    if language in {"python", "py"}:
                        self.python.append((begin, textwrap.dedent("\n".join(block))))
                        if marked:
                            self.runnable.append(self.python[-1])
                    fence, marked = "", False
                else:
                    block.append(line)
            elif found:
                fence, language, begin, block = found[1], found[2].lower(), number, []
            else:
                marked = _RUN.match(line) is not None or (marked and not line.strip())
                self.prose.append((number, line))
                self.anchors.update(_ANCHOR.findall(line))
                if heading := _HEADING.match(line):
                    self._add_anchor(heading[2])
        self.unclosed = begin if fence else 0

    def _add_anchor(self, heading: str) -> None:
        """The anchor as GitHub makes it."""
        text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        anchor, count = slug, 0
        while anchor in self.anchors:
            count += 1
            anchor = f"{slug}-{count}"
        self.anchors.add(anchor)

    def links(self) -> Iterator[tuple[int, str]]:
        """Line and target of each link; what stands in code is none."""
        for number, line in self.prose:
            text = _CODE_SPAN.sub("``", line)
            for pattern in (_LINK, _DEFINITION, _ATTRIBUTE):
                for target in pattern.findall(text):
                    yield number, target

    def tables(self) -> Iterator[tuple[int, str, str, list[tuple[int, list[str]]]]]:
        """Line, kind and subject of each marked table, with its rows (the first two, its head, left out)."""
        for index, (number, line) in enumerate(self.prose):
            if marker := _MARKER.search(line):
                rows: list[tuple[int, list[str]]] = []
                for at, text in self.prose[index + 1 :]:
                    if text.startswith("|"):
                        rows.append((at, [cell.strip() for cell in re.split(r"(?<!\\)\|", text)[1:-1]]))
                    elif rows or text.strip():
                        break
                yield number, marker[1], marker[2], rows[2:]


def documents() -> dict[Path, Document]:
    """All Markdown files of the repository that people read, tracked or not."""
    found = chain(ROOT.glob("*.md"), *((ROOT / folder).rglob("*.md") for folder in FOLDERS))
    visible = (path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))
    return {path: Document(path) for path in sorted(visible)}


def check_links(document: Document, known: Mapping[Path, Document], problems: Problems) -> int:
    """Follow each relative link; gives their number."""
    count = 0
    for number, target in document.links():
        if _SCHEME.match(target) or target.startswith("//"):
            continue
        count += 1
        place = (document.path, number)
        name, _, anchor = target.partition("#")
        path = (document.path.parent / unquote(name)).resolve() if name else document.path
        if target.startswith("/") or not path.is_relative_to(ROOT):
            problems.append((place, f"{target}: leads out of the repository; write a relative link"))
        elif not path.exists():
            problems.append((place, f"{target}: there is no {path.relative_to(ROOT)}"))
        elif anchor and path in known and unquote(anchor) not in known[path].anchors:
            problems.append((place, f"{target}: {path.relative_to(ROOT)} has no such heading"))
    return count


def check_files(document: Document, problems: Problems) -> None:
    """Look for the files that are named as code."""
    for number, line in document.prose:
        missing = (name for name in _NAMED_FILE.findall(line) if not (ROOT / name).exists())
        problems.extend(((document.path, number), f"there is no {name}") for name in missing)


def check_python(document: Document, problems: Problems) -> int:
    """Compile each example, and look for what it imports of imbridge; gives their number."""
    for number, source in document.python:
        try:
            compile(source, str(document.path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            tree = ast.parse(source)
        except SyntaxError as error:
            problems.append(((document.path, number + (error.lineno or 1)), f"does not compile: {error.msg}"))
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "imbridge":
                place = (document.path, number + node.lineno)
                problems.extend((place, f"cannot be imported: {what}") for what in _missing(node))
    return len(document.python)


def _missing(node: ast.ImportFrom) -> Iterator[str]:
    """What a `from imbridge... import ...` names that is not there."""
    try:
        module = import_module(str(node.module))
    except ImportError as error:
        yield str(error)
        return
    yield from (f"{node.module}.{alias.name}" for alias in node.names if not hasattr(module, alias.name))


def run_examples(known: Mapping[Path, Document], problems: Problems) -> int:
    """Run the marked examples, all in one process; gives their number."""
    examples = [(document.path, line, source) for document in known.values() for line, source in document.runnable]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text(_PYTEST, encoding="utf-8")
        for number, (_, _, source) in enumerate(examples):
            (folder / f"test_{number}.py").write_text(_as_test(source), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-rfE", "--tb=short", "-p", "no:cacheprovider", name]
        environ = os.environ | {"XDG_DATA_HOME": name}  # what an example keeps is nobody's
        done = subprocess.run(  # noqa: S603 - our own examples
            command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False
        )
    if not examples or done.returncode == 0:
        return len(examples)
    failures = _FAILED.findall(done.stdout)
    for file, test, why in failures:
        path, line, _ = examples[int(file.removeprefix("test_"))]
        problems.append(((path, line), f"does not run: {test or 'import'}: {why or 'see below'}"))
    if not failures:
        problems.append(((Path(__file__).resolve(), 1), f"pytest ended with status {done.returncode}"))
    sys.stdout.write(done.stdout + done.stderr)
    return len(examples)


def _as_test(source: str) -> str:
    if _TEST.search(source):
        return source
    body = "await main()" if _MAIN.search(source) else "pass"
    return f"{source}\n\n\nasync def test_it():\n    {body}\n"


def check_settings(document: Document, problems: Problems) -> int:
    """Compare the tables of settings with the models; gives the number of settings."""
    models: dict[str, type[BaseModel]] = {
        model.__name__: model
        for model in (BridgeOptions, AccountConfig, FeishuConfig, WeComConfig, WeChatConfig, DingTalkConfig, QQConfig)
    }
    count = 0
    for line, kind, subject, rows in document.tables():
        if kind != "settings":
            continue
        model = models.pop(subject, None)
        if model is None:
            problems.append(((document.path, line), f"{subject}: no settings of that name, or a second table of them"))
            continue
        inherited = set() if model is AccountConfig else set(AccountConfig.model_fields)
        expected = {name: _default(model, name) for name in _there(model) - inherited}
        count += len(expected)
        _compare(document.path, line, subject, rows, expected, problems)
    problems.extend(((document.path, 1), f"has no table of {name}'s settings") for name in models)
    return count


def _there(model: type[BaseModel]) -> set[str]:
    """The settings that there are; those that are no more say what to write instead."""
    return {name for name, field in model.model_fields.items() if not field.exclude}


def _default(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    if field.is_required() or (issubclass(model, AccountConfig) and name in model.needs({})):
        return "required"
    value: Any = field.get_default()
    if isinstance(value, Enum):
        value = value.value
    if value is None or value in ((), "") or isinstance(value, SecretStr):
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _compare(
    path: Path,
    line: int,
    subject: str,
    rows: list[tuple[int, list[str]]],
    expected: Mapping[str, str],
    problems: Problems,
) -> None:
    """The first cell of each row is a name, the second what the code says of it."""
    missing = dict(expected)
    for number, cells in rows:
        name, said = (cell.strip("`") for cell in cells[:2])
        if name not in expected:
            problems.append(((path, number), f"{name}: {subject} has no such entry"))
        elif missing.pop(name, None) is None:
            problems.append(((path, number), f"{name}: is there twice"))
        elif said != expected[name]:
            problems.append(((path, number), f"{name}: the table says {said!r}, the code {expected[name]!r}"))
    problems.extend(
        ((path, line), f"{name} of {subject} ({value}) is not in the table") for name, value in missing.items()
    )


def main() -> int:
    """Check all; gives the exit status."""
    problems: Problems = []
    known = documents()
    links = examples = settings = 0
    for document in known.values():
        if document.unclosed:
            problems.append(((document.path, document.unclosed), "this block of code is not closed"))
        links += check_links(document, known, problems)
        check_files(document, problems)
        examples += check_python(document, problems)
    run = run_examples(known, problems)
    if OPERATING in known:
        settings = check_settings(known[OPERATING], problems)
    else:
        problems.append(((OPERATING, 1), "there is no such file; it holds the reference of settings"))
    for made in (
        coverage_feishu,
        coverage_wecom,
        coverage_dingtalk,
        coverage_qq,
        error_tables,
        capabilities,
        markdown_tables,
    ):
        problems.extend(((path, 1), what) for path, what in made.problems())
    for (path, number), what in sorted(problems):
        sys.stdout.write(f"{path.relative_to(ROOT)}:{number}: {what}\n")
    if problems:
        sys.stdout.write(f"{len(problems)} problems in the documents\n")
        return 1
    codes = error_tables.count()
    sys.stdout.write(
        f"docs: {len(known)} files, {links} links, {examples} examples ({run} of them run), {settings} settings, "
        f"{codes} error codes, {len(coverage_feishu.known())} types from Feishu, "
        f"{coverage_wecom.known()} from WeCom and WeChat, {len(coverage_dingtalk.known())} from DingTalk, "
        f"{len(coverage_qq.known())} from QQ: ok\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
