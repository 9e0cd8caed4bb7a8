"""The scripts `docs/coverage_*.py` as modules, over a copy of the samples that a test may change."""

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"


def coverage_script(name: str = "coverage_wecom") -> ModuleType:
    """A fresh one: what a test does to it no other test sees."""
    sys.path.insert(0, str(DOCS))
    try:
        spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # a dataclass in it looks itself up there
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(DOCS))
    return module


def copied(script: ModuleType, platform: str, folder: Path) -> Path:
    """A copy of a platform's samples, or of all that it has, which the script then uses."""
    shutil.copytree(script.SAMPLES / platform, folder / platform)
    script.SAMPLES = folder
    return folder / platform
