"""Values as they stand in a table: with their place, and encrypted with Fernet where there are keys.

Fernet is AES-128-CBC and HMAC-SHA256: https://github.com/fernet/spec.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from imbridge.protocol import ConfigError
from imbridge.storage import json_values
from imbridge.storage.core.ids import plain
from imbridge.storage.errors import StorageError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Sealing:
    """Encrypts with the first key, reads with any; without a key values are kept as they are."""

    def __init__(self, keys: Sequence[SecretStr] = ()) -> None:
        """Nothing is sealed yet.

        Raises:
            ConfigError: a key is none, or `cryptography` is not installed.
        """
        self._fernet = _fernet(keys) if keys else None

    @property
    def encrypts(self) -> bool:
        """Whether there is a key."""
        return self._fernet is not None

    def row(
        self, one: str, account: str, kind: str, name: str, value: Any, *, expires_at: float | None
    ) -> dict[str, Any]:
        """The row `one`. What is sealed has the name, too, which the column may hold cut."""
        return {
            "id": one,
            "account": plain(account, 255),
            "kind": plain(kind, 255),
            "name": plain(name, 255),
            "encrypted": int(self.encrypts),
            "value": self._sealed(json_values.written({"of": one, "name": name, "value": value})),
            "expires_at": expires_at,
        }

    def open(self, one: str, encrypted: int, text: str) -> dict[str, Any]:
        """What `row` was given, as `name` and `value`.

        Raises:
            StorageError: it is of another row, or its key is not there.
        """
        data = text.encode()
        content: dict[str, Any] = json_values.read(self._decrypted(data) if encrypted else data)
        if content.get("of") != one:
            raise StorageError("a value is not where it was put: somebody has changed the table")
        return content

    def again(self, one: str, encrypted: int, text: str) -> str:
        """The same with the first key."""
        return self._sealed(json_values.written(self.open(one, encrypted, text)))

    def _sealed(self, data: bytes) -> str:
        return data.decode() if self._fernet is None else self._fernet.encrypt(data).decode()

    def _decrypted(self, data: bytes) -> bytes:
        if self._fernet is None:
            raise StorageError("a value is encrypted, and no key is configured")
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(data)
        except InvalidToken:
            raise StorageError(
                "a value cannot be decrypted: its key is not among those that are configured, or it was changed"
            ) from None


def _fernet(keys: Sequence[SecretStr]) -> "MultiFernet":
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError as error:
        raise ConfigError(
            "storage: to encrypt what is kept install cryptography: pip install cryptography", key="storage.keys"
        ) from error
    try:
        return MultiFernet([Fernet(key.get_secret_value()) for key in keys])
    except ValueError:
        raise ConfigError(
            "storage: a key has to be 32 random bytes in URL-safe base64; make one with "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
            key="storage.keys",
        ) from None
