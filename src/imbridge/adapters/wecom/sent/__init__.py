"""What an app sends beyond texts: cards, media, answers to clicks."""
