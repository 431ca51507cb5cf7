"""A simulated ZKTeco controller that pushes."""
