import json

import pytest
import yaml

FILE = """
channels:
  feishu:
    accounts:
      work: {appId: cli_1, appSecret: canary-1, encryptKey: canary-2}
      test: {app_id: cli_2, app_secret: "${TEST_SECRET}", base_url: "http://127.0.0.1:1"}
skills:
- echo
- use: weather.py
  options: {city: Beijing, api_key: canary-4, note: "with ${MY_TOKEN}", url: "https://u:canary-6@host/"}
permissions: {skills: {echo: {rate_limit: 10/60s}}}
bridge: {language: zh}
"""
ENVIRON = {"TEST_SECRET": "canary-3", "MY_TOKEN": "canary-5"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "imbridge.yaml").write_text(FILE)
    (tmp_path / "weather.py").write_text("raise SystemExit('a check must not import skills')")
    return tmp_path


def test_check_says_what_was_found(folder, imbridge):
    done = imbridge("config", "check", **ENVIRON)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ok: imbridge.yaml\naccounts: feishu:work, feishu:test\nskills: echo, weather.py\n"


def test_check_of_the_environment_alone(imbridge):
    done = imbridge("config", "check", FEISHU_APP_ID="cli_1", FEISHU_APP_SECRET="sss1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: environment\naccounts: feishu:default\n")


def test_check_names_every_problem_and_no_secret(folder, imbridge):
    (folder / "imbridge.yaml").write_text(FILE.replace("appId", "apId").replace("zh", "klingon"))
    done = imbridge("config", "check", MY_TOKEN="canary-5")
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert [line.split(": ")[:3] for line in lines] == [
        ["error", "imbridge.yaml:5", "channels.feishu.accounts.work.apId"],
        ["error", "imbridge.yaml:5", "channels.feishu.accounts.work.app_id"],
        ["error", "imbridge.yaml:6", "channels.feishu.accounts.test.app_secret"],
        ["error", "imbridge.yaml:12", "bridge.language"],
    ]
    assert "canary" not in done.stderr


def test_check_looks_at_the_permissions(folder, imbridge):
    (folder / "imbridge.yaml").write_text(FILE.replace("rate_limit: 10/60s", "rate_limit: often"))
    done = imbridge("config", "check", **ENVIRON)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: permissions.skills.echo.rate_limit: ")


def test_check_without_any_settings_says_what_to_do(imbridge):
    done = imbridge("config", "check")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no account is configured; set FEISHU_APP_ID and FEISHU_APP_SECRET, or write")
    assert "\n    channels:\n      feishu:\n        app_id: " in done.stderr


@pytest.mark.parametrize(("option", "read"), [([], yaml.safe_load), (["--json"], json.loads)])
def test_show_writes_everything_but_secrets(folder, imbridge, option, read):
    done = imbridge("config", "show", "-c", "imbridge.yaml", *option, **ENVIRON)
    assert (done.returncode, done.stderr) == (0, "")
    assert "canary" not in done.stdout
    shown = read(done.stdout)
    work, test = (shown["channels"]["feishu"]["accounts"][name] for name in ("work", "test"))
    assert (work["app_id"], work["app_secret"], work["encrypt_key"]) == ("cli_1", "********", "********")
    assert (work["verification_token"], test["base_url"]) == (None, "http://127.0.0.1:1")
    assert shown["skills"] == [
        "echo",
        {
            "use": "weather.py",
            "options": {"city": "Beijing", "api_key": "********", "note": "********", "url": "https://********@host/"},
        },
    ]
    assert shown["permissions"] == {"skills": {"echo": {"rate_limit": "10/60s"}}}
    assert (shown["bridge"]["language"], shown["bridge"]["command_prefix"]) == ("zh", "/")


def test_show_takes_the_address_of_a_custom_bot_for_a_secret(folder, imbridge):
    (folder / "imbridge.yaml").write_text("""
channels: {feishu: {app_id: cli_1, app_secret: canary-1}}
skills:
- {use: weather.py, options: {to: "${ALERTS_WEBHOOK}", webhook_url: "https://open.feishu.cn/hook/canary-2"}}
""")
    done = imbridge("config", "show", ALERTS_WEBHOOK="https://open.feishu.cn/open-apis/bot/v2/hook/canary-3")
    assert (done.returncode, done.stderr) == (0, "")
    assert "canary" not in done.stdout


def test_a_traceback_holds_no_secret_either(folder, imbridge):
    (folder / "imbridge.yaml").write_text(FILE.replace("appId: cli_1", "appId: [canary-7]"))
    done = imbridge("config", "show", "--debug", **ENVIRON)
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "canary" not in done.stderr


def test_what_is_planned_is_shown_and_checked(folder, imbridge):
    entry = "{name: nine, cron: 0 9 * * *, to: feishu:work/group/oc_1, skill: echo, options: {api_key: canary-7}}"
    (folder / "imbridge.yaml").write_text(FILE + f"schedule:\n- {entry}\n")
    done = imbridge("config", "check", **ENVIRON)
    assert done.stdout.endswith("\nschedule: 1 jobs\n")
    shown = yaml.safe_load(imbridge("config", "show", **ENVIRON).stdout)
    assert shown["schedule"] == [
        {"name": "nine", "cron": "0 9 * * *", "to": "feishu:work/group/oc_1", "skill": "echo",
         "options": {"api_key": "********"}}
    ]  # fmt: skip
    (folder / "imbridge.yaml").write_text(FILE + f"schedule:\n- {entry.replace('work', 'other')}\n")
    done = imbridge("config", "check", **ENVIRON)
    assert (done.returncode, done.stdout) == (2, "")
    assert "imbridge.yaml:14: " in done.stderr
    assert "feishu:other" in done.stderr


def test_show_says_what_is_said_of_a_skill_beside_its_options(folder, imbridge):
    (folder / "imbridge.yaml").write_text(
        "channels: {feishu: {app_id: cli_1, app_secret: s-1}}\n"
        "skills: [echo, {use: help, on_overlap: latest, debounce: 1.5}]\nbridge: {debounce: 2}\n"
    )
    done = imbridge("config", "show", "--json")
    assert done.returncode == 0
    shown = json.loads(done.stdout)
    assert shown["skills"] == ["echo", {"use": "help", "on_overlap": "latest", "debounce": 1.5}]
    assert shown["bridge"]["debounce"] == 2.0
