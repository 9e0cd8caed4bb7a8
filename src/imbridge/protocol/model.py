"""The base of all protocol models."""

from pydantic import BaseModel, ConfigDict


class ProtocolModel(BaseModel):
    """Frozen, closed to unknown fields, and quiet about its input when validation fails."""

    # Validators are built at first use: `import imbridge` has to stay cheap.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
