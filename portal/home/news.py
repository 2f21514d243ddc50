"""What concerns the customer now: one notice at most, and a few rows; only what the data say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from payments import history, overview
from payments.history import Payment, Stage
from portal import formats
from portal.home.so_far import SoFar
from portal.owing import Owing
from portal.payments.listing import named
from runtime import clock
from service.bills import BillSummary

RECENT = timedelta(days=30)
NEW_BILL = timedelta(days=7)


@dataclass(frozen=True)
class News:
    """A row: what, the rest in a sentence, and where more of it stands."""

    title: str
    text: str
    address: str


def overdue_elsewhere(others: Sequence[Owing]) -> Owing | None:
    """The other account that is latest with a bill."""
    late = [each for each in others if each.state == "overdue"]
    return max(late, key=lambda each: each.first.days_late, default=None)


def rows(
    session: Session,
    user_id: int,
    money: Owing,
    last: BillSummary | None,
    month: SoFar | None,
) -> list[News]:
    """New bill, last payment, days that are not fully measured."""
    payments = history.payments_of(session, user_id, money.account.account_no)
    found = [
        _new_bill(last),
        _payment(session, user_id, payments),
        _incomplete(month) if month else None,
    ]
    return [each for each in found if each is not None]


def paid_for_you(session: Session, user_id: int, account_no: str) -> str:
    """Who else has paid last for the account, in a sentence; nothing when nobody has lately."""
    payments = history.payments_of(session, user_id, account_no)[:1]
    if not payments or clock.now() - payments[0].at > RECENT:
        return ""
    last = payments[0]
    who = overview.payers(session, [last.order_no]).get(last.order_no)
    if not who or who.user_id == user_id or last.stage not in (Stage.CREDITING, Stage.POSTED):
        return ""
    return _(
        "%(name)s %(day)s替您缴了 %(amount)s。",
        name=named(who),
        day=formats.day(clock.civil_date(last.at)),
        amount=formats.amount(last.amount_fen),
    )


def _new_bill(last: BillSummary | None) -> News | None:
    if last is None or clock.now() - last.issued_at > NEW_BILL:
        return None
    return News(
        _("%(month)s账单出来了", month=formats.month(last.period)),
        _(
            "%(day)s，%(use)s，%(amount)s",
            day=formats.day(clock.civil_date(last.issued_at)),
            use=formats.energy(int(last.kwh * 1000), 0),
            amount=formats.amount(last.total_fen),
        ),
        url_for("bills.show", bill_no=last.bill_no),
    )


def _payment(session: Session, user_id: int, payments: Sequence[Payment]) -> News | None:
    """The last payment of the last weeks, and who made it when that is known."""
    if not payments or clock.now() - payments[0].at > RECENT:
        return None
    last = payments[0]
    when = formats.day(clock.civil_date(last.at))
    words = {"day": when, "amount": formats.amount(last.amount_fen)}
    address = url_for("payments.index", account=last.account_no)
    if last.stage is Stage.REFUNDED and not last.refunds:
        way = formats.channel_name(last.channel)
        return News(
            _("退回了 %(amount)s", **words), _("%(day)s，%(way)s", way=way, **words), address
        )
    if last.stage in (Stage.REFUNDING, Stage.REFUNDED):
        return News(_("多付的退回去"), _("%(day)s付的 %(amount)s，1–3 天到", **words), address)
    who = overview.payers(session, [last.order_no]).get(last.order_no)
    if who and who.user_id == user_id:
        return News(_("您缴了 %(amount)s", **words), when, address)
    if who:
        title = _("%(name)s缴了 %(amount)s", name=named(who), **words)
        return News(title, _("%(day)s，代您缴的", **words), address)
    way = formats.channel_name(last.channel)
    return News(_("缴了 %(amount)s", **words), _("%(day)s，%(way)s", way=way, **words), address)


def _incomplete(month: SoFar) -> News | None:
    if not month.incomplete:
        return None
    first = month.incomplete[0].day
    title = ngettext(
        "这个月有 %(num)s 天没读全", "这个月有 %(num)s 天没读全", len(month.incomplete)
    )
    return News(
        title,
        _("最早是 %(day)s，读到真数就改", day=formats.day(first))
        if len(month.incomplete) > 1
        else _("%(day)s，读到真数就改", day=formats.day(first)),
        url_for("usage.show", text=f"{first:%Y-%m}"),
    )
