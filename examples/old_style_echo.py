"""A skill in the older style, as it was: of its code only the import is new."""
# mypy: allow-untyped-defs, allow-untyped-calls
# Why: it is shown as it was written, without annotations.

from imbridge import BaseSkill


class EchoSkill(BaseSkill):
    def __init__(self):
        super().__init__(
            name="echo",
            description="复读机功能",
            version="1.0",
        )

    async def handle_message(self, msg):
        if msg.content_type == "text":
            return {"type": "text", "content": msg.raw}
        return None
