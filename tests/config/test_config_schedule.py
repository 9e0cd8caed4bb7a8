"""The `schedule:` section: what its entries become, and that errors name their lines."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from imbridge import Bridge, Card, ConfigError, Markdown, Text
from imbridge.adapters.feishu.config import FeishuConfig
from imbridge.config.schedule import Missed, ScheduleSpec

ACCOUNT = "channels: {feishu: {accounts: {work: {app_id: cli_1, app_secret: sss1}}}}\n"
GOOD = """
bridge: {time_zone: UTC}
schedule:
- name: morning
  cron: 0 9 * * 1-5
  time_zone: Europe/Berlin
  to: feishu:work/group/oc_1
  text: Guten Morgen
- {every: 90, jitter: 5s, to: feishu:work/user/ou_1, markdown: "**tick**", missed: skip}
- at: 2099-12-31 23:59
  to: feishu:work/group/oc_1
  card: {title: "Happy ${YEAR}", body: [soon]}
- every: 6h
  to: feishu:work/group/oc_1
  skill: weather
  method: report
  options: {city: Beijing, days: 2}
  timeout: 5m
  retries: 3
"""


@pytest.fixture
def file(tmp_path):
    return tmp_path / "imbridge.yaml"


@pytest.fixture
def load_file(load_text):
    return lambda text, **environ: load_text(text, {"feishu": FeishuConfig}, **environ)


def test_what_entries_become(file, load_file):
    morning, tick, year, weather = load_file(ACCOUNT + GOOD, YEAR="2100").schedule
    assert (morning.name, morning.content, morning.missed) == ("morning", Text("Guten Morgen"), Missed.ONCE)
    assert morning.timing("UTC").words == "0 9 * * 1-5 Europe/Berlin"
    assert (tick.content, tick.missed, tick.timing("UTC").words) == (
        Markdown("**tick**"), Missed.SKIP, "every 90s and up to 5s more",
    )  # fmt: skip
    assert year.content == Card(title="Happy 2100", body=["soon"])
    assert year.timing("UTC").next_after(0) == datetime(2099, 12, 31, 23, 59, tzinfo=ZoneInfo("UTC")).timestamp()
    assert (weather.skill, weather.method, weather.options) == ("weather", "report", {"city": "Beijing", "days": 2})
    assert (weather.timeout, weather.retries) == ("5m", 3)
    assert weather.where.endswith("imbridge.yaml:14")


WRONG = [
    ("{cron: 0 25 * * *, to: feishu:work/group/g, text: canary}", "'0 25 * * *' is no cron expression (Bad hour)"),
    ("{every: 10 minutes, to: feishu:work/group/g, text: canary}", "'10 minutes' is no duration"),
    ("{at: 2099-12-01, time_zone: Asia/Peking, to: feishu:work/group/g, text: a}", "no time zone 'Asia/Peking'"),
    ("{every: 10m, to: nowhere, text: canary}", ".to: not an address: 'nowhere'"),
    ("{every: 10m, text: canary}", ".to: missing"),
    ("{every: 10m, cron: 0 9 * * *, to: feishu:work/group/g, text: canary}", "not with cron and every"),
    ("{every: 10m, to: feishu:work/group/g}", "exactly one of text, markdown, card and skill"),
    ("{every: 10m, to: feishu:work/group/g, text: canary, method: report}", "method and options go with skill"),
    ("{every: 10m, to: feishu:work/group/g, text: canary, retries: 2}", "timeout and retries go with skill"),
    (
        "{every: 10m, to: feishu:work/group/g, skill: a, retries: 20}",
        ".retries: expected a number less than or equal to 10",
    ),
    ("{every: 10m, to: feishu:work/group/g, skill: a, timeout: soon}", "'soon' is no duration"),
    ("{every: 10m, to: feishu:work/group/g, text: canary, missed: nver}", ".missed: expected 'once', 'skip' or 'all'"),
    ("{evry: 10m, to: feishu:work/group/g, text: canary}", ".evry: unknown key; did you mean 'every'?"),
    ("{every: 10m, to: feishu:work/group/g, text: canary, where: here}", ".where: unknown key"),
    ("{every: 10m, to: feishu:work/group/g, card: {titel: canary}}", ".card"),
    ("soon", "expected a mapping such as in"),
]


def test_every_problem_is_told_with_its_line(load_file):
    section = "schedule:\n" + "".join(f"- {wrong}\n" for wrong, _ in WRONG)
    with pytest.raises(ConfigError) as error:
        load_file(ACCOUNT + section)
    lines = str(error.value).splitlines()
    for number, (_, message) in enumerate(WRONG):
        told = [line for line in lines if f"imbridge.yaml:{number + 3}: schedule" in line]
        assert any(message in line for line in told), (message, told)
    assert "canary" not in str(error.value)


def test_names_differ(load_file):
    entry = "- {name: a, every: 10m, to: feishu:work/group/g, text: b}\n"
    with pytest.raises(ConfigError, match=r"imbridge.yaml:4: schedule.name: there is one named 'a' already, at .*:3"):
        load_file(ACCOUNT + "schedule:\n" + entry * 2)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{every: 10m, to: feishu:home/group/g, text: a}", "feishu:home"),
        (
            "{at: 2026-03-29 02:30, time_zone: Europe/Berlin, to: feishu:work/group/g, text: a}",
            "clocks are put forward",
        ),
    ],
)
def test_what_only_the_bridge_knows_has_its_line_too(file, entry, message):
    file.write_text(ACCOUNT + "schedule:\n- " + entry + "\n")
    with pytest.raises(ConfigError, match=rf"imbridge.yaml:3: .*{message}"):
        Bridge.from_config(file, environ={})


async def test_a_skill_that_is_not_there_is_told_at_the_start(file):
    file.write_text(ACCOUNT + "schedule:\n- {every: 10m, to: feishu:work/group/g, skill: weather}\n")
    bridge = Bridge.from_config(file, environ={"IMBRIDGE_STORAGE": "memory"})
    with pytest.raises(
        ConfigError, match=r"imbridge.yaml:3: job '\w+': there is no skill named 'weather'; there are: none"
    ):
        await bridge.start()


def test_the_environment_has_none(load_file):
    assert load_file(ACCOUNT).schedule == ()
    with pytest.raises(ValueError, match="exactly one of cron, every and at"):
        ScheduleSpec(to="feishu:work/group/g", text="a")
