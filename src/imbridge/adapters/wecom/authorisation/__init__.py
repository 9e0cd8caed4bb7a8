"""People who tell the app who they are: pages of WeCom, and the address that they come back to."""
