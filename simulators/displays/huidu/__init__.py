"""A simulated Huidu full-colour card with a clock, a brightness and programmes of text."""
