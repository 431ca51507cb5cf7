"""Simulated caller and rating pads on one wire."""
