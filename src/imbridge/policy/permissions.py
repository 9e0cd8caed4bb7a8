"""Who may use which skill: the model of `permissions.yaml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError

from imbridge.policy.identity import GroupName, UserName, account_of, is_group, is_user, sender_of
from imbridge.policy.limits import UseCounter
from imbridge.protocol import ConfigError, Event, Message
from imbridge.skills import BaseSkill

_MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class UseRate:
    """At most `count` uses in any `period` seconds."""

    count: int
    period: float


def _rate(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    # not at the top: the transport brings in its HTTP client, and most permissions have no rate
    from imbridge.transport.pacing import Rate

    rate = Rate.parse(value)
    if rate.count > _MOST_COUNTED:
        raise ValueError(f"{value!r} counts more than {_MOST_COUNTED}; write a shorter period with a smaller count")
    return UseRate(rate.count, rate.period)


class SkillRule(BaseModel):
    """Who may use a skill.

    The lists hold ids, `platform:account/id`, or addresses. A list that is absent allows or denies nobody in
    particular; an allow list that is there but empty allows nobody.

    Attributes:
        allow_groups: Everybody may use it in these groups.
        allow_users: These people may use it anywhere. With both lists, either is enough; with none, everybody may.
        deny_groups: Nobody may use it in these groups.
        deny_users: These people may not use it. Denial wins over every permission, an administrator's too.
        admin_only: Only administrators may use it, whatever is allowed.
        rate_limit: How often one person, in (platform, account, user id), may use it: `10/60s`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow_groups: tuple[GroupName, ...] | None = None
    deny_groups: tuple[GroupName, ...] = ()
    allow_users: tuple[UserName, ...] | None = None
    deny_users: tuple[UserName, ...] = ()
    admin_only: bool = False
    rate_limit: Annotated[UseRate | None, BeforeValidator(_rate)] = None


_ANYBODY = SkillRule()


class Permissions(BaseModel):
    """Rules for skills, by their names; the rule `"*"` holds for every skill that has none of its own.

    Without rules everybody may use everything.

    Attributes:
        skills: The rules.
        admins: Who is an administrator: may use `admin_only` skills, and needs no place in an allow list.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    skills: dict[str, SkillRule] = Field(default_factory=dict)
    admins: tuple[UserName, ...] = ()
    _uses: UseCounter = PrivateAttr(default_factory=UseCounter)

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Self:
        """Rules as settings have them.

        Raises:
            ConfigError: they cannot be read; a line for each mistake.
        """
        try:
            return cls.model_validate(given or {})
        except ValidationError as error:
            mistakes = error.errors(include_input=False)
            lines = [f"permissions.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in mistakes]
            raise ConfigError("\n".join(lines), key="permissions") from None

    def rule(self, skill: BaseSkill) -> SkillRule:
        """The rule that holds for a skill."""
        return self.skills.get(skill.name) or self.skills.get("*") or _ANYBODY

    def is_admin(self, item: Message | Event) -> bool:
        """Whoever sent it is an administrator, by the platform's ids."""
        return is_user(self.admins, item)

    def may_use(self, skill: BaseSkill, item: Message | Event) -> bool:
        """Whether whoever sent it may use the skill there. Counts nothing: that is `limit`.

        An event that nobody caused passes only where no list of people and no `admin_only` stands in its way.
        """
        if not self.skills or (rule := self.rule(skill)) is _ANYBODY:
            return True
        if is_user(rule.deny_users, item) or is_group(rule.deny_groups, item.channel):
            return False
        if rule.admin_only:
            return self.is_admin(item)
        if rule.allow_users is None and rule.allow_groups is None:
            return True
        return (
            is_user(rule.allow_users or (), item)
            or is_group(rule.allow_groups or (), item.channel)
            or self.is_admin(item)
        )

    def limit(self, skill: BaseSkill, item: Message | Event) -> float:
        """Count a use against the skill's `rate_limit`; to be given to `SkillSet` as `limit`.

        Returns:
            0 when it may go on, or the seconds until it may. Events nobody caused are not limited.
        """
        if not self.skills or (rate := self.rule(skill).rate_limit) is None or (sender := sender_of(item)) is None:
            return 0.0
        return self._uses.take((skill.name, account_of(item), sender.id), rate.count, rate.period)
