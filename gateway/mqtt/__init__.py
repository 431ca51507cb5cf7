"""The MQTT outlet: state and events out, calls in (DESIGN §10, docs/reference/mqtt.md)."""
