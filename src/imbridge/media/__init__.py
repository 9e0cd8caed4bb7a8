"""Media on their way out: where they come from, what they are, and how they become what a platform takes."""
