"""Alembic's entry for the customer side."""

from runtime.migrate import run

run()
