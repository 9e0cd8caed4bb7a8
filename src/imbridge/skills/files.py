"""Runs a skill file as a module of its own, apart from every other module of the process."""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Lock
from types import CodeType, ModuleType
from zipfile import is_zipfile

from imbridge.protocol import SkillError

_importing = Lock()  # `sys.path` and `sys.modules` belong to the process


class _FreshLoader(SourceFileLoader):
    """Always compiles: a cached byte code file can be older than an edit made within the same second."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def run_file(path: Path) -> ModuleType:
    """Run a Python file and give its module.

    The module is `imbridge_skill_<hash of the path>.<stem>`, in a package whose modules are the files beside it. Run
    again, it replaces itself. Modules beside it that it imports by their bare names become modules of that package
    too, so that two folders can each have a `tables.py`.

    Raises:
        SkillError: there is no such file, or it cannot be run; with file and line where known.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise SkillError(f"{path} {what}; name the .py file of a skill")
    if is_zipfile(path):
        raise SkillError(f"{path} is an archive; unpack it and name the .py file of the skill")
    package = f"imbridge_skill_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    name = f"{package}.{path.stem.replace('.', '_')}"
    spec = spec_from_file_location(name, path, loader=_FreshLoader(name, str(path)))
    if spec is None or spec.loader is None:
        raise SkillError(f"{path} cannot be loaded as Python; name the .py file of a skill")
    with _importing:
        _forget(package)
        parent = ModuleSpec(package, None, is_package=True)
        parent.submodule_search_locations = [str(path.parent)]
        sys.modules[package] = module_from_spec(parent)
        module = sys.modules[name] = module_from_spec(spec)
        try:
            with _siblings(path.parent, package):
                spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            _forget(package)
            raise SkillError(_explained(path, error)) from error
        except BaseException:
            _forget(package)
            raise
    return module


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


@contextmanager
def _siblings(folder: Path, package: str) -> Iterator[None]:
    """Let bare imports find the files in a folder, then move what was found into the package."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        new = set(sys.modules) - before
        tops = {name for name in new if "." not in name and _lies_in(sys.modules[name], folder)}
        for name in new:
            if name.partition(".")[0] in tops:
                sys.modules.setdefault(f"{package}.{name}", sys.modules[name])
                del sys.modules[name]


def _lies_in(module: ModuleType, folder: Path) -> bool:
    """Directly in it, as a file or a package; not in an environment that happens to lie below it."""
    file = getattr(module, "__file__", None)
    if file is None:
        return False
    return folder in (Path(file).parent, Path(file).parent.parent if Path(file).name == "__init__.py" else None)


def _explained(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{error.filename or path}:{error.lineno}: {error.msg}; correct the file and load it again"
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f"{path}:{line}" if line is not None else str(path)
    if isinstance(error, ModuleNotFoundError):
        return f"{where}: {error}; install it, or put {error.name}.py beside the file"
    return f"{where}: {type(error).__name__}: {error}"
