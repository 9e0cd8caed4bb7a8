"""The robot of a group: an address to post to."""
