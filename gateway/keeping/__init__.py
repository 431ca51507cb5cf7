"""Keeping the record: how long, for whom it is erased, and whether it is well."""
