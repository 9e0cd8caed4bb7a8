"""The example settings: right as they stand, and wrong without the variables they name."""

import shutil

import pytest

from imbridge import Bridge, ConfigError
from imbridge.config import load
from imbridge.runtime.registry import config_types

VARIABLES = {
    "WORK_APP_ID": "cli_work",
    "WORK_APP_SECRET": "work-secret",
    "SUPPORT_APP_ID": "cli_support",
    "SUPPORT_APP_SECRET": "support-secret",
}


async def test_the_bridge_of_the_file(examples) -> None:
    bridge = Bridge.from_config(examples / "imbridge.yaml", environ=VARIABLES)
    assert bridge.accounts == ("feishu:work", "feishu:support")
    assert [skill.name for skill in bridge.skills] == ["weather", "story", "echo"]


async def test_a_missing_variable_is_named(examples) -> None:
    rest = {name: value for name, value in VARIABLES.items() if name != "SUPPORT_APP_SECRET"}
    with pytest.raises(ConfigError, match="SUPPORT_APP_SECRET"):
        Bridge.from_config(examples / "imbridge.yaml", environ=rest)


async def test_the_accounts_that_are_left_out_can_be_switched_on(examples, tmp_path) -> None:
    text = (examples / "imbridge.yaml").read_text(encoding="utf-8")
    assert text.count("enabled: false") == 9
    for name in ("weather.py", "stream.py"):
        shutil.copy(examples / name, tmp_path)
    (tmp_path / "imbridge.yaml").write_text(text.replace("enabled: false", "enabled: true"), encoding="utf-8")
    more = {"CALLBACKS_APP_ID": "cli_c", "CALLBACKS_APP_SECRET": "c-secret", "CALLBACKS_ENCRYPT_KEY": "key"}
    more |= {"ALERTS_URL": "https://open.feishu.cn/open-apis/bot/v2/hook/token", "ALERTS_SECRET": "a-secret"}
    more |= {"TEAM_BOT_ID": "aib_1", "TEAM_BOT_SECRET": "b-secret", "ROBOT_URL": "robot-key-1234"}
    more |= {"CORP_ID": "ww_1", "HELPDESK_SECRET": "w-secret", "HELPDESK_TOKEN": "token"}
    more |= {"WECHAT_APP_ID": "wx_1", "WECHAT_APP_SECRET": "x-secret", "WECHAT_TOKEN": "token"}
    more |= {"DING_CLIENT_ID": "ding_1", "DING_CLIENT_SECRET": "d-secret"}
    more |= {"DING_ROBOT_URL": "robot0token0of0digits", "DING_ROBOT_SECRET": "SECr-secret"}
    more |= {"QQ_BOT_ID": "102000001", "QQ_BOT_SECRET": "q-secret"}
    more |= dict.fromkeys(("HELPDESK_AES_KEY", "WECHAT_AES_KEY"), "k" * 43)
    settings = load(tmp_path / "imbridge.yaml", environ=VARIABLES | more, types=config_types())
    feishu = [f"feishu:{name}" for name in ("work", "support", "callbacks", "alerts")]
    wecom = [f"wecom:{name}" for name in ("bot", "helpdesk", "robot")]
    others = ["wechat:default", "dingtalk:assistant", "dingtalk:alarm", "qq:community"]
    assert [account.key for account in settings.accounts] == [*feishu, *wecom, *others]
    assert [str(account.mode) for account in settings.accounts[4:7]] == ["bot", "app", "group_robot"]
    assert [str(account.mode) for account in settings.accounts[8:]] == ["stream", "custom_robot", "gateway"]
