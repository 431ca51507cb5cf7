"""Simulated readers and door controllers."""
