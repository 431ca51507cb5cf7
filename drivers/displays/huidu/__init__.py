"""Huidu full-colour cards (A, C, D, WF) by SDK 2.0: LED screens that draw text with their own fonts."""
