"""`/desk/arrears/<account_no>`: what one account owes, has arranged, and has to expect."""

from dataclasses import dataclass
from functools import cached_property

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.staff import trail
from portal.staff.arrears import telling
from portal.staff.arrears.room import blueprint
from portal.staff.classes import CLASSES
from runtime import clock
from runtime.errors import Conflict, Refused
from service import approvals, audit
from service.approvals import Approval
from service.arrangements import deciding
from service.arrangements import showing as arranged
from service.arrangements.models import Arrangement
from service.arrangements.showing import Progress
from service.customers import opening
from service.disconnections import planning, protecting, showing
from service.disconnections.models import Disconnection, ProtectedAccount
from service.disconnections.rules import rules
from service.disconnections.standing_against import hindrance, protection
from service.dues import Due, dues_of
from service.models import Account

LOOKED = "arrears"
"""What the trail says somebody looked for."""


@dataclass(frozen=True)
class Sheet:
    """An account in arrears, as finance works on it."""

    account: Account

    @cached_property
    def dues(self) -> list[Due]:
        return dues_of(g.session, self.account.account_no)

    @property
    def total_fen(self) -> int:
        return sum(due.amount_fen for due in self.dues)

    @cached_property
    def arrangements(self) -> list[Arrangement]:
        return arranged.all_of(g.session, self.account.account_no)

    @cached_property
    def progress(self) -> Progress | None:
        """The living arrangement."""
        living = arranged.living(g.session, self.account.account_no)
        return arranged.progress(g.session, living) if living else None

    @property
    def needs_two(self) -> bool:
        return self.progress is not None and deciding.needs_two(self.progress.arrangement)

    @cached_property
    def disconnection(self) -> Disconnection | None:
        return showing.living(g.session, self.account.account_no)

    @cached_property
    def over(self) -> list[Disconnection]:
        return showing.over(g.session, self.account.account_no)

    @cached_property
    def protection(self) -> ProtectedAccount | None:
        return protection(g.session, self.account.account_no)

    @cached_property
    def waiting(self) -> list[Approval]:
        """What waits for a second person."""
        living = self.progress.arrangement.id if self.progress else 0
        planned = self.disconnection.id if self.disconnection else 0
        asked = [
            *approvals.about(g.session, [str(living)], [deciding.KIND]),
            *approvals.about(g.session, [str(planned)], [planning.KIND]),
        ]
        return [each for each in asked if each.status == "asked"]

    @cached_property
    def refused(self) -> str | None:
        """Why a second person would not agree to what a customer still waits for an answer to."""
        if self.progress is None or self.progress.arrangement.state != "asked":
            return None
        subject = str(self.progress.arrangement.id)
        newest = next(iter(approvals.about(g.session, [subject], [deciding.KIND])), None)
        return newest.decision_note if newest and newest.status == "declined" else None

    @cached_property
    def against(self) -> Conflict | None:
        """Why it cannot be disconnected now, if so."""
        return hindrance(g.session, self.account, clock.now())


@blueprint.get("/<account_no>")
def show(account_no: str) -> ResponseReturnValue:
    """The account; who looked stands in the trail."""
    account = opening.account(g.session, account_no)
    trail.seen(account_no, "", LOOKED)
    return page(account)


def page(account: Account, refusal: Refused | None = None) -> str:
    """The page; `refusal` is why something was not done, and what was typed stays."""
    return render_template(
        "staff/arrears/show.html",
        sheet=Sheet(account),
        tell=telling,
        classes=CLASSES,
        said=words.refusal(refusal) if refusal else None,
        typed=request.form,
        days=planning.possible_days(account),
        hours=rules().hours.at,
        notice_days=rules().of(account).notice_days,
        refusal=words.refusal,
        reasons=protecting.REASONS,
        most_reason=audit.MOST_REASON,
        most_note=deciding.MOST_NOTE,
    )
