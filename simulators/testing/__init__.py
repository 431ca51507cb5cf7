"""For tests of programs that talk to a hall: gateway, simulated devices and broker as real processes."""
