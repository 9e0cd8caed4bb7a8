"""What the servers and the load of this comparison agree on."""

CORP_ID, SECRET, AGENT_ID = "ww_bench", "bench-secret", 1000002
TOKEN = "bench-token"
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2BvC"
PATH = "/wecom/bench"
WARM_UP = 1000
