"""The shortest bot: it repeats what it is told.

Run it with `imbridge run examples/echo.py`, or with `python examples/echo.py`; both need FEISHU_APP_ID and
FEISHU_APP_SECRET.
"""

from imbridge import BaseSkill, Bridge, Message


class Echo(BaseSkill):
    name, description, version = "echo", "repeats what you say", "1.0"

    async def handle_message(self, msg: Message) -> str | None:
        if msg.content_type == "text":
            return f"echo: {msg.text}"
        return None  # a picture, a file, ...: nothing to say


if __name__ == "__main__":
    raise SystemExit(Bridge.from_env(skills=[Echo()]).run())
