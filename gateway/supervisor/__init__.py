"""One device's life, and the guard over everything that runs: the only place that reconnects and logs outages."""
