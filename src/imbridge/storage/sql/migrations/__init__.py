"""Alembic's environment: one file for each change of the tables, under `versions/`."""
