"""The HTTP outlet: the API, the status page, health and metrics; on the field listener the inlets of devices."""
