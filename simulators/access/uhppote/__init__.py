"""A simulated UHPPOTE / Weigeng controller."""
