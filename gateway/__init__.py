"""hall-gateway: one process that drives everything physical in a social governance hall."""
