"""What is taken in, and what the platform is told: duplicates, old and own messages, overload."""

import asyncio
import time

from runtime_world import account, counts, echo, emulated, skill, texts, until

from imbridge import Bridge, BridgeOptions
from imbridge.emulators.feishu import events
from leap import Leap


async def test_a_delivery_that_is_repeated_is_answered_once() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
            with feishu.faults.duplicate_events(3):
                await alice.says("hi")
                await until(lambda: counts(bridge)["duplicate"] == 3)
            await alice.receives("echo: hi")
            await alice.receives_nothing()
            assert feishu.violations == []


async def test_known_by_the_message_though_the_event_is_new() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
            said = await alice.says("hi")
            await alice.receives("echo: hi")
            world = feishu.world
            again = events.message_received(said, app, world.directory, world.settings.tenant_key)
            feishu.push_event(app, events.MESSAGE_RECEIVE, again)
            await until(lambda: counts(bridge)["duplicate"] == 1)
            other = events.message_received(await alice.says("ho"), app, world.directory, world.settings.tenant_key)
            other["message"]["message_id"] = "om_another"
            feishu.push_event(app, events.MESSAGE_RECEIVE, other, event_id=said.event_id)
            await until(lambda: counts(bridge)["duplicate"] == 2)
            await alice.receives("echo: ho")
            await alice.receives_nothing()


async def test_our_own_messages_are_not_answered() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
            said = await alice.says("hi")
            await alice.receives("echo: hi")
            world = feishu.world
            for number, who in enumerate(({"open_id": app.bot_open_id}, {"open_id": app.app_id})):
                own = events.message_received(said, app, world.directory, world.settings.tenant_key)
                own["message"]["message_id"] = f"om_own_{number}"
                own["sender"] = {"sender_id": who, "sender_type": "app"}
                feishu.push_event(app, events.MESSAGE_RECEIVE, own)
            await until(lambda: counts(bridge)["own"] == 2)
            await alice.receives_nothing()
            assert feishu.stats.acks_ok == 3


async def test_what_is_too_old_is_acknowledged_and_not_answered() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[skill(echo)]) as bridge:
            said = await alice.says("hi")
            await alice.receives("echo: hi")
            world = feishu.world
            for number, age in enumerate((1900, 1700)):
                old = events.message_received(said, app, world.directory, world.settings.tenant_key)
                old["message"]["message_id"] = f"om_old_{number}"
                old["message"]["create_time"] = old["message"]["update_time"] = str(int((time.time() - age) * 1000))
                feishu.push_event(app, events.MESSAGE_RECEIVE, old)
            await alice.receives("echo: hi")
            assert counts(bridge)["stale"] == 1
            await alice.receives_nothing()


async def _talk_too_much(options: BridgeOptions, people: int, each: int) -> None:
    """Far more than there is room for, from a platform that delivers again what is refused."""
    waves = tuple(0.1 + number * 0.05 for number in range(60))
    async with emulated(redelivery=waves) as feishu:
        release = asyncio.Event()
        most = 0

        async def slow(msg):
            nonlocal most
            await release.wait()
            most = max(most, counts(bridge)["waiting"])
            await asyncio.sleep(0.001)
            return f"echo: {msg.text}"

        app = feishu.add_app()
        users = [feishu.add_user(f"U{number}") for number in range(people)]
        bridge = Bridge([account(feishu, app)], skills=[skill(slow)], options=options)
        async with bridge:
            for number in range(each):
                for user in users:
                    await user.says(f"{number}")
            await until(lambda: feishu.stats.acks_failed > 0)
            assert counts(bridge)["waiting"] <= options.max_waiting
            release.set()
            await until(lambda: len(feishu.messages) == people * each, timeout=30)
            await until(lambda: feishu.unacknowledged_events(app) == 0, timeout=30)
            assert most <= options.max_waiting
            for user in users:
                heard = texts(feishu, feishu.private_chat(user, app))
                assert sorted(heard) == sorted(f"echo: {number}" for number in range(each))
            assert counts(bridge)["overloaded"] > 0
            assert feishu.stats.events_given_up == 0
            assert feishu.stats.duplicates_absorbed == 0
            assert feishu.violations == []


async def test_a_full_lane_is_told_and_nothing_is_lost_or_answered_twice() -> None:
    await _talk_too_much(BridgeOptions(lane_length=5), people=2, each=30)


async def test_a_full_bridge_is_told_and_nothing_is_lost_or_answered_twice() -> None:
    await _talk_too_much(BridgeOptions(max_waiting=10, max_lanes=3), people=10, each=8)


async def test_one_conversation_that_floods_leaves_room_for_others() -> None:
    async with emulated() as feishu:
        release = asyncio.Event()

        async def slow(msg):
            if msg.text == "flood":
                await release.wait()
            return f"echo: {msg.text}"

        app, alice, bob = feishu.add_app(), feishu.add_user("Alice"), feishu.add_user("Bob")
        options = BridgeOptions(lane_length=3)
        async with Bridge([account(feishu, app)], skills=[skill(slow)], options=options) as bridge:
            for _ in range(8):
                await alice.says("flood")
            await until(lambda: counts(bridge)["overloaded"])
            await bob.says("hi")
            await bob.receives("echo: hi")
            release.set()


async def test_a_full_outbox_slows_the_skills_down(leap: Leap) -> None:
    async with emulated() as feishu:
        posted = 0

        async def chatty(msg):
            nonlocal posted
            for number in range(400):
                await msg._conversation.post(f"{number}")
                posted += 1

        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[skill(chatty)]) as bridge:
            with feishu.faults.http_delay("*/im/v1/messages*", 5.0, times=1):
                await alice.says("go")
                await until(lambda: posted >= 100)
                await asyncio.sleep(0.1)
                assert posted <= 102
                leap(5)
            await until(lambda: len(feishu.messages) == 400)
            assert texts(feishu) == [f"{number}" for number in range(400)]
            await until(lambda: counts(bridge)["delivery_sent"] == 400)


async def test_the_outbox_of_all_conversations_together_is_bounded(leap: Leap) -> None:
    async with emulated() as feishu:
        posted = 0

        async def chatty(msg):
            nonlocal posted
            for number in range(20):
                await msg._conversation.post(f"{number}")
                posted += 1

        app = feishu.add_app()
        users = [feishu.add_user(f"U{number}") for number in range(10)]
        options = BridgeOptions(max_waiting=30, max_lanes=50)
        async with Bridge([account(feishu, app)], skills=[skill(chatty)], options=options):
            with feishu.faults.http_delay("*/im/v1/messages*", 5.0, times=10):
                for user in users:
                    await user.says("go")
                await until(lambda: posted >= 30)
                await asyncio.sleep(0.1)
                assert posted <= 30 + 10 + 10
                leap(5)
            await until(lambda: len(feishu.messages) == 200)
            for user in users:
                assert texts(feishu, feishu.private_chat(user, app)) == [f"{number}" for number in range(20)]


async def test_a_split_and_reordered_delivery_is_whole() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        async with Bridge([account(feishu, app)], skills=[skill(echo)]):
            with feishu.faults.split_frames(4), feishu.faults.reorder_events():
                for number in range(6):
                    await alice.says(f"{number} {'x' * 500}")
                for number in range(6):
                    await alice.receives(f"echo: {number} {'x' * 500}")
            assert feishu.violations == []
