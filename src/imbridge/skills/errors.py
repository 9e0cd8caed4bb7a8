"""What went wrong inside a skill, as opposed to inside imbridge."""

from imbridge.protocol import ImbridgeError


class SkillFailure(ImbridgeError):  # noqa: N818 - the error is the cause; this says whose it is
    """A skill raised; the error itself is `__cause__`.

    Attributes:
        skill: The skill's name.
        handler: Its method or function (`handle_message`, `setup`, ...).
    """

    def __init__(self, skill: str, handler: str, error: BaseException) -> None:
        self.skill = skill
        self.handler = handler
        super().__init__(f"skill {skill!r} failed in {handler}: {type(error).__name__}; its traceback is the cause")
        self.__cause__ = error
