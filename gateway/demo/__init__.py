"""The whole hall on one machine: broker, simulated screens, gateway and a living queue."""
