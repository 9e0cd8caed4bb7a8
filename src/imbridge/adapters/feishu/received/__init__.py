"""What arrives: contents, events of both schemas, and what has to be asked for."""
