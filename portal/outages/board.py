"""What the list of outages shows: now, coming, lately; a person's own marked; a search by words."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app, url_for
from sqlalchemy.orm import Session

from portal.current import my_accounts, visitor
from service import places
from service.outages import finding
from service.outages.finding import OutageView, OwnOutage, Phase


@dataclass(frozen=True)
class Board:
    """The three lists. `mine` names the reader's accounts that an outage hits, by its number.

    `sought` is what was looked for; None when nothing was, or nothing that could be.
    """

    now: list[OutageView]
    coming: list[OutageView]
    lately: list[OutageView]
    own: list[OwnOutage]
    mine: dict[str, list[str]]
    sought: str | None

    @property
    def found(self) -> bool:
        return bool(self.now or self.coming or self.lately)


def board(session: Session, text: str) -> Board:
    """Everything, or what the words name; for whoever is signed in their own besides."""
    awaited, past = finding.current_and_coming(session), finding.recent(session)
    sought = None if places.too_short(text) else text
    if sought:
        awaited, past = [*finding.naming(awaited, sought)], [*finding.naming(past, sought)]
    own = own_outages(session)
    return Board(
        now=[each for each in awaited if each.phase is Phase.NOW],
        coming=[each for each in awaited if each.phase is Phase.COMING],
        lately=past,
        own=own,
        mine={each.outage.outage_no: titles(each.account_nos) for each in own},
        sought=sought,
    )


def own_outages(session: Session) -> list[OwnOutage]:
    """What hits accounts of the signed-in customer; nothing for anybody else."""
    person = visitor()
    if person is None or person.staff_role:
        return []
    return finding.for_user(session, person.id)


def titles(account_nos: Sequence[str]) -> list[str]:
    """What the reader calls these accounts of theirs, the first bound first."""
    return [each.title for each in my_accounts() if each.account_no in account_nos]


def repair_address() -> str | None:
    """Where one reports that the power is off; None when that room is not open."""
    endpoint = "requests.fill" if visitor() else "report.fill"
    if endpoint not in current_app.view_functions:
        return None
    return url_for(endpoint, kind="outage_repair")
