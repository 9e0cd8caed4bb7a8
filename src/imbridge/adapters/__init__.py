"""One package per platform, all with the same files; `base` holds the contract."""
