"""Several accounts of one platform in one bridge."""

import asyncio
import logging
from pathlib import Path

import pytest
from runtime_world import account, counts, echo, emulated, skill, until

from imbridge import Bridge, BridgeOptions, ConfigError
from imbridge.adapters.base import Health
from imbridge.adapters.dingtalk import DingTalkConfig
from imbridge.emulators.dingtalk import DingTalkEmulator


async def test_two_bots_in_one_group_both_answer_once() -> None:
    async with emulated() as feishu:
        apps = [feishu.add_app(name=name) for name in ("One", "Two")]
        alice = feishu.add_user("Alice")
        group = feishu.add_group("g", members=[alice], apps=apps)

        async def who(msg):
            return f"{msg.channel.account}: {msg.text}"

        configs = [account(feishu, app, name) for app, name in zip(apps, ("one", "two"), strict=True)]
        async with Bridge(configs, skills=[skill(who)]) as bridge:
            with feishu.faults.duplicate_events(1):
                for text in ("hi", "ho"):
                    await alice.says(text, chat=group)
                    await alice.receives(f"one: {text}", chat=group)
                    await alice.receives(f"two: {text}", chat=group)
            await until(lambda: counts(bridge)["duplicate"] == 4)
            await alice.receives_nothing(chat=group)
            assert counts(bridge)["accepted"] == 4
            assert feishu.stats.tokens_issued == 2
            assert {message.app_id for message in feishu.messages} == {app.app_id for app in apps}
            assert feishu.violations == []


@pytest.mark.parametrize("state", [True, False])
async def test_what_a_restart_forgets_is_told(state: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "imbridge")
    async with DingTalkEmulator() as ding, emulated() as feishu:
        app = ding.add_app("Bot")
        config = DingTalkConfig(
            name="work",
            client_id=app.client_id,
            client_secret=app.client_secret,
            base_url=ding.base_url,
            oapi_url=ding.base_url,
        )
        options = BridgeOptions(state=tmp_path / "state.db" if state else None)
        async with Bridge([config, account(feishu, feishu.add_app(), "two")], options=options):
            pass
    told = [record.getMessage() for record in caplog.records if "notes are in memory" in record.getMessage()]
    assert len(told) == (0 if state else 1)
    assert all(line.startswith("dingtalk:work: ") for line in told)


async def test_each_answers_as_itself_and_its_lanes_are_its_own() -> None:
    import asyncio

    async with emulated() as feishu:
        one, two = feishu.add_app(name="One"), feishu.add_app(name="Two")
        alice = feishu.add_user("Alice")
        group = feishu.add_group("g", members=[alice], apps=[one, two])
        release = asyncio.Event()

        async def answer(msg):
            if msg.channel.account == "one":
                await release.wait()
            msg.session["n"] = msg.session.get("n", 0) + 1
            return f"{msg.channel.account} {msg.session['n']} {msg.mentions_me}"

        configs = [account(feishu, one, "one"), account(feishu, two, "two")]
        async with Bridge(configs, skills=[skill(answer)]):
            await alice.says("@One hi", chat=group, mentions=[one])
            await alice.receives("two 1 False", chat=group)
            release.set()
            await alice.receives("one 1 True", chat=group)


async def test_a_question_of_one_bot_is_not_answered_through_the_other() -> None:
    async with emulated() as feishu:
        one, two = feishu.add_app(name="One"), feishu.add_app(name="Two")
        alice = feishu.add_user("Alice")

        async def answer(msg):
            if msg.text == "ask":
                return f"{msg.channel.account} got {(await msg.ask('?', timeout=5)).text}"
            return f"{msg.channel.account}: {msg.text}"

        configs = [account(feishu, one, "one"), account(feishu, two, "two")]
        async with Bridge(configs, skills=[skill(answer)]):
            await alice.says("ask", chat=one)
            await alice.receives("?", chat=one)
            await alice.says("hi", chat=two)
            await alice.receives("two: hi", chat=two)
            await alice.says("yes", chat=one)
            await alice.receives("one got yes", chat=one)


async def test_one_accounts_trouble_is_not_the_others() -> None:
    async with emulated() as feishu:
        one, two = feishu.add_app(name="One"), feishu.add_app(name="Two")
        alice = feishu.add_user("Alice")
        configs = [account(feishu, one, "one"), account(feishu, two, "two")]
        async with Bridge(configs, skills=[skill(echo)]) as bridge:
            with feishu.faults.drop_every(0.1, one):
                for number in range(5):
                    await alice.says(f"{number}", chat=two)
                    await alice.receives(f"echo: {number}", chat=two)
            assert bridge.counters()["feishu:two"]["connects"] == 1
            await until(lambda: bridge.health()["feishu:one"] is Health.UP)
            await alice.says("back", chat=one)
            await alice.receives("echo: back", chat=one)


async def test_the_good_account_runs_and_the_other_is_failed(caplog) -> None:
    async with emulated() as feishu:
        good, bad = feishu.add_app(), feishu.add_app()
        alice = feishu.add_user("Alice")
        wrong = account(feishu, bad, "bad").model_copy(update={"app_secret": account(feishu, good).app_secret})
        async with Bridge([wrong, account(feishu, good, "good")], skills=[skill(echo)]) as bridge:
            assert bridge.health() == {"feishu:bad": Health.FAILED, "feishu:good": Health.UP}
            assert "feishu:bad: not started: Feishu refuses the app's credentials" in caplog.text
            assert good.app_secret not in caplog.text
            await alice.says("hi", chat=good)
            await alice.receives("echo: hi", chat=good)
            receipt = await bridge.send(f"feishu:bad/user/{alice.open_id_for(bad)}", "hi")
            assert not receipt
            assert "credentials" in receipt.error


async def test_accounts_that_cannot_be_told_apart_are_refused() -> None:
    async with emulated() as feishu:
        app = feishu.add_app()
        with pytest.raises(ConfigError, match="two accounts are called feishu:work"):
            Bridge([account(feishu, app), account(feishu, feishu.add_app())])
        with pytest.raises(ConfigError, match=f"feishu:work and feishu:home are one bot .{app.app_id} at "):
            Bridge([account(feishu, app), account(feishu, app, "home")])
        disabled = account(feishu, app).model_copy(update={"enabled": False})
        assert Bridge([disabled, account(feishu, app)]).accounts == ("feishu:work",)


async def test_a_disabled_accounts_allow_list_is_not_the_others() -> None:
    async with emulated() as feishu:
        app, alice = feishu.add_app(), feishu.add_user("Alice")
        disabled = account(feishu, app, dm_policy="allowlist").model_copy(update={"enabled": False})
        async with Bridge([account(feishu, app), disabled], skills=[skill(echo)]):
            await alice.says("hi")
            await alice.receives("echo: hi")


async def test_an_account_whose_skills_hang_leaves_the_others_their_lanes() -> None:
    release = asyncio.Event()

    async def answer(msg):
        if msg.text == "hang":
            await release.wait()
        return msg.text

    async with emulated() as feishu:
        apps = [feishu.add_app(name=name) for name in ("one", "two")]
        people = [feishu.add_user(f"user{number}") for number in range(5)]
        accounts = [account(feishu, app, app.name) for app in apps]
        options = BridgeOptions(max_lanes=2, max_waiting=3)
        async with Bridge(accounts, skills=[skill(answer)], options=options) as bridge:
            for person in people:
                await person.says("hang", chat=feishu.private_chat(person, apps[0]))
            await until(lambda: counts(bridge)["overloaded"] or counts(bridge)["accepted"] == 5)
            await people[0].says("quick", chat=feishu.private_chat(people[0], apps[1]))
            await people[0].receives("quick")
            release.set()
            for person in people:
                await person.receives("hang", timeout=20)
