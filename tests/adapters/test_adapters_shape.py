"""Every adapter has the same files, so whoever knows one knows all."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import imbridge.adapters
from imbridge.adapters.base import Adapter
from imbridge.config import AccountConfig
from imbridge.protocol import Capabilities

ROOT = Path(imbridge.adapters.__file__).parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/adapter.py"))
REQUIRED = {"__init__", "adapter", "api", "capabilities", "config", "errors", "inbound", "modes", "outbound"}
OPTIONAL = {"crypto", "link", "webhook"}
EXTRA: dict[str, set[str]] = {
    "qq": {
        "calls",  # where the token goes and where the code stands; api.py is the list of endpoints
        "intents",  # which events a bot asks for, as data
        "faces",  # the platform's emoticons, as data, which what is received reads and what is sent writes
        "sessions",  # what has to be known to resume a session
    },
    "dingtalk": {
        "card_tracks",  # the ids of our cards, which what is sent writes and what is received reads
        "frames",  # JSON in JSON, and acknowledgements: a concept beside the link
        "calls",  # two APIs, the token elsewhere in each, codes elsewhere; api.py is the list of endpoints
    },
    "feishu": {
        "frames",  # its long connection speaks protobuf, and splits events over frames: a concept beside the link
        "calls",  # token, pacing, error table and retries of one call; api.py is the list of the endpoints alone
        "scopes",  # what the app has to be allowed, as data
        "refusals",  # what an API's refusal becomes: with calls.py it would be one file of two concepts
    },
}
FOLDERS: dict[str, set[str]] = {
    "qq": {
        "hearing",  # the gateway or webhooks: all that the modes differ in
        "received",  # content with tags in it, events of four scenes
        "sent",  # what can still be answered, media, keyboards, streams
        "services",  # what the platform offers beyond messages in and out, as at Feishu
    },
    "dingtalk": {
        "received",  # eleven types of content, events, clicks
        "sent",  # session webhooks, messages of the API, cards, AI cards, media
        "services",  # what the platform offers beyond messages in and out, as at Feishu; and the monthly budget
        "robot",  # the custom robots of groups: a mode with an adapter of its own, as at WeCom
        "hearing",  # stream connections or callbacks: all that the modes of an app differ in
    },
    "feishu": {
        "received",  # twenty types of content, events of two schemas, and what has to be asked for
        "sent",  # cards, media, people by name, text that grows, answers to clicks
        "services",  # what the platform offers beyond messages in and out: each a thing to call on the adapter
        "authorisation",  # people who let the app act for them: tokens that are not the app's, with rules of their own
        "custom",  # custom bots: a mode with an adapter of its own, for it has no API, only an address to post to
    },
    "wechat": {
        "received",  # eight types of content, a dozen events, clicks in menus, the tries of each delivery
        "sent",  # cards as menus and articles, media
        "services",  # web authorisation, followers, the SDK
    },
    "wecom": {
        "received",  # seven types of content, forty events
        "services",  # what the platform offers beyond messages in and out, as at Feishu
        "authorisation",  # people who tell by a browser who they are
        "robot",  # the robots of groups: a mode with an adapter of its own, which has an address to post to and no API
        "bot",  # smart bots: modes with adapters of their own, for they share neither transport nor content with apps
        "sent",  # five kinds of cards, media, the part of Markdown that is shown, answers to clicks
    },
}


def modules(package: str) -> list[Path]:
    """The files at the top of an adapter's folder."""
    return sorted((ROOT / package).glob("*.py"))


def all_modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def test_every_package_is_an_adapter() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(PACKAGES)
    assert "feishu" in PACKAGES
    assert set(EXTRA) <= folders


@pytest.mark.parametrize("package", PACKAGES)
def test_file_names(package: str) -> None:
    names = {path.stem for path in modules(package)}
    assert names >= REQUIRED
    assert names <= REQUIRED | OPTIONAL | EXTRA.get(package, set())
    assert EXTRA.get(package, set()) <= names, "an exception that nobody needs"
    folders = {path.name for path in (ROOT / package).iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == FOLDERS.get(package, set())


@pytest.mark.parametrize("package", PACKAGES)
def test_files_are_short_and_say_what_they_are(package: str) -> None:
    for path in all_modules(package):
        source = path.read_text()
        assert len(source.splitlines()) < 400, path
        assert ast.get_docstring(ast.parse(source)), path


@pytest.mark.parametrize("package", PACKAGES)
def test_adapters_do_not_know_each_other(package: str) -> None:
    others = set(PACKAGES) - {package}
    for path in all_modules(package):
        used = set(re.findall(r"imbridge\.adapters\.(\w+)", path.read_text()))
        assert not used & others, path


@pytest.mark.parametrize("package", PACKAGES)
def test_it_is_registered_under_its_name(package: str) -> None:
    project = tomllib.loads((ROOT.parents[2] / "pyproject.toml").read_text())["project"]
    module, _, name = project["entry-points"]["imbridge.adapters"][package].partition(":")
    adapter = getattr(__import__(module, fromlist=[name]), name)
    assert issubclass(adapter, Adapter)
    assert adapter.platform == package
    assert issubclass(adapter.config_type, AccountConfig)
    assert adapter.config_type.platform == package
    assert isinstance(adapter.capabilities, Capabilities)
    assert package in project["optional-dependencies"]


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_it_loads_no_sdk(package: str) -> None:
    code = (
        f"import sys, imbridge.adapters.{package}\n"
        "heavy = {'lark_oapi', 'wechatpy', 'dingtalk_stream', 'botpy', 'requests', 'httpx'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_what_it_says_it_can_do_it_does(package: str) -> None:
    """An ability that is promised has a method of its own; one that is not keeps the base's refusal."""
    module = __import__(f"imbridge.adapters.{package}", fromlist=["*"])
    (adapter,) = [
        thing for thing in vars(module).values() if isinstance(thing, type) and issubclass(thing, Adapter)
    ]  # fmt: skip
    for ability, methods in {"edit": ["edit"], "recall": ["recall"], "react": ["react", "unreact"]}.items():
        for method in methods:
            overridden = getattr(adapter, method) is not getattr(Adapter, method)
            promised = getattr(adapter.capabilities, ability)
            if ability == "edit":  # or of cards alone
                assert not (promised and adapter.capabilities.edit_cards)
                promised = promised or adapter.capabilities.edit_cards
            assert overridden == promised, method
