"""What arrives at an Official Account: content of messages, events, and the platform's tries of each."""
