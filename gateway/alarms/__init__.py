"""Alarms: conditions that a person must know, their life cycle, and the one that is the cause of the others."""
