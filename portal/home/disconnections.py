"""What is said above the home page of a disconnection for arrears: day, hour, sum, one button."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from portal import formats
from portal.owing import Owing
from runtime import clock
from service.disconnections import showing
from service.disconnections.showing import Announced
from service.people.links import LinkedAccount


@dataclass(frozen=True)
class Cut:
    """The notice; without an `address` the reader may not pay."""

    title: str
    text: str
    amount_fen: int
    address: str | None


def own_disconnection(session: Session, user_id: int, everything: Sequence[Owing]) -> Cut | None:
    """The first that is announced; asked only when something is overdue and not on its way."""
    late = {each.account.account_no: each.account for each in everything if _is_late(each)}
    if not late:
        return None
    found = showing.announced(session, user_id, late)
    return _cut(found, late[found.account_no]) if found and found.overdue else None


def _is_late(each: Owing) -> bool:
    return each.state == "overdue"


def _cut(found: Announced, account: LinkedAccount) -> Cut:
    when = {
        "day": formats.day(clock.civil_date(found.at)),
        "weekday": formats.weekday(clock.civil_date(found.at)),
        "time": formats.clock_time(found.at),
    }
    amount = formats.amount(found.amount_fen)
    due = found.state == "due"
    numbers = [each.bill_no for each in found.overdue]
    return Cut(
        title=_("%(name)s到了欠费停电的时间", name=account.title)
        if due
        else _("%(name)s %(day)s%(weekday)s %(time)s 起欠费停电", name=account.title, **when),
        text=_("逾期的一共 %(amount)s。缴清了就安排恢复供电。", amount=amount)
        if due
        else _("逾期的一共 %(amount)s，在那之前缴清就不停。", amount=amount),
        amount_fen=found.amount_fen,
        address=url_for("pay.confirm", bill=numbers) if found.may_pay else None,
    )
