"""A simulated Hikvision access terminal."""
