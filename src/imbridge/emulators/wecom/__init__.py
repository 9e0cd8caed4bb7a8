"""A local stand-in for WeCom: the corp side (apps, group robots) and, in `bot`, its smart bots."""
