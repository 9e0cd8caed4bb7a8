"""What the bridge itself says in a chat."""

from imbridge.config.options import Language

SORRY = {
    Language.ENGLISH: "Sorry, something went wrong while handling this. If you ask for help, please quote {id}.",
    Language.CHINESE: "抱歉，处理这条消息时出了点问题。如需协助，请提供编号 {id}。",
}
STOPPED = {Language.ENGLISH: "Stopped.", Language.CHINESE: "已停止。"}
STOP = {Language.ENGLISH: "Stop", Language.CHINESE: "停止"}
NOT_YOURS = {
    Language.ENGLISH: "Only the person who is answered can stop it.",
    Language.CHINESE: "只有提问的人可以停止。",
}
OVER = {Language.ENGLISH: "There is nothing left to stop.", Language.CHINESE: "回答已经结束。"}
SLOW_DOWN = {
    Language.ENGLISH: "Too many requests; please try again in {seconds} s.",
    Language.CHINESE: "请求太频繁，请在 {seconds} 秒后再试。",
}
NOT_VALID = {
    Language.ENGLISH: "This card is no longer valid.",
    Language.CHINESE: "此卡片已失效。",
}
