"""What tokens are whatever the database is: sealed rows with an end."""

from typing import Generic

from imbridge.storage.core.database import DatabaseT
from imbridge.storage.core.ids import digest
from imbridge.storage.core.sealing import Sealing
from imbridge.storage.core.work import RunStatements
from imbridge.storage.tokens import Tokens


class DatabaseTokens(Tokens, Generic[DatabaseT]):
    """The statements are the database's."""

    def __init__(self, run: RunStatements, database: DatabaseT, sealing: Sealing) -> None:
        """`run` has statements carried out by the writer."""
        self._run = run
        self._database = database
        self._sealing = sealing

    @property
    def encrypted(self) -> bool:  # noqa: D102 - inherited
        return self._sealing.encrypts


def token_id(account: str, kind: str, name: str) -> str:
    """The id of a token's row."""
    return digest("token", account, kind, name)
