"""What the app is allowed, beside what it needs: `GET application/v6/scopes`."""

from collections.abc import Collection
from dataclasses import dataclass

from imbridge.adapters.feishu.calls import Caller
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.adapters.feishu.scopes import Need, grant_url, needs
from imbridge.protocol import ImbridgeError

_GRANTED = 1
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Granted:
    """What a look at the granted scopes has shown.

    Attributes:
        ok: Nothing that is required is known to be missing.
        problems: What is missing, one line each.
    """

    ok: bool
    problems: tuple[str, ...] = ()


async def look(caller: Caller) -> Granted:
    """Compare what is granted with what the account needs. A list that cannot be read is a problem, and no failure."""
    try:
        data, _ = await caller.call("GET", "/open-apis/application/v6/scopes", api="scopes", patience=_PATIENCE)
    except ImbridgeError as error:
        return Granted(ok=True, problems=(f"the granted scopes cannot be read, so none is checked: {error}",))
    listed = {
        entry["scope_name"]: entry.get("grant_status")
        for entry in data.get("scopes") or ()
        if isinstance(entry, dict) and isinstance(entry.get("scope_name"), str)
    }
    granted = {scope for scope, status in listed.items() if status == _GRANTED}
    missing = [need for need in needs(caller.config) if not granted.intersection(need.scopes)]
    return Granted(
        ok=not any(need.required for need in missing),
        problems=tuple(_problem(need, listed, caller.config) for need in missing),
    )


def _problem(need: Need, listed: Collection[str], config: FeishuConfig) -> str:
    asked_for = next((scope for scope in need.scopes if scope in listed), None)
    scope = asked_for or need.scopes[0]
    state = "is asked for and waits for the tenant's administrator" if asked_for else "is not granted"
    kind = "scope" if need.required else "optional scope"
    return f"{kind} {scope} {state} ({need.purpose}): {grant_url(config, [scope])}"
