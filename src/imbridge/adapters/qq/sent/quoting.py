"""What is said of the message that an answer is attached to.

Source: bot.q.qq.com, "sending messages", `message_reference`: in guilds the message's id, and not beside Markdown. In
single chats and groups it was announced for long; clients send the index that comes with each message. So there it is
tried, and what the platform refuses is not tried again for a day.
"""

from imbridge.adapters.base import Target
from imbridge.adapters.qq.api import GUILD_KINDS, kind_of
from imbridge.adapters.qq.outbound import Body, Form
from imbridge.adapters.qq.received.identity import References
from imbridge.adapters.qq.sent.rights import Rights

_NONE_BESIDE = ("ark", "embed")


class Quoting:
    """Quotes for one bot."""

    def __init__(self, references: References, rights: Rights) -> None:
        """`references` knows what messages are quoted by."""
        self._references = references
        self._rights = rights

    def of(self, target: Target, form: Form) -> tuple[Body | None, str]:
        """The reference to what is answered; when there is none, why not (empty: nothing is to be quoted)."""
        if target.reply_to is None:
            return None, ""
        guild = kind_of(target.channel) in GUILD_KINDS
        if any(name in form.body for name in (*_NONE_BESIDE, *(("markdown",) if guild else ()))):
            return None, f"QQ's {form.kind} messages quote none"
        if guild:
            return {"message_id": target.reply_to, "ignore_get_message_error": True}, ""
        index = self._references.index(target.reply_to)
        if not index:
            return None, "QQ gave no index for it"
        if not self._rights.may(_right(form)):
            return None, "the platform refused it lately"
        return {"message_id": index}, ""

    def taken(self, form: Form) -> None:
        """The platform took it with a quote."""
        self._rights.grant(_right(form))

    def refused(self, form: Form, why: str) -> None:
        """The platform took it without the quote, and not with it."""
        self._rights.refuse(_right(form), why)


def _right(form: Form) -> str:
    return f"quotes in {form.kind}"
