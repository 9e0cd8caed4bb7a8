import json
from importlib.metadata import EntryPoint

from imbridge.cli.inventory import all_installed

SKILL = """
from imbridge import BaseSkill

class Weather(BaseSkill):
    description, version = "tells the weather", "2.1"

    async def handle_message(self, msg):
        return "sunny"
"""


def test_the_built_in_skills(imbridge):
    done = imbridge("skills", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"agent", "echo", "help"} <= {line.split()[0] for line in done.stdout.splitlines()}


def test_a_package_that_is_broken_does_not_hide_the_others(monkeypatch):
    points = {
        "broken": EntryPoint("broken", "no_such_module_anywhere:Skill", "imbridge.skills"),
        "made": EntryPoint("made", "test_cli_skills:make_a_skill", "imbridge.skills"),
        "echo": EntryPoint("echo", "imbridge.skills.builtin.echo:EchoSkill", "imbridge.skills"),
    }
    monkeypatch.setattr("imbridge.cli.inventory.installed_skills", lambda: points)
    echo, broken, made = all_installed()
    assert (echo["name"], echo["from"]) == ("echo", "imbridge")
    assert broken["description"].startswith("cannot be loaded: ModuleNotFoundError")
    assert (made["name"], made["description"]) == ("made", "Makes a skill.")


def make_a_skill():
    """Makes a skill.

    Of any kind.
    """


def test_what_a_file_and_a_module_hold(tmp_path, imbridge):
    (tmp_path / "weather.py").write_text(SKILL)
    for name in ("weather.py", "./weather.py", "weather:Weather"):
        done = imbridge("skills", "list", "--json", name, PYTHONSAFEPATH="1")  # as a console script
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == [
            {"name": "weather", "version": "2.1", "description": "tells the weather", "from": name}
        ]


def test_a_file_that_is_not_there(imbridge):
    done = imbridge("skills", "list", "nowhere.py")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert "nowhere.py" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_no_name_of_a_skill(imbridge):
    done = imbridge("skills", "list", "two words")
    assert (done.returncode, done.stderr.split(";")[0]) == (2, "error: not a skill: 'two words'")
