"""What the agent skill says in its own name."""

WORDS = {
    "zh": {
        "text_only": "我只能读懂文字消息。",
        "busy": "现在排队的人太多了，请稍后再试。",
        "too_long": "这条消息太长了，请分成几条发送。",
        "timeout": "抱歉，这次思考的时间太长了，请再试一次。",
        "failed": "抱歉，程序出错了，请稍后再试；如果一直这样，请联系管理员。",
        "nothing": "程序没有给出任何回答，请换一种说法再试。",
        "stopped": "服务正在停止，这次回答没有完成，请稍后再试。",
        "cut": "（回答太长，只显示前 {limit} 个字符。）",
        "new": "好的，我们重新开始。",
    },
    "en": {
        "text_only": "I can only read text.",
        "busy": "Too many people are waiting. Please try again in a while.",
        "too_long": "This message is too long. Please send it in parts.",
        "timeout": "Sorry, this took too long. Please try again.",
        "failed": "Sorry, the program failed. Please try again; if it goes on, tell the administrator.",
        "nothing": "The program gave no answer. Please try to say it otherwise.",
        "stopped": "The service is stopping and this answer was broken off. Please try again in a while.",
        "cut": "(The answer was too long; these are its first {limit} characters.)",
        "new": "All right, we start afresh.",
    },
}
