"""A simulated ESC/POS ticket printer."""
