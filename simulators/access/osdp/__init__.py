"""Simulated card readers that speak OSDP v2."""
