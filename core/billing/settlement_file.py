"""The file of a day's postings, against which whoever took the money reconciles."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Account, Posting
from runtime import clock

COLUMNS = ("posting_no", "account_no", "amount_fen", "channel", "order_no", "paid_at", "posted_at")


@dataclass(frozen=True)
class SettlementFile:
    """CSV in UTF-8: a header, a row for each posting, and a last row `total,<count>,<fen>`."""

    content: bytes
    count: int
    sum_fen: int

    @property
    def sha256(self) -> str:
        """Fingerprint of the whole content, in hexadecimal."""
        return sha256(self.content).hexdigest()


def settlement_file(session: Session, day: date) -> SettlementFile:
    """What was posted on a civil day (Asia/Shanghai). The file of a past day never changes."""
    start, end = clock.civil_midnight(day), clock.civil_midnight(day + timedelta(days=1))
    postings = (
        select(Posting, Account.account_no)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.posted_at >= start, Posting.posted_at < end)
        .order_by(Posting.id)
    )
    found = [(posting, account_no) for posting, account_no in session.execute(postings)]
    total = sum(posting.amount_fen for posting, _ in found)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerows(_row(posting, account_no) for posting, account_no in found)
    rows.writerow(("total", len(found), total))
    return SettlementFile(text.getvalue().encode(), len(found), total)


def _row(posting: Posting, account_no: str) -> tuple[object, ...]:
    return (
        posting.posting_no,
        account_no,
        posting.amount_fen,
        posting.channel,
        posting.order_no,
        posting.paid_at.astimezone(UTC).isoformat(),
        posting.posted_at.astimezone(UTC).isoformat(),
    )
