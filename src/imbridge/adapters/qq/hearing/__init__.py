"""How a bot hears: over the gateway, or by webhooks."""
