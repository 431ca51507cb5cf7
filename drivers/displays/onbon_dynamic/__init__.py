"""LED screens behind an Onbon BX-5E, 5Q, 6E or 6Q card with dynamic areas, over TCP."""
