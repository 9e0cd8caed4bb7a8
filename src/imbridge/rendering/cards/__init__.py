"""What cards share on the way to every platform: their parts as Markdown, and what can be chosen by a number."""

from imbridge.rendering.cards.choices import HOW, Choice, all_choices, choices_of, numbered
from imbridge.rendering.cards.text import CardText, card_text

__all__ = ["HOW", "CardText", "Choice", "all_choices", "card_text", "choices_of", "numbered"]
