"""The platforms on which survival is tried."""

from benchmarks.survival.stages.base import Stage, Stages
from benchmarks.survival.stages.calling_back import QQ_WEBHOOK, WECHAT, WECOM, WECOM_PASSIVE
from benchmarks.survival.stages.connected import DINGTALK, FEISHU, QQ, WECOM_BOT

STAGES: Stages = {
    "feishu": FEISHU,
    "wecom": WECOM,
    "wecom-passive": WECOM_PASSIVE,
    "wecom-bot": WECOM_BOT,
    "wechat": WECHAT,
    "dingtalk": DINGTALK,
    "qq": QQ,
    "qq-webhook": QQ_WEBHOOK,
}

__all__ = ["STAGES", "Stage"]
