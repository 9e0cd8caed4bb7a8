from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field, SecretStr, field_validator, model_validator

from imbridge.config import AccountConfig, Settings, load
from imbridge.protocol import ConfigError


class DemoConfig(AccountConfig):
    """A platform of the tests, with every kind of field."""

    platform: ClassVar[str] = "demo"
    env_prefix: ClassVar[str] = "DEMO_"

    app_id: str = Field(description="App ID, such as d_1; console: Basics > App ID")
    app_secret: SecretStr = Field(description="console: Basics > App Secret")
    token: SecretStr | None = None
    port: int = Field(default=1, ge=1, le=65535)
    rate: float = 1.0
    tags: tuple[str, ...] = ()
    url: str | None = None

    @field_validator("app_secret")
    @classmethod
    def _check_secret(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value().endswith("-careless"):
            raise ValueError(f"the secret {value.get_secret_value()} is careless")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> "DemoConfig":
        if self.port == 443 and self.url is None:
            raise ValueError("port 443 needs url")
        return self


class PlainConfig(AccountConfig):
    """A platform that needs no settings."""

    platform: ClassVar[str] = "plain"
    env_prefix: ClassVar[str] = "PLAIN_"


TYPES: Mapping[str, type[AccountConfig]] = {"demo": DemoConfig, "plain": PlainConfig}

Load = Callable[..., Settings]
Fail = Callable[..., list[str]]


@pytest.fixture
def types() -> Mapping[str, type[AccountConfig]]:
    return TYPES


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load settings from the text of a file."""
    monkeypatch.chdir(tmp_path)

    def load_it(text: str | bytes | None, types: Mapping[str, type[AccountConfig]] = TYPES, **environ: str) -> Settings:
        path = None if text is None else Path("imbridge.yaml")
        if path is not None and text is not None:
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load(path, environ=environ, types=types)

    return load_it


@pytest.fixture
def fail(load_text: Load) -> Fail:
    """Load settings that are wrong; gives the lines of the error."""

    def fail_it(text: str | bytes | None, **rest: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load_text(text, **rest)
        return str(caught.value).split("\n")

    return fail_it
