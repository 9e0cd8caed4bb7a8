"""Filling the organisation: apps, people, groups, custom robots."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from imbridge.emulators.dingtalk.app import App
from imbridge.emulators.dingtalk.custom_robot import CustomRobot
from imbridge.emulators.dingtalk.group import Group
from imbridge.emulators.dingtalk.user import User, userid_of

if TYPE_CHECKING:
    from imbridge.emulators.dingtalk.world import World


class CorpSetup:
    """Who and what there is."""

    _world: "World"

    def add_app(
        self, name: str = "Demo Bot", *, client_id: str = "", client_secret: str = "", robot_code: str = ""
    ) -> App:
        """Adds an app with a robot.

        Raises:
            ValueError: The ClientID is taken.
        """
        ids = self._world.ids
        client_id = client_id or "ding" + ids.text("client_id", 16, "abcdefghijklmnopqrstuvwxyz0123456789")
        if client_id in self._world.apps:
            raise ValueError(f"there is an app {client_id} already")
        app = App(
            client_id=client_id,
            client_secret=client_secret or ids.text("client_secret", 64),
            robot_code=robot_code or client_id,
            name=name,
            chatbot_user_id=ids.dingtalk_id(),
            agent_id=int(ids.number("agent_id", 10)),
            app_id=ids.uuid("app_id"),
            token=ids.text("callback_token", 32),
            aes_key=ids.aes_key(),
        )
        self._world.apps[client_id] = app
        return app

    def add_user(
        self,
        name: str,
        *,
        userid: str = "",
        mobile: str = "",
        external: bool = False,
        admin: bool = False,
        departments: Sequence[int] = (),
    ) -> User:
        """Adds somebody; `external=True`: not a member of the organisation, without a userid.

        Raises:
            ValueError: The userid is taken, or an external person is to have one.
        """
        world = self._world
        if external and userid:
            raise ValueError("somebody external has no userid")
        if userid in world.users:
            raise ValueError(f"there is a user {userid} already")
        user = User(
            world,
            name,
            userid="" if external else userid or userid_of(name, world.users),
            mobile=mobile,
            union_id=world.ids.text("union_id", 22) + "iE",
            dingtalk_id=world.ids.dingtalk_id(),
            corp_id="ding" + world.ids.hex("corp", 32) if external else world.corp_id,
            admin=admin,
            departments=departments or (() if external else (1,)),
        )
        if external:
            world.externals[user.dingtalk_id] = user
        else:
            world.users[user.userid] = user
        return user

    def add_group(
        self, title: str, *, members: Sequence[User] = (), apps: Sequence[App] = (), robots: Sequence[CustomRobot] = ()
    ) -> Group:
        """Adds a group; its first member is its owner. Nobody is told: see `happenings`."""
        ids = self._world.ids
        owner = members[0] if members else None
        group = Group(ids.conversation_id(), "chat" + ids.hex("chat_id"), title, [*members], [*apps], [*robots], owner)
        self._world.groups[group.open_conversation_id] = group
        return group

    def add_custom_robot(
        self,
        name: str,
        group: Group,
        *,
        secret: bool = True,
        keywords: Sequence[str] = (),
        trusted_ips: Collection[str] | None = None,
    ) -> CustomRobot:
        """Adds a custom robot to a group; the emulator must be started, the address is at `base_url`.

        Args:
            name: What people see.
            group: Where it posts.
            secret: Whether requests must be signed.
            keywords: One of these must be in every message.
            trusted_ips: Only these addresses may post.
        """
        world = self._world
        token = world.ids.hex("robot_token", 64)
        robot = CustomRobot(
            name=name,
            group=group,
            access_token=token,
            webhook_url=f"{world.base_url}/robot/send?access_token={token}",
            secret="SEC" + world.ids.hex("robot_secret", 64) if secret else "",
            keywords=tuple(keywords),
            trusted_ips=trusted_ips,
        )
        world.robots[token] = robot
        group.robots.append(robot)
        return robot
