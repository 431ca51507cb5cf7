"""Proves against a running site that it takes calls as its documents say: `hall-gateway conformance-queue`."""
