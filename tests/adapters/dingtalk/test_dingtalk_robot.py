"""Custom robots: what arrives in the group, the signature, the clock, the rate, and what is secret."""

import base64
import hashlib
import hmac
import time
import urllib.parse
from dataclasses import replace
from typing import Any

import previewing
import pytest
from dingtalk_rig import Rig, rigged
from dingtalk_saying import HERE, PNG, make_robot, say, say_all
from rigs import text

from backoffs import SoOften
from imbridge import Bridge
from imbridge.adapters.base import Health, Target
from imbridge.adapters.dingtalk import DingTalkAdapter, DingTalkConfig
from imbridge.adapters.dingtalk.robot.custom_robot import CustomRobotAdapter
from imbridge.adapters.dingtalk.robot.hook import RobotHook
from imbridge.adapters.dingtalk.robot.signing import signed
from imbridge.emulators.dingtalk import CustomRobot, EmulatorSettings, Group
from imbridge.protocol import (
    Button,
    Card,
    Channel,
    ChannelKind,
    ContentRefusedError,
    DegradedError,
    DeliveryError,
    DeliveryState,
    Element,
    Image,
    Markdown,
    Mention,
    MentionAll,
    NotPermittedError,
    NotSupportedError,
    RateLimitedError,
    TargetGoneError,
)

SEND = "/robot/send"


@pytest.fixture
def alerts(rig: Rig, team: Group) -> CustomRobot:
    """A robot in Alice's group, with a secret."""
    rig.alice.mobile = "13800000001"
    return rig.ding.add_custom_robot("Alerts", team)


@pytest.fixture
async def robot(rig: Rig, alerts: CustomRobot) -> CustomRobotAdapter:
    made = make_robot(rig, alerts)
    await made.start()
    return made


class TestTheSignature:
    @pytest.mark.parametrize("secret", ["SEC0123456789abcdef", "SEC灾", "x"])
    @pytest.mark.parametrize("milliseconds", [1, 1_700_000_000_000])
    def test_is_that_of_the_documents(self, secret: str, milliseconds: int) -> None:
        text_to_sign = f"{milliseconds}\n{secret}"
        code = hmac.new(secret.encode("utf-8"), text_to_sign.encode("utf-8"), digestmod=hashlib.sha256).digest()
        quoted = urllib.parse.quote_plus(base64.b64encode(code))
        made = signed(secret, milliseconds)
        assert made["timestamp"] == str(milliseconds)
        assert urllib.parse.quote_plus(made["sign"]) == quoted

    def test_one_that_was_worked_out_elsewhere(self) -> None:
        """`printf '1700000000000\\nSECdemo' | openssl dgst -sha256 -hmac SECdemo -binary | base64`."""
        assert signed("SECdemo", 1_700_000_000_000)["sign"] == "lOvVf9TQCVugV68mGbSZCg0gzOl1SVjxWi1MyVZCUuA="

    async def test_passes(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        for number in range(20):  # as many signatures, of which some hold + and /
            await say(robot, HERE, f"message {number}", str(number))
        assert len(rig.sent()) == 20

    async def test_is_left_out_without_a_secret(self, rig: Rig, team: Group) -> None:
        plain = make_robot(rig, rig.ding.add_custom_robot("Plain", team, secret=False))
        await say(plain, HERE, "hello")
        await rig.alice.receives("hello")

    async def test_a_wrong_one_says_what_to_do(self, rig: Rig, alerts: CustomRobot) -> None:
        wrong = make_robot(rig, alerts, sign_secret="SECcanary-wrong")
        with pytest.raises(NotPermittedError, match="sign_secret is missing or another robot's") as caught:
            await say(wrong, HERE, "hello")
        assert "canary" not in str(caught.value)
        assert rig.sent() == []
        assert not (await wrong.probe()).ok

    async def test_a_clock_that_is_wrong_is_set_once(self, rig: Rig, alerts: CustomRobot) -> None:
        made = make_robot(rig, alerts)
        made.hook = RobotHook(made.config, rig.pool, now=lambda: time.time() - 7200)  # type: ignore[arg-type]  # it is one
        await say(made, HERE, "late")
        calls = made.hook.caller.calls
        await say(made, HERE, "later", "other")
        assert [message.text for message in rig.sent()] == ["late", "later"]
        assert (calls, made.hook.caller.calls) == (2, 3)

    async def test_a_clock_that_is_right_is_no_reason_to_try_again(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        rig.ding.faults.refuse(SEND, 310000, times=None, message="invalid timestamp")
        with pytest.raises(NotPermittedError, match="clock of this machine"):
            await say(robot, HERE, "hello")
        assert robot.hook.caller.calls == 1

    async def test_a_clock_that_cannot_be_set_ends(self, rig: Rig, alerts: CustomRobot) -> None:
        made = make_robot(rig, alerts)
        made.hook = RobotHook(made.config, rig.pool, now=lambda: time.time() - 7200)  # type: ignore[arg-type]  # it is one
        rig.ding.faults.refuse(SEND, 310000, times=None, message="sign not match")
        with pytest.raises(NotPermittedError):
            await say(made, HERE, "hello")
        assert made.hook.caller.calls == 2


class TestWhatArrives:
    async def test_everybody_sees_it(self, rig: Rig, robot: CustomRobotAdapter, alerts: CustomRobot) -> None:
        assert await say(robot, HERE, "down & out") == (["text"], [])
        message = await rig.alice.receives("down & out")
        assert (message.way, message.robot) == ("robot", alerts)

    async def test_people_are_called(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        await say(robot, HERE, [Mention(id="alice"), Mention(id="tel:13800000001"), MentionAll()])
        assert rig.sent()[0].mentioned == ("alice", "13800000001", "all")

    async def test_what_is_typed_calls_nobody(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        await say(robot, HERE, ["@alice @all", Markdown("@alice @all")])
        assert [message.mentioned for message in rig.sent()] == [(), ()]

    async def test_content_is_not_uploaded(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        assert await say(robot, HERE, Image(data=PNG, alt="chart")) == (["text"], ["image"])
        assert await say(robot, HERE, Image(key="https://x.example/c.png"), "other") == (["markdown"], [])
        picture = Image(url="https://x.example/d.png")
        assert robot.hands_over(picture)
        assert await say(robot, HERE, picture, "by its address") == (["markdown"], [])
        assert [message.text for message in rig.sent()] == [
            "[image: chart]",
            "![](https://x.example/c.png)",
            "![](https://x.example/d.png)",
        ]

    async def test_the_platforms_own_json(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        own = {"msgtype": "text", "text": {"content": "mine"}, "at": {"isAtAll": True}}
        assert await say(robot, HERE, Card(content=own)) == (["text"], [])
        assert rig.sent()[0].mentioned == ("all",)

    @pytest.mark.parametrize("content", [{"msgKey": "sampleText", "msgParam": "{}"}, {"msgtype": "image"}])
    async def test_json_of_another_kind(self, robot: CustomRobotAdapter, content: dict[str, Any]) -> None:
        with pytest.raises(ContentRefusedError):
            await say(robot, HERE, Card(content=content))

    async def test_what_cannot_be_done_is_said(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        channel = HERE.channel.model_copy(update={"thread": "t"})
        sent = await robot.send(Target(channel, reply_to="m"), text("hi"), "key")
        assert [one.what for one in sent.degradations] == ["reply", "thread"]

    @pytest.mark.parametrize("identity", ["cid1", "alice"])
    async def test_there_is_one_group(self, robot: CustomRobotAdapter, identity: str) -> None:
        channel = Channel(platform="dingtalk", account="alerts", kind=ChannelKind.GROUP, id=identity)
        with pytest.raises(TargetGoneError, match="dingtalk:alerts/group/hook"):
            await robot.send(Target(channel), text("hi"), "key")

    async def test_nothing_else_can_be_done(self, robot: CustomRobotAdapter) -> None:
        assert robot.routes() == ()
        for doing in (
            robot.recall(HERE.channel, "m"),
            robot.react(HERE.channel, "m", "👍"),
            robot.edit(HERE.channel, "m", text("x")),
        ):
            with pytest.raises(NotSupportedError):
                await doing


class TestAgain:
    async def test_the_same_key_is_one_message(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        await robot.send(HERE, text("once"), "key")
        await robot.send(HERE, text("once"), "key")
        await robot.send(HERE, text("once"), "other")
        assert [message.text for message in rig.sent()] == ["once", "once"]

    async def test_a_lost_answer_is_asked_for_again(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        rig.ding.faults.cut_after_accept(SEND)
        sent = await robot.send(HERE, text("once"), "key")
        assert sent.attempts == 2
        assert [message.text for message in rig.sent()] == ["once"]

    async def test_a_page_of_html_too(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        rig.ding.faults.html_page(SEND)
        rig.ding.faults.http_fail(SEND, 502)
        await robot.send(HERE, text("once"), "key")
        assert [message.text for message in rig.sent()] == ["once"]

    async def test_a_form_that_is_refused_becomes_text(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        rig.ding.faults.refuse(SEND, 400105)
        card = Card(title="News", body=[Button("Read", url="https://x.example")])
        assert await say(robot, HERE, card) == (["text"], ["card"])
        assert rig.sent()[0].text == "News\n[Read](https://x.example)"

    async def test_strictly_it_does_not(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        rig.ding.faults.refuse(SEND, 400105)
        card = Card(title="News", body=[Button("Read", url="https://x.example")])
        with pytest.raises(DegradedError, match="card: text"):
            await say(robot, replace(HERE, strict=True), card)
        assert rig.sent() == []


async def sent_until_refused(robot: CustomRobotAdapter) -> int:
    """How many messages left before the rate held one back for longer than it may be."""
    for number in range(100):
        try:
            await robot.send(HERE, text(str(number)), str(number))
        except RateLimitedError:
            return number
    raise AssertionError("nothing was held back")


class TestRate:
    async def test_what_is_too_much_for_a_minute_waits(self) -> None:
        """At the rate of the setting nothing is refused: the platform's own counter is on."""
        async with rigged(EmulatorSettings(robot_rate_minute=20)) as rig:
            group = rig.ding.add_group("Team", members=[rig.alice])
            rate = DingTalkConfig.model_fields["robot_rate"].default
            robot = make_robot(rig, rig.ding.add_custom_robot("Alerts", group), robot_rate=rate, send_timeout=2)
            taken = await sent_until_refused(robot)
            assert 0 < taken <= 20
            assert rig.ding.stats.robot_sends == taken
            assert rig.ding.violations == []

    async def test_too_fast_all_the_same(self, rig: Rig, alerts: CustomRobot) -> None:
        robot = make_robot(rig, alerts, send_timeout=30)
        rig.ding.faults.refuse(SEND, 130101)
        with pytest.raises(RateLimitedError) as caught:
            await robot.send(HERE, text("one"), "key")
        assert caught.value.retry_after == 600
        with pytest.raises(RateLimitedError):  # nothing leaves until it may
            await robot.send(HERE, text("two"), "other")
        assert robot.hook.caller.calls == 1


class TestLife:
    async def test_is_up_at_once(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        await robot.stop_reading()
        await robot.close()
        assert [health for health, _ in rig.health] == [Health.UP, Health.STOPPED]
        assert robot.counters() == {"calls": 0, "retries": 0}

    async def test_probe(self, rig: Rig, robot: CustomRobotAdapter, alerts: CustomRobot) -> None:
        probe = await robot.probe()
        assert (probe.ok, probe.problems) == (True, ())
        alerts.removed = True
        assert not (await robot.probe()).ok
        assert rig.sent() == []

    async def test_probe_of_what_is_not_there(self, rig: Rig, robot: CustomRobotAdapter) -> None:
        wrong = make_robot(rig, rig.ding.add_custom_robot("Gone", rig.ding.add_group("Other")))
        wrong.hook._token = "0" * 64
        assert not (await wrong.probe()).ok

    def test_is_made_for_its_mode(self, rig: Rig, alerts: CustomRobot) -> None:
        config = DingTalkConfig(name="alerts", webhook_url=alerts.webhook_url, sign_secret=alerts.secret)
        assert isinstance(DingTalkAdapter.create(config, rig.context()), CustomRobotAdapter)
        assert isinstance(DingTalkAdapter.create(rig.config(), rig.context()), DingTalkAdapter)

    async def test_through_the_bridge(self, rig: Rig, alerts: CustomRobot) -> None:
        environ = {"DINGTALK_WEBHOOK_URL": alerts.webhook_url, "DINGTALK_SIGN_SECRET": alerts.secret}
        async with Bridge.from_env(environ=environ) as bridge:
            receipt = await bridge.send("dingtalk:default/group/hook", "from the bridge")
        assert receipt.state is DeliveryState.SENT
        await rig.alice.receives("from the bridge")


class TestSecrets:
    async def test_are_in_no_error(self, rig: Rig, robot: CustomRobotAdapter, alerts: CustomRobot) -> None:
        rig.ding.faults.refuse(
            SEND, 300005, times=None, message=f"token {alerts.access_token} and {alerts.secret} are not known"
        )
        with pytest.raises(NotPermittedError, match="webhook_url") as caught:
            await robot.send(HERE, text("hi"), "key")
        assert alerts.access_token not in str(caught.value)
        assert alerts.secret not in str(caught.value)

    async def test_are_not_shown(self, robot: CustomRobotAdapter, alerts: CustomRobot) -> None:
        shown = repr(robot) + repr(robot.config) + str(robot.config) + repr(robot.hook) + repr(robot.counters())
        assert alerts.access_token not in shown
        assert alerts.secret not in shown

    async def test_nobody_answers(self, rig: Rig, alerts: CustomRobot) -> None:
        robot = make_robot(rig, alerts)
        robot.hook.caller.backoff = SoOften(2)
        rig.ding.faults.cut_before(SEND, times=None)
        with pytest.raises(DeliveryError) as caught:
            await robot.send(HERE, text("hi"), "key")
        assert alerts.access_token not in str(caught.value)


async def test_all_replies_go_through(robot: CustomRobotAdapter, rig: Rig) -> None:
    sent, degradations = await say_all(robot, HERE, ["x" * 30_000, Markdown("x* " * 10_000)])
    assert len(sent) > 3
    assert {one.what for one in degradations} == {"length"}
    assert rig.ding.violations == []


@pytest.mark.parametrize("element", previewing.ELEMENTS, ids=lambda element: element.type)
async def test_what_is_previewed_is_what_is_sent(robot: CustomRobotAdapter, element: Element) -> None:
    for part in previewing.parts_of(robot, element):
        await previewing.compare(robot, HERE, part)
