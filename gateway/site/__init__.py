"""The site file: what stands in the hall, checked whole before anything starts."""
