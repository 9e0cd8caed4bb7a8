"""What a person has let the app do, and where it is kept."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretStr, ValidationError
from pydantic_core import from_json, to_json

from imbridge.adapters.kept_tokens import KeptTokens
from imbridge.protocol import ConfigError

_KIND = "user_token"
_AFTERWARDS = 86_400.0
"""Seconds for which a token is kept beyond its end: people are told that it has ended, and clocks may differ."""


class UserToken(BaseModel):
    """One person's tokens for one app. It shows no secret.

    Attributes:
        open_id: The person, by the app's id of them.
        name: What they are called.
        scopes: What they have granted.
        access_token: Makes calls as this person.
        expires_at: When it ends.
        renew_at: From when on the next one is fetched.
        refresh_token: Fetches the next pair, once; None when the person did not grant `offline_access`.
        refresh_expires_at: When that ends.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    open_id: str
    name: str = ""
    scopes: tuple[str, ...] = ()
    access_token: SecretStr
    expires_at: AwareDatetime
    renew_at: AwareDatetime
    refresh_token: SecretStr | None = None
    refresh_expires_at: AwareDatetime | None = None

    def lasts(self, seconds: float = 0.0) -> bool:
        """Whether the access token is good for so many seconds more."""
        return (self.expires_at - datetime.now(UTC)).total_seconds() > seconds

    def revealed(self) -> bytes:
        """All of it as JSON, secrets included: to be stored, and nowhere else."""
        facts = self.model_dump(mode="json", exclude={"access_token", "refresh_token"})
        facts["access_token"] = self.access_token.get_secret_value()
        facts["refresh_token"] = self.refresh_token.get_secret_value() if self.refresh_token else None
        return to_json(facts)


class UserTokenStore(Protocol):
    """Keeps tokens by account (`feishu:work`) and person (open_id).

    A refresh token counts once. So `put` comes back only when the token will be there after a crash, and a store that
    several processes share must show each what another has put.
    """

    async def get(self, account: str, open_id: str) -> UserToken | None:
        """The person's token; None when there is none."""

    async def put(self, account: str, token: UserToken) -> None:
        """Keep a token, in place of the person's last one."""

    async def delete(self, account: str, open_id: str) -> None:
        """Forget a person's token, if there is one."""


class MemoryUserTokens:
    """Keeps them in this process: after a restart everybody has to authorise again."""

    def __init__(self) -> None:
        self._tokens: dict[tuple[str, str], UserToken] = {}

    async def get(self, account: str, open_id: str) -> UserToken | None:
        """The person's token."""
        return self._tokens.get((account, open_id))

    async def put(self, account: str, token: UserToken) -> None:
        """Keep it."""
        self._tokens[account, token.open_id] = token

    async def delete(self, account: str, open_id: str) -> None:
        """Forget it."""
        self._tokens.pop((account, open_id), None)


class KeptUserTokens:
    """Keeps them where the bridge keeps credentials: in its storage, encrypted where that has keys; else in memory.

    Args:
        tokens: Of one account; those of another are not found in it.
    """

    def __init__(self, tokens: KeptTokens) -> None:
        self._tokens = tokens

    async def get(self, account: str, open_id: str) -> UserToken | None:
        """The person's token.

        Raises:
            ImbridgeError: It could not be read.
            ConfigError: Something else stands in its place.
        """
        facts = await self._tokens.get(_KIND, f"{account}/{open_id}")
        if facts is None:
            return None
        try:
            return UserToken.model_validate(facts if isinstance(facts, Mapping) else {})
        except ValidationError:
            pass  # raised below: the cause could show what stands there
        raise ConfigError(f"{account}: what is kept of {open_id} is no token of a person; have them authorise again")

    async def put(self, account: str, token: UserToken) -> None:
        """Keep it.

        Raises:
            ImbridgeError: It could not be kept.
        """
        until = token.expires_at if token.refresh_token is None else token.refresh_expires_at
        expires_at = None if until is None else until.timestamp() + _AFTERWARDS
        name = f"{account}/{token.open_id}"
        await self._tokens.put(_KIND, name, from_json(token.revealed()), expires_at=expires_at)

    async def delete(self, account: str, open_id: str) -> None:
        """Forget it.

        Raises:
            ImbridgeError: It could not be dropped.
        """
        await self._tokens.drop(_KIND, f"{account}/{open_id}")


class FileUserTokens:
    """Keeps them in a folder, one JSON file for each person, readable by this user only (on POSIX systems).

    A file is replaced at once or not at all. The tokens in it are not encrypted: guard the folder as you would a
    password file.

    Args:
        folder: Made when it is not there.
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder)

    def _file(self, account: str, open_id: str) -> Path:
        # Quoted: an id can neither leave the folder nor be taken for another one.
        return self._folder / f"{quote(account, safe='')}@{quote(open_id, safe='')}.json"

    async def get(self, account: str, open_id: str) -> UserToken | None:
        """The person's token.

        Raises:
            OSError: The file cannot be read.
            ConfigError: It holds something else.
        """
        file = self._file(account, open_id)
        try:
            data = await asyncio.to_thread(file.read_bytes)
        except FileNotFoundError:
            return None
        try:
            facts = from_json(data)
            return UserToken.model_validate(facts if isinstance(facts, Mapping) else {})
        except (ValueError, ValidationError):
            pass  # raised below: the cause could show what the file holds
        raise ConfigError(f"{file} holds no token of a person; remove it, and have them authorise again")

    async def put(self, account: str, token: UserToken) -> None:
        """Keep it.

        Raises:
            OSError: The file cannot be written.
        """
        await asyncio.to_thread(_replace, self._file(account, token.open_id), token.revealed())

    async def delete(self, account: str, open_id: str) -> None:
        """Forget it.

        Raises:
            OSError: The file cannot be removed.
        """
        await asyncio.to_thread(self._file(account, open_id).unlink, missing_ok=True)


def _replace(file: Path, data: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f".{secrets.token_hex(8)}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    if os.name == "posix":  # the new name itself must survive a crash too
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
