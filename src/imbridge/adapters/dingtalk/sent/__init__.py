"""What is said, written."""
