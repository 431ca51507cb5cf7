"""Boxes that stand in for hardware, strict as the real ones, with levers and faults."""
