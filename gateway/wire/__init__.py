"""The wires: where bytes enter and leave. Implements `Link` and `Inlet` of `core/contract.py`."""
