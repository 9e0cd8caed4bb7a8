"""The custom robots of groups."""
