"""Doors: one judgement for every door, whatever its controller says of itself."""
