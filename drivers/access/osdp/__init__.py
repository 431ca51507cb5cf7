"""Card readers that speak OSDP v2, alone on a wire or several on one bus, by libosdp."""
