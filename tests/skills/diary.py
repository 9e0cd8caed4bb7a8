"""A skill that keeps a diary: what the tests of skills and of sets of them share."""

from imbridge.skills import BaseSkill


class Saying(BaseSkill):
    """Answers with a fixed thing and keeps a diary."""

    def __init__(self, name, content="", diary=None, fail=(), **more):
        super().__init__(name=name, **more)
        self.content, self.diary, self.fail = content, [] if diary is None else diary, fail

    async def _note(self, what):
        self.diary.append(f"{self.name} {what}")
        if what in self.fail:
            raise ValueError(f"{what} of {self.name}")

    async def setup(self):
        await self._note("setup")

    async def teardown(self):
        await self._note("teardown")

    async def handle_message(self, msg):
        await self._note("asked")
        return self.content
