"""Alembic's entry for the core: everything lives in the schema `core`."""

from runtime.migrate import run

run("core")
