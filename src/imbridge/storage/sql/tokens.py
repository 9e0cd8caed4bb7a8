"""Tokens in a table, encrypted with Fernet (AES-128-CBC and HMAC-SHA256, https://github.com/fernet/spec)."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from pydantic_core import from_json, to_json
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from imbridge.protocol import ConfigError
from imbridge.storage.errors import StorageError
from imbridge.storage.sql.database import Database
from imbridge.storage.sql.dialect import db_now, upsert
from imbridge.storage.sql.ids import digest, plain
from imbridge.storage.sql.tables import tokens as table
from imbridge.storage.tokens import Tokens

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

Statements = Callable[[AsyncConnection], Awaitable[Any]]
_CHANGED = ("encrypted", "value", "expires_at", "changed_at")


class SqlTokens(Tokens):
    """Encrypts with the first key, reads with any; without a key values are kept as they are."""

    def __init__(
        self, run: Callable[[Statements], Awaitable[Any]], database: Database, keys: Sequence[SecretStr]
    ) -> None:
        """`run` has statements carried out by the writer.

        Raises:
            ConfigError: a key is none, or `cryptography` is not installed.
        """
        self._run = run
        self._database = database
        self._fernet = _fernet(keys) if keys else None

    async def put(  # noqa: D102 - inherited
        self, account: str, kind: str, name: str, value: Any, *, expires_at: float | None = None
    ) -> None:
        one = _id(account, kind, name)
        row = {
            "id": one,
            "account": plain(account, 255),
            "kind": plain(kind, 255),
            "name": plain(name, 255),
            "encrypted": int(self._fernet is not None),
            "value": self._sealed(to_json({"of": one, "name": name, "value": value})),
            "expires_at": expires_at,
        }

        async def save(connection: AsyncConnection) -> None:
            now = await connection.scalar(select(db_now()))
            await connection.execute(upsert(connection.dialect.name, table, _CHANGED), [{**row, "changed_at": now}])

        await self._run(save)

    async def get(self, account: str, kind: str, name: str) -> Any:  # noqa: D102 - inherited
        one = _id(account, kind, name)
        query = select(table.c.encrypted, table.c.value).where(table.c.id == one, *_lives())
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else self._opened(one, row.encrypted, row.value)["value"]

    async def drop(self, account: str, kind: str, name: str) -> None:  # noqa: D102 - inherited
        statement = delete(table).where(table.c.id == _id(account, kind, name))
        await self._run(lambda connection: connection.execute(statement))

    async def names(self, account: str, kind: str) -> list[str]:  # noqa: D102 - inherited
        query = (
            select(table.c.id, table.c.encrypted, table.c.value)
            .where(table.c.account == plain(account, 255), table.c.kind == plain(kind, 255), *_lives())
            .order_by(table.c.name)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return [str(self._opened(row.id, row.encrypted, row.value)["name"]) for row in rows]

    async def rotate(self) -> int:  # noqa: D102 - inherited
        if self._fernet is None:
            raise StorageError("there is no key to encrypt with; configure one")

        async def rewrite(connection: AsyncConnection) -> int:
            rows = (await connection.execute(select(table.c.id, table.c.encrypted, table.c.value))).all()
            for row in rows:
                value = self._sealed(to_json(self._opened(row.id, row.encrypted, row.value)))
                await connection.execute(update(table).where(table.c.id == row.id).values(value=value, encrypted=1))
            return len(rows)

        count: int = await self._run(rewrite)
        return count

    def _sealed(self, data: bytes) -> str:
        return data.decode() if self._fernet is None else self._fernet.encrypt(data).decode()

    def _opened(self, one: str, encrypted: int, value: str) -> dict[str, Any]:
        data = value.encode()
        if encrypted:
            data = self._decrypted(data)
        content: dict[str, Any] = from_json(data)
        if content.get("of") != one:
            raise StorageError("a token is not where it was put: somebody has changed the table")
        return content

    def _decrypted(self, data: bytes) -> bytes:
        if self._fernet is None:
            raise StorageError("a token is encrypted, and no key is configured")
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(data)
        except InvalidToken:
            raise StorageError(
                "a token cannot be decrypted: its key is not among those that are configured, or it was changed"
            ) from None


def _lives() -> tuple[Any, ...]:
    return (table.c.expires_at.is_(None) | (table.c.expires_at > db_now()),)


def _id(account: str, kind: str, name: str) -> str:
    return digest("token", account, kind, name)


def _fernet(keys: Sequence[SecretStr]) -> "MultiFernet":
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError as error:
        raise ConfigError(
            "storage: to encrypt tokens install cryptography: pip install cryptography", key="storage.keys"
        ) from error
    try:
        return MultiFernet([Fernet(key.get_secret_value()) for key in keys])
    except ValueError:
        raise ConfigError(
            "storage: a key has to be 32 random bytes in URL-safe base64; make one with "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
            key="storage.keys",
        ) from None
