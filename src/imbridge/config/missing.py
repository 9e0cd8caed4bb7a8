"""A value that is nowhere, and every way to give it."""

from dataclasses import dataclass

from pydantic.fields import FieldInfo

from imbridge.config.document import ENVIRONMENT
from imbridge.config.fields import explain, is_secret
from imbridge.config.problems import Problems


@dataclass(frozen=True, slots=True)
class Missing:
    """Where a value belongs that is nowhere.

    Attributes:
        key: The mapping that lacks it, in dotted form.
        where: The file and line of the mapping, or `environment`.
        prefix: Prefix of the variables that could hold it, or "" if none is looked at.
        beside: Added to what is said of a variable: what else is set.
    """

    key: str
    where: str
    prefix: str = ""
    beside: str = ""

    def note(self, problems: Problems, field: str, info: FieldInfo) -> None:
        """Say what is missing and every way to give it."""
        variable = self.prefix + field.upper()
        if self.where == ENVIRONMENT:
            text = f"not set{self.beside}"
            problems.add(text + explain(info), key=variable, where=ENVIRONMENT)
            return
        ways = ["write it here"]
        if is_secret(info):
            ways.append(f"name a file that holds it with {field}_file")
        if self.prefix:
            ways.append(f"set the environment variable {variable}")
        *first, last = ways
        text = f"missing; {', '.join(first)} or {last}" if first else f"missing; {last}"
        problems.add(text + explain(info), key=f"{self.key}.{field}", where=self.where)
