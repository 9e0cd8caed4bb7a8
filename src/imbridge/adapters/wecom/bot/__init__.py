"""Smart bots (智能机器人): over a long connection, or over HTTP callbacks."""
