"""Simulated screens: they show what a person would see."""
