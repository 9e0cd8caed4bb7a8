"""What WeCom offers beyond messages in and out: address book, groups of apps, approvals, the SDK."""
