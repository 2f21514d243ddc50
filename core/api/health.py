"""Is the core alive, and does its database answer?"""

from typing import Literal

from fastapi import APIRouter
from sqlalchemy import text

from core.api.forms import Told, Unit

router = APIRouter(tags=["health"])


class Health(Told):
    """The core answers and so does its database."""

    status: Literal["ok"]


@router.get("/healthz", response_model=Health)
def healthz(unit: Unit) -> Health:
    """200 when the core can serve; 503 when it cannot reach its database."""
    unit.execute(text("SELECT 1"))
    return Health(status="ok")
