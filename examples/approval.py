"""Ask for a decision with buttons, and change the card when it was taken.

imbridge run examples/approval.py
"""

from imbridge import (
    NOT_MINE,
    BaseSkill,
    Button,
    ButtonClicked,
    Card,
    Fields,
    Message,
    Note,
    Toast,
    on_command,
    on_event,
)


class Approval(BaseSkill):
    """Shows a card; whoever clicks first decides."""

    name, description, version = "approval", "asks whether to deploy", "1.0"

    def __init__(self) -> None:
        super().__init__()
        self._decided: set[str] = set()

    @on_command("deploy", usage="VERSION")
    async def ask(self, msg: Message, argument: str) -> Card | str:
        if not argument:
            return "Which version? /deploy VERSION"
        return Card(
            title="Deploy?",
            color="orange",
            body=[
                Fields({"version": argument, "asked by": msg.sender.name or msg.sender.id}),
                Button("Approve", action="approve", value=argument, style="primary"),
                Button("Reject", action="reject", value=argument, style="danger", confirm="Reject it for good?"),
                Note("The first click counts."),
            ],
        )

    @on_event(ButtonClicked)
    async def decide(self, event: ButtonClicked) -> object:
        if event.action not in ("approve", "reject"):
            return NOT_MINE
        if event.message_id in self._decided:
            return Toast("Somebody was faster.", kind="warning")
        self._decided.add(event.message_id)
        approved = event.action == "approve"
        decision = "approved" if approved else "rejected"
        by = event.actor.id if event.actor else "somebody"
        card = Card(
            title=f"{event.value}: {decision}", color="green" if approved else "red", body=[Fields({"decided by": by})]
        )
        return [Toast("Done", kind="success"), card]
