"""What must not be loaded: imports cost every start."""

import json
import subprocess
import sys

from bridge_process import bridge_process
from runtime_world import emulated

SDKS = ("lark_oapi", "wechatpy", "dingtalk_stream", "botpy")
HEAVY = ("aiohttp", "yarl", "cryptography", "sqlalchemy", "starlette", "uvicorn", "pytest", "click", *SDKS)


def loaded_by(program: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after a program."""
    code = f"{program}\nimport sys, json; print(json.dumps(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_importing_imbridge_loads_nothing_heavy() -> None:
    loaded = loaded_by("import imbridge; imbridge.BaseSkill; imbridge.Message")
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


def test_a_skill_file_loads_nothing_heavy() -> None:
    loaded = loaded_by(
        "from imbridge import BaseSkill, Markdown, on_command\n"
        "class Weather(BaseSkill):\n    @on_command('w')\n    async def w(self, msg): return Markdown('x')\nWeather()"
    )
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


def test_making_a_bridge_loads_no_sdk() -> None:
    loaded = loaded_by(
        "from imbridge import Bridge, FeishuConfig; Bridge([FeishuConfig(app_id='cli_1', app_secret='s')]).asgi()"
    )
    assert loaded.isdisjoint(SDKS), loaded.intersection(SDKS)


def test_the_pytest_plugin_loads_no_network_library_and_no_sdk() -> None:
    loaded = loaded_by("import imbridge.testing.plugin, imbridge.testing")
    assert loaded.isdisjoint(("aiohttp", *SDKS)), loaded


async def test_a_text_bot_on_feishu_never_loads_the_sdk() -> None:
    program = f"""
class Loaded(BaseSkill):
    async def handle_message(self, msg):
        async def words():
            yield "a stream"
        await msg.reply(words())
        await msg.react("👍")
        return "loaded: " + ",".join(name for name in {SDKS!r} if name in sys.modules)

sys.exit(bridge(Loaded()).run())
"""
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with bridge_process(feishu, app, program) as process:
            await process.logs("feishu:default: up")
            await alice.says("go")
            await alice.receives("a stream")
            await alice.receives("loaded: ")
            process.process.terminate()
            assert await process.ended() == 0
