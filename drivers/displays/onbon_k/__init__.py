"""Onbon BX-5K and BX-6K font cards: LED screens that draw text with their own fonts."""
