"""Ticket printers that speak ESC/POS: their state, and nothing else."""
