"""On which team's queue somebody works."""

from typing import get_args

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime.errors import Refused
from service.desk.models import DeskSeat
from service.requests.kinds import Team

TEAMS: tuple[str, ...] = get_args(Team)


def team_of(session: Session, user_id: int) -> str | None:
    """The team that somebody has chosen; None before they chose one."""
    seat = session.get(DeskSeat, user_id)
    return seat.team if seat else None


def sit(session: Session, user_id: int, team: str) -> None:
    """Work on this team's queue from now on. Raises Refused("desk.team_unknown")."""
    if team not in TEAMS:
        raise Refused("desk.team_unknown")
    written = insert(DeskSeat).values(user_id=user_id, team=team)
    session.execute(written.on_conflict_do_update(index_elements=["user_id"], set_={"team": team}))
