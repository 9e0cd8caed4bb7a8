"""What arrives at an app: content of messages, and events."""
