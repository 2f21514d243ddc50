"""Alembic's entry for the core: everything lives in the schema `core`."""

from core.models import Base
from runtime.migrate import run

run("core", Base.metadata)
