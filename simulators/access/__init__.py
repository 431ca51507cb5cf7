"""Simulated door controllers: a log that overflows, doors that stay shut while they are locked."""
