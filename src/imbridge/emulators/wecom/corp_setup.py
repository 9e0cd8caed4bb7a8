"""Setting the corp up: apps, people, departments, tags. Nobody is told of it."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from imbridge.emulators.wecom.app import App
from imbridge.emulators.wecom.directory import Department, Tag
from imbridge.emulators.wecom.group_robot import GroupRobot
from imbridge.emulators.wecom.user import User, userid_of

if TYPE_CHECKING:
    from imbridge.emulators.wecom.world import World

FIRST_AGENT = 1000002
CONTACTS_AGENT = 0


class CorpSetup:
    """What there is in the corp before anybody does anything."""

    _world: "World"

    def add_app(
        self,
        name: str = "Demo",
        agent_id: int | None = None,
        *,
        secret: str | None = None,
        token: str | None = None,
        aes_key: str | None = None,
        visible: Collection[str] | None = None,
        trusted_ips: Collection[str] | None = None,
        trusted_domains: Collection[str] | None = None,
        sees_private: bool = False,
    ) -> App:
        """Adds a self-built app; what is not given is made up. See `App` for the arguments."""
        world = self._world
        if agent_id is None:
            agent_id = max(world.apps, default=FIRST_AGENT - 1) + 1
        if agent_id in world.apps:
            raise ValueError(f"there is an app {agent_id} already")
        app = App(
            corp_id=world.corp_id,
            agent_id=agent_id,
            secret=secret or world.ids.text("secret", 43),
            token=token or world.ids.hex("token", 24),
            aes_key=aes_key or world.ids.aes_key(),
            name=name,
            visible=visible,
            trusted_ips=trusted_ips,
            trusted_domains=trusted_domains,
            sees_private=sees_private,
        )
        world.apps[agent_id] = app
        return app

    def add_contacts_secret(self) -> App:
        """The contacts secret (通讯录同步): its token may read all members, and send nothing."""
        world = self._world
        secret, token = world.ids.text("secret", 43), world.ids.hex("token", 24)
        app = App(world.corp_id, CONTACTS_AGENT, secret, token, world.ids.aes_key(), "通讯录同步")
        app.contacts = app.sees_private = True
        world.contacts_secret = app
        return app

    def add_user(
        self, name: str, department: int | Collection[int] = 1, *, userid: str | None = None, **profile: Any
    ) -> User:
        """Adds a member, with any further argument of `User`; nobody is told.

        Args:
            name: What people see.
            department: The number of the department, or several.
            userid: The id; None makes one of the name.
            **profile: mobile, email, position, gender, alias, active, licensed.
        """
        users = self._world.directory.users
        departments = [department] if isinstance(department, int) else list(department)
        unknown = set(departments) - set(self._world.directory.departments)
        if unknown:
            raise ValueError(f"there is no department {sorted(unknown)}: call add_department first")
        userid = userid or userid_of(name, users)
        if userid.lower() in users:
            raise ValueError(f"there is a member {userid} already")
        user = User(self._world, userid, name, departments, **profile)
        users[userid.lower()] = user
        return user

    def add_department(self, name: str, parent_id: int = 1, *, number: int | None = None) -> Department:
        """Adds a department below another; nobody is told."""
        departments = self._world.directory.departments
        number = number or max(departments) + 1
        department = Department(number, name, parent_id)
        departments[number] = department
        return department

    def add_group_robot(self, name: str = "Robot", members: Iterable[User] = ()) -> GroupRobot:
        """Adds a robot to a group of these members; they receive what is posted to its `webhook_url`."""
        world = self._world
        key = world.ids.uuid("robot")
        url = f"{world.base_url}/cgi-bin/webhook/send?key={key}"
        robot = GroupRobot(name, key, url, "wr" + world.ids.text("group", 30), tuple(members))
        world.robots[key] = robot
        return robot

    def add_tag(self, name: str, users: Iterable[User] = (), parties: Iterable[int] = ()) -> Tag:
        """Adds a tag; nobody is told."""
        tags = self._world.directory.tags
        tag = Tag(max(tags, default=0) + 1, name, {user.userid for user in users}, set(parties))
        tags[tag.id] = tag
        return tag
