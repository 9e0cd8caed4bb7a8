"""How a person is called who is known by a telephone number only."""

MOBILE = "tel:"
"""Begins the id of a `Mention` that is a telephone number, for members whose id is not known."""
