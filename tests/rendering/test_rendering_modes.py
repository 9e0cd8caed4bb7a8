"""The table of modes that other tests go through is whole."""

import pkgutil
from importlib import import_module

from modes import MODES

import imbridge.adapters
from imbridge.protocol import Capabilities
from imbridge.runtime.registry import adapter_type, platforms


def test_every_mode_of_every_platform_is_in_the_table() -> None:
    wanted = set()
    for platform in platforms():
        mode = adapter_type(platform).config_type.model_fields.get("mode")
        values = [one.value for one in mode.annotation] if mode is not None else [""]  # type: ignore[union-attr]
        wanted |= {(platform, value) for value in values}
    assert {(mode.platform, mode.settings.get("mode", "")) for mode in MODES} == wanted


def test_every_account_that_adapters_state_is_in_the_table() -> None:
    found = {}
    for module in pkgutil.walk_packages(imbridge.adapters.__path__, "imbridge.adapters."):
        if module.name.rpartition(".")[2] == "capabilities":
            for name, value in vars(import_module(module.name)).items():
                if isinstance(value, Capabilities):
                    found[f"{module.name}.{name}"] = value
    used = [mode.adapter().capabilities for mode in MODES]
    assert len(found) > 8
    assert [name for name, value in found.items() if value not in used] == []
