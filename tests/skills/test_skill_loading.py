import importlib
import sys
import zipfile

import pytest

from imbridge.config.skill import SkillSpec
from imbridge.protocol import SkillError
from imbridge.skills import BaseSkill, SkillSet
from imbridge.skills.loading import installed_skills, load_file, load_installed, load_object, load_spec

ECHO = """
from imbridge.skills import BaseSkill
class Echo(BaseSkill):
    async def handle_message(self, msg):
        return msg.text
"""


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


async def test_a_file_with_a_skill(write, say):
    before, path_before = set(sys.modules), list(sys.path)
    (skill,) = load_file(write("echo_one.py", ECHO))
    assert (await SkillSet([skill]).run(say("hi"))).content == "hi"
    assert "echo_one" not in sys.modules
    assert sys.path == path_before
    assert all(name.startswith("imbridge_skill_") for name in set(sys.modules) - before)


def test_loaded_again_it_is_the_edited_file_and_replaces_itself(write):
    path = write("echo.py", ECHO)
    (first,) = load_file(path)
    count = len(sys.modules)
    path.write_text(ECHO.replace("class Echo", "class Ohce"))  # same size, same second
    (second,) = load_file(str(path))
    assert (first.name, second.name) == ("echo", "ohce")
    assert len(sys.modules) == count


def test_same_names_in_two_folders_do_not_mix(write):
    code = "import tables\nfrom .tables import NAME as also\nassert also == tables.NAME\n" + ECHO.replace(
        "BaseSkill):", "BaseSkill):\n    name = tables.NAME"
    )
    for folder in ("one", "two"):
        write(f"{folder}/tables.py", f"NAME = {folder!r}")
        write(f"{folder}/skill.py", code)
    root = write("one/x", "").parent.parent
    names = [load_file(root / folder / "skill.py")[0].name for folder in ("one", "two")]
    assert names == ["one", "two"]
    assert "tables" not in sys.modules


async def test_a_sibling_can_be_imported_later_in_relative_form(write, say):
    write("tables.py", "CITY = 'Beijing'")
    path = write(
        "late.py",
        "from imbridge.skills import BaseSkill\nclass Late(BaseSkill):\n    async def handle_message(self, msg):\n"
        "        from .tables import CITY\n        return CITY\n",
    )
    (skill,) = load_file(path)
    assert (await SkillSet([skill]).run(say("x"))).content == "Beijing"


def test_a_package_beside_the_file(write):
    write("pack/__init__.py", "from .deep import NAME")
    write("pack/deep.py", "NAME = 'deep'")
    path = write("skill.py", "import pack\n" + ECHO.replace("BaseSkill):", "BaseSkill):\n    name = pack.NAME"))
    assert load_file(path)[0].name == "deep"
    assert not {"pack", "pack.deep"} & set(sys.modules)


def test_other_modules_that_it_imports_stay(write):
    sys.modules.pop("this_module_is_elsewhere", None)
    elsewhere = write("lib/deep/this_module_is_elsewhere.py", "X = 1")
    path = write(
        "skill.py", f"import sys; sys.path.append({str(elsewhere.parent)!r})\nimport this_module_is_elsewhere\n{ECHO}"
    )
    try:
        load_file(path)
        assert "this_module_is_elsewhere" in sys.modules
    finally:
        sys.path.remove(str(elsewhere.parent))
        sys.modules.pop("this_module_is_elsewhere", None)


def test_which_classes_and_instances_count(write):
    path = write(
        "many.py",
        """
from abc import ABC, abstractmethod
from imbridge.skills import BaseSkill
from imbridge.skills.builtin.echo import EchoSkill
class Above(BaseSkill):
    def __init__(self, word):
        super().__init__(name=word)
    async def handle_message(self, msg): ...
class Below(Above):
    def __init__(self):
        super().__init__("below")
class _Hidden(Below): ...
class Abstract(BaseSkill, ABC):
    @abstractmethod
    async def handle_message(self, msg): ...
class Made(BaseSkill):
    def __init__(self, word):
        super().__init__(name=word)
    async def handle_message(self, msg): ...
Other = Below
made = Made("made")
again = made
""",
    )
    # _Hidden derives from Below but is hidden, so Below is still the last of its line
    assert [skill.name for skill in load_file(path)] == ["made", "below"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\nclass Broken(:\n", r"bad\.py:2: .*correct the file"),
        ("\nimport no_such_module_at_all\n", r"bad\.py:2: No module .*put no_such_module_at_all\.py"),
        ("from imbridge.skills import Nothing\n", r"bad\.py:1: ImportError: cannot import name 'Nothing'"),
        ("def f():\n    return 1 / 0\nf()\n", r"bad\.py:2: ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", r"bad\.py:2: SystemExit"),
        ("x = 1\n", "no skill in it; write a class"),
        ("from imbridge.skills.builtin.echo import EchoSkill\n", "no skill in it"),
        (
            ECHO.replace("    async def", "    def __init__(self, city): ...\n    async def"),
            r"bad\.py: Echo cannot be constructed: missing a required argument: 'city'; give its parameters defaults",
        ),
        (
            ECHO.replace("    async def", "    def __init__(self): raise OSError('disk')\n    async def"),
            r"Echo cannot be constructed: OSError: disk",
        ),
        ("x = '\0'\n", r"bad\.py"),
        (f"import imbridge.skills as s\n{ECHO}\n    @s.on_message\n    async def f(self, wrong): ...", "'wrong'"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told(write, text, told):
    before = set(sys.modules)
    with pytest.raises(SkillError, match=told):
        load_file(write("bad.py", text))
    if "no skill" not in told and "constructed" not in told:
        assert not [name for name in set(sys.modules) - before if name.startswith("imbridge_skill_")]


def test_a_syntax_error_in_a_sibling_names_the_sibling(write):
    write("sibling_broken.py", "x = (\n")
    with pytest.raises(SkillError, match=r"sibling_broken\.py:1"):
        load_file(write("skill.py", "import sibling_broken\n"))
    assert "sibling_broken" not in sys.modules


def test_no_such_file_or_a_folder(tmp_path):
    with pytest.raises(SkillError, match=r"missing\.py does not exist"):
        load_file(tmp_path / "missing.py")
    with pytest.raises(SkillError, match="is a folder"):
        load_file(tmp_path)


def test_load_object():
    skill = load_object("imbridge.skills.builtin.echo:EchoSkill", language="en")
    assert skill.name == "echo"


@pytest.mark.parametrize(
    ("reference", "options", "told"),
    [
        ("imbridge.skills.builtin.echo", {}, "write package.module:ClassName"),
        (":EchoSkill", {}, "write package.module:ClassName"),
        ("no_such_package.x:Y", {}, "no_such_package.x cannot be imported: ModuleNotFoundError"),
        ("imbridge.skills.builtin.echo:Echo", {}, "has no Echo; the skills in it are EchoSkill"),
        ("imbridge.skills.builtin.echo:EchoSkill", {"colour": "red"}, "unexpected keyword argument 'colour'"),
        ("imbridge.skills.builtin.echo:EchoSkill", {"language": "fr"}, "SkillError: skill 'echo': language 'fr'"),
        ("imbridge.skills.builtin.echo:_NAMES", {}, "is a dict, not a skill"),
        ("builtins:dict", {}, "gave a dict, not a skill"),
    ],
)
def test_what_is_wrong_with_a_reference_is_told(reference, options, told):
    with pytest.raises(SkillError, match=told):
        load_object(reference, **options)


def test_a_finished_skill_takes_no_options(monkeypatch):
    module = type(sys)("finished_skills")
    module.skill = BaseSkill(name="done")
    monkeypatch.setitem(sys.modules, "finished_skills", module)
    assert load_object("finished_skills:skill") is module.skill
    with pytest.raises(SkillError, match="takes no options"):
        load_object("finished_skills:skill", a=1)


def test_installed_skills(tmp_path, monkeypatch):
    info = tmp_path / "skill_pack_for_test-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: skill-pack-for-test\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[imbridge.skills]\npacked = imbridge.skills.builtin.echo:EchoSkill\nbroken = no_such_package:X\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    assert {"packed", "broken"} <= set(installed_skills())
    assert load_installed("packed", language="en").name == "echo"
    with pytest.raises(SkillError, match=r"'broken' .*cannot be loaded: ModuleNotFoundError"):
        load_installed("broken")
    with pytest.raises(SkillError, match=r"no installed package has a skill 'x'; installed are: .*packed"):
        load_installed("x")


def test_options_for_a_file(write):
    path = write(
        "echo.py", ECHO.replace("    async", "    def __init__(self, name): super().__init__(name=name)\n    async")
    )
    assert load_file(path, {"name": "given"})[0].name == "given"
    with pytest.raises(SkillError, match="unexpected keyword argument 'colour'"):
        load_file(path, {"name": "x", "colour": "red"})
    two = write("two.py", ECHO + "class Two(Echo): ...\nclass Three(Echo): ...\n")
    assert [skill.name for skill in load_file(two)] == ["two", "three"]
    with pytest.raises(SkillError, match="it has Two, Three"):
        load_file(two, {"name": "x"})
    with pytest.raises(SkillError, match="it has echo"):
        load_file(write("made.py", ECHO + "made = Echo()\n"), {"name": "x"})


def test_an_archive_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "echo.skill", "w") as archive:
        archive.writestr("echo.py", ECHO)
    with pytest.raises(SkillError, match="is an archive; unpack it"):
        load_file(tmp_path / "echo.skill")


def test_what_settings_name(write):
    path = write("echo_file.py", ECHO)
    for text in (str(path), "imbridge.skills.builtin.echo:EchoSkill", "echo"):
        (skill,) = load_spec(SkillSpec.parse(text))
        assert skill.name == "echo"
    (agent,) = load_spec(SkillSpec.parse("agent", options={"command": ["cat", "{text}"], "name": "cat"}))
    assert agent.name == "cat"
    assert [skill.name for skill in load_spec(SkillSpec.parse("help"))] == ["help"]
    with pytest.raises(SkillError, match=r"^bot\.yaml:3: no installed package has a skill 'ecko'.*echo"):
        load_spec(SkillSpec.parse("ecko", where="bot.yaml:3"))
    with pytest.raises(SkillError, match="'command'; give its parameters defaults, set them as options"):
        load_spec(SkillSpec.parse("agent"))
