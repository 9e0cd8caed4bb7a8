"""An answer that grows while it is made, as a language model's does. On Feishu it is one message that is edited."""

import asyncio
from collections.abc import AsyncIterator

from imbridge import BaseSkill, Message, on_command

WORDS = ("Once ", "upon ", "a ", "time ", "a ", "message ", "went ", "to ", "four ", "platforms ", "at ", "once.")


class Story(BaseSkill):
    name, description, version = "story", "tells a story, word by word", "1.0"

    @on_command("story")
    async def story(self) -> AsyncIterator[str]:
        """Tell it: what is yielded is added."""
        for word in WORDS:
            yield word
            await asyncio.sleep(0.1)

    @on_command("count")
    async def count(self, msg: Message) -> None:
        """Count to three, with the writer in hand: for code that does more than yield."""
        async with msg.stream(markdown=True) as out:
            for number in ("**one**", ", **two**", ", **three**"):
                await out.write(number)
                await asyncio.sleep(0.1)
