"""The way out: how something is said, what is tried again, and what becomes of it."""
