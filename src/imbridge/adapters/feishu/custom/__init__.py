"""Custom bots of groups: an address to post to."""
