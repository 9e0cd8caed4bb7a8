"""What came, read."""
