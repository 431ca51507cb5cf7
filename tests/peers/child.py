"""Real programs as children of a test: those that integrators start too, and what only our own tests need."""

from simulators.testing.child import Child, find, free_network, free_port

__all__ = ["Child", "free_network", "free_port", "program"]


def program(name: str) -> str:
    """The absolute path of a program that scripts/install-test-programs installs."""
    found = find(name)
    assert found, f"{name} is not installed: run scripts/install-test-programs"
    return found
