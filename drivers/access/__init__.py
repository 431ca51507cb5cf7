"""Drivers of what controls doors."""
