"""Says which skills and commands there are for whoever asks."""

from imbridge.config.options import Language
from imbridge.protocol import Message, SkillError
from imbridge.skills.base import BaseSkill
from imbridge.skills.builtin.language import check_language
from imbridge.skills.catalogue import Catalogue, CommandEntry, SkillEntry
from imbridge.skills.triggers import on_command, on_pattern

_WORDS = {
    "zh": {
        "heading": "我会这些：",
        "more": "发送 {prefix}help 名称 可以查看详情。",
        "nothing": "目前没有你可以使用的技能。",
        "unknown": "没有名为“{name}”的技能或命令。发送 {prefix}help 查看全部。",
        "aliases": "也可以写作：",
    },
    "en": {
        "heading": "I can do this:",
        "more": "Send {prefix}help NAME for more.",
        "nothing": "There is no skill that you may use at present.",
        "unknown": 'There is no skill or command "{name}". Send {prefix}help to see all.',
        "aliases": "Also written: ",
    },
}


class HelpSkill(BaseSkill):
    """`/help`, `/help NAME`, or just "help" or "帮助". Only what the asker may use is listed.

    Args:
        language: `zh` or `en`.
    """

    name = "help"
    description = "lists what I can do"
    version = "1.0"
    priority = 100

    def __init__(self, language: str = Language.ENGLISH) -> None:
        super().__init__()
        self._words = _WORDS[check_language(language, self.name)]
        self._catalogue: Catalogue | None = None

    def installed(self, catalogue: Catalogue) -> None:
        """Remember where to look."""
        self._catalogue = catalogue

    @on_command("help", aliases=("帮助",), usage="[name]", summary="lists what I can do")
    async def command(self, msg: Message, argument: str) -> str:
        """All of it, or one skill or command."""
        return self._about(msg, argument) if argument else self._overview(msg)

    @on_pattern(r"(?i)\s*(?:help|帮助)\s*[?？!！.。]?\s*", full=True, max_length=20)
    async def word(self, msg: Message) -> str:
        """The bare word, in any case."""
        return self._overview(msg)

    def _entries(self, msg: Message) -> tuple[SkillEntry, ...]:
        if self._catalogue is None:
            raise SkillError("the help skill is not among other skills; add it to a Bridge or a SkillSet")
        return self._catalogue.entries(msg)

    @property
    def _prefix(self) -> str:
        return self._catalogue.command_prefix if self._catalogue is not None else ""

    def _overview(self, msg: Message) -> str:
        entries = [entry for entry in self._entries(msg) if entry.name != self.name]
        if not entries:
            return self._words["nothing"]
        lines = [self._words["heading"]]
        for entry in entries:
            lines.append(f"• {_line(entry.name, entry.description)}")
            lines += [f"    {self._command(command)}" for command in entry.commands]
        return "\n".join([*lines, self._words["more"].format(prefix=self._prefix)])

    def _about(self, msg: Message, asked: str) -> str:
        name = asked.casefold().removeprefix(self._prefix.casefold())
        for entry in self._entries(msg):
            if entry.name.casefold() == name:
                lines = [_line(f"{entry.name} {entry.version}", entry.description)]
                return "\n".join([*lines, *(f"    {self._command(command)}" for command in entry.commands)])
            for command in entry.commands:
                if name in (each.casefold() for each in (command.name, *command.aliases)):
                    lines = [self._command(command)]
                    if command.aliases:
                        aliases = ", ".join(f"{self._prefix}{alias}" for alias in command.aliases)
                        lines.append(f"{self._words['aliases']}{aliases}")
                    return "\n".join(lines)
        shown = asked if len(asked) <= 50 else f"{asked[:50]}…"
        return self._words["unknown"].format(name=shown, prefix=self._prefix)

    def _command(self, command: CommandEntry) -> str:
        return _line(f"{self._prefix}{command.name} {command.usage}".rstrip(), command.summary)


def _line(name: str, what: str) -> str:
    return f"{name} — {what}" if what else name
