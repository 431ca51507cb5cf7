"""The way from every older store to today's: one file in `versions` for each change of the schema, run by Alembic.

docs/reference/journal.md, Migrations, tells how to add one. Loaded only where a store has to be changed.
"""
