"""What leaves: cards, media, people that are meant, text that grows, answers to clicks."""
