"""The same echo with the official SDK, used as its documentation shows.

Where its API is, is a literal in it, and so is where its tokens come from; both are replaced.
"""

import asyncio
import logging
import os
from typing import Any
from urllib.parse import urlsplit

import aiohttp

asyncio.set_event_loop(asyncio.new_event_loop())  # the client wants one when it is made

import botpy  # noqa: E402 - see above
from botpy.http import Route  # noqa: E402
from botpy.robot import Token  # noqa: E402


class LocalToken(Token):  # type: ignore[misc]  # the package has no types
    """A token of the emulator."""

    async def update_access_token(self) -> None:
        asked = {"appId": self.app_id, "clientSecret": self.secret}
        async with aiohttp.ClientSession() as http, http.post(os.environ["QQ_TOKEN_URL"], json=asked) as answer:
            data = await answer.json()
        self.access_token = data["access_token"]
        self.expires_in = int(data["expires_in"]) + 10**10  # it compares two clocks


class Echo(botpy.Client):  # type: ignore[misc]  # the package has no types
    """Repeats what is said."""

    async def on_c2c_message_create(self, message: Any) -> None:
        await message.reply(content=message.content)


def main() -> None:
    Route.SCHEME, Route.DOMAIN = "http", urlsplit(os.environ["QQ_API_BASE_URL"]).netloc
    botpy.client.Token = LocalToken
    client = Echo(intents=botpy.Intents(public_messages=True), bot_log=False)
    logging.disable(logging.CRITICAL)
    client.run(appid=os.environ["QQ_APP_ID"], secret=os.environ["QQ_SECRET"])


if __name__ == "__main__":
    main()
