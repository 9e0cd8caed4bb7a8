"""Where a call gets its token from that is made as a person."""

from collections.abc import Awaitable, Callable


class IssuedToken:
    """One that was issued this moment; there is no other."""

    def __init__(self, value: str) -> None:
        self._value = value

    async def get(self) -> str:
        """The token."""
        return self._value

    def invalidate(self, value: str) -> None:
        """Nothing can be done."""


class PersonToken:
    """A person's, renewed when it is refused."""

    def __init__(
        self, open_id: str, token: Callable[[str], Awaitable[str]], refuse: Callable[[str, str], None]
    ) -> None:
        """Of who has this open_id; `token` and `refuse` are `OAuth`'s."""
        self._open_id = open_id
        self._token = token
        self._refuse = refuse

    async def get(self) -> str:
        """The token as it is now."""
        return await self._token(self._open_id)

    def invalidate(self, value: str) -> None:
        """The platform does not take it."""
        self._refuse(self._open_id, value)
