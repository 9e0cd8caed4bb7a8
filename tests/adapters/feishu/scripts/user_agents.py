"""Prints the User-Agents that the official SDK builds, without loading all of it (that takes seconds)."""

import importlib.util
import sys
import types

spec = importlib.util.find_spec("lark_oapi")
assert spec is not None
for name in ("lark_oapi", "lark_oapi.core", "lark_oapi.core.utils"):
    package = types.ModuleType(name)  # stands in for the package, so that its __init__ does not run
    inner = name.replace(".", "/").removeprefix("lark_oapi")
    package.__path__ = [f"{root}{inner}" for root in spec.submodule_search_locations or ()]
    sys.modules[name] = package

from lark_oapi.core.utils.user_agent import build_user_agent  # noqa: E402 - after the stand-ins

for agent in (
    build_user_agent(),
    build_user_agent(extra_tags=["channel"]),
    build_user_agent(source="imbridge", extra_tags=["channel"]),
):
    sys.stdout.write(f"{agent}\n")
