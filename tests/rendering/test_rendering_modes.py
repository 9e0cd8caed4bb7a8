"""The modes that other tests go through are all that there are."""

import pkgutil
from importlib import import_module

from modes import MODES

import imbridge.adapters
from imbridge.protocol import Capabilities
from imbridge.runtime.registry import platforms


def test_every_platform_names_its_modes() -> None:
    assert {mode.platform for mode in MODES} == set(platforms())


def test_every_account_whose_capabilities_an_adapter_states_is_one_of_the_modes() -> None:
    found = {}
    for module in pkgutil.walk_packages(imbridge.adapters.__path__, "imbridge.adapters."):
        if module.name.rpartition(".")[2] == "capabilities":
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, Capabilities):
                    found[f"{module.name}.{name}"] = value
    used = [mode.adapter().capabilities for mode in MODES]
    assert len(found) > 8
    assert [name for name, value in found.items() if value not in used] == []
