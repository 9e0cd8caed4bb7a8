"""The code in README.md and README.zh-CN.md, run as it stands there."""

from imbridge import Bridge
from imbridge.skills.loading import load_file
from imbridge.testing import chat

ACCOUNT = 'app_id="cli_...", app_secret="..."'


async def test_the_skill(readme, tmp_path) -> None:
    (tmp_path / "my_skill.py").write_text(readme[0], encoding="utf-8")
    async with chat(*load_file(tmp_path / "my_skill.py")) as room:
        room.user.says("hi")
        await room.user.receives("echo: hi")


async def test_the_test(readme, tmp_path, python) -> None:
    (tmp_path / "my_skill.py").write_text(readme[0], encoding="utf-8")
    (tmp_path / "test_it.py").write_text(readme[3], encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n", encoding="utf-8")
    async with python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py", cwd=tmp_path) as process:
        status, stdout = await process.ended()
    assert status == 0, stdout
    assert "1 passed" in stdout


async def test_sending(readme, feishu) -> None:
    app, alice = feishu.add_app(name="Bot"), feishu.add_user("Alice")
    group = feishu.add_group("team", members=[alice], apps=[app])
    assert ACCOUNT in readme[1]
    ours = f'app_id="{app.app_id}", app_secret="{app.app_secret}", base_url="{feishu.base_url}"'
    names: dict[str, object] = {}
    code = readme[1].replace(ACCOUNT, ours).replace("group/oc_1", f"group/{group.chat_id}")
    exec(code, names)  # noqa: S102  # our own document
    await names["main"]()  # type: ignore[operator]
    await alice.receives("**done**", chat=group)


async def test_fastapi(readme, feishu, environ, monkeypatch) -> None:
    for name, value in environ.items():
        if name.startswith("FEISHU_"):
            monkeypatch.setenv(name, value)
    names: dict[str, object] = {}
    exec(readme[2], names)  # noqa: S102  # our own document
    alice = feishu.add_user("Alice")
    bridge, app = names["bridge"], names["app"]
    assert isinstance(bridge, Bridge)
    async with app.router.lifespan_context(app):  # type: ignore[attr-defined]
        await alice.says("/ping")
        await alice.receives("pong")
        assert bridge.state.value == "running"
    assert bridge.state.value == "stopped"
