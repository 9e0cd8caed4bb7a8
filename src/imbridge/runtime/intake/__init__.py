"""The way in: what a platform delivers is kept, held back or let through, and waits for its turn."""
