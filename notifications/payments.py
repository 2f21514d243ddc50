"""Money that has arrived on an account, or was taken off it again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import notices, saying
from notifications.audience import payers_of
from notifications.figures import Figures, figures, params_of
from notifications.models import Notice
from notifications.settings import LinkSettings
from runtime import clock
from runtime.money import yuan
from runtime.settings import load
from service.events import PaymentPosted, PaymentReversed
from service.models import Posting

OLD = timedelta(days=2)
"""Money of longer ago is no news: the first load of a utility brings much."""


def on_posted(session: Session, event: PaymentPosted) -> None:
    """Everybody who pays for the account hears that it has arrived."""
    known = {"posting_no": event.posting_no, "amount_fen": event.amount_fen}
    _tell(session, "payment.received", f"posting:{event.posting_no}", event.account_no, known,
          event.posted_at)  # fmt: skip


def on_reversed(session: Session, event: PaymentReversed) -> None:
    """And that it was taken off again."""
    known = {"posting_no": event.posting_no, "amount_fen": event.amount_fen}
    _tell(session, "payment.reversed", f"reversal:{event.reversal_no}", event.account_no, known,
          event.reversed_at)  # fmt: skip


@figures("payment.received", "payment.reversed")
def of_payments(session: Session, told: Sequence[Notice], language: str) -> list[Figures | None]:
    """How much, for which account, and how it was paid."""
    known = [params_of(each) for each in told]
    numbers = {each["posting_no"] for each in known}
    ways = select(Posting.posting_no, Posting.channel).where(Posting.posting_no.in_(numbers))
    channels: dict[str, str] = dict(iter(session.execute(ways)))
    return [
        {
            "amount": yuan(each["amount_fen"]),
            "tail": saying.tail(notice.account_no or ""),
            "channel": saying.way(channels.get(each["posting_no"], ""), language),
            "link": saying.link("/payments"),
            "phone": load(LinkSettings).hotline,
        }
        for notice, each in zip(told, known, strict=True)
    ]


def _tell(
    session: Session,
    kind: str,
    key: str,
    account_no: str,
    params: dict[str, object],
    at: datetime,
) -> None:
    if at < clock.now() - OLD:
        return
    payers = payers_of(session, account_no)
    notices.tell_each(session, kind, payers, account_no, key=key, params=params)
