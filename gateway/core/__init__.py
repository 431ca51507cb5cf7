"""The vocabulary that gateway, drivers and simulators share: no I/O, no dependencies inside the project."""
