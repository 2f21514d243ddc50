"""Alembic's entry for the core: everything lives in the schema `core`."""

from core.models import Base
from core.outages import models as outages
from runtime.migrate import run

assert outages.Outage.metadata is Base.metadata  # noqa: S101 - it is among the tables
run("core", Base.metadata)
