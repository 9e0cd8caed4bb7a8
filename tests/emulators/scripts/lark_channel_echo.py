"""The official channel layer: receives a message and answers it, with a streamed card if that is asked for.

Usage: lark_channel_echo.py BASE_URL APP_ID APP_SECRET
"""

import sys

from lark_oapi.channel import FeishuChannel

base_url, app_id, app_secret = sys.argv[1:]
channel = FeishuChannel(app_id=app_id, app_secret=app_secret, domain=base_url)


async def on_message(message: object) -> None:
    if message.content_text == "stream":

        async def produce(stream: object) -> None:
            for word in ("one ", "two ", "three"):
                await stream.append(word)

        await channel.stream(message.chat_id, {"markdown": produce})
        return
    await channel.send(message.chat_id, {"text": f"channel: {message.content_text}"})


channel.on("message", on_message)
channel.start()
