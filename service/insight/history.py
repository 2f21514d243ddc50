"""When bills were paid, as far as the copy tells: bills, what settled them, what was taken back.

Days are counted from 2000-01-01, instants are seconds of Unix time; what has not happened is
infinite. Every fact of a bill carries the instant since which it is known, so that whoever asks
about a day sees nothing of what came later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.orm import Session

from runtime import clock

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

EPOCH = date(2000, 1, 1)


@dataclass(frozen=True)
class History:
    """The bills of some accounts, those of one account together and in the order of their issue.

    `account` is the place of a bill's account in `account_nos`; `point` numbers the place of
    supply, `month` the months since year 0. A bill was paid on the day `settled_day`, which is
    known since `settled_at`; `debit` says whether the customer's bank did it. At `replaced_at` a
    corrected bill took its place. `reversals` are an account's place and an instant each.
    """

    account_nos: tuple[str, ...]
    account: Whole
    point: Whole
    month: Whole
    issued_at: Numbers
    due: Whole
    wh: Numbers
    settled_at: Numbers
    settled_day: Numbers
    debit: NDArray[np.bool_]
    replaced_at: Numbers
    reversals: tuple[Whole, Numbers]

    @property
    def starts(self) -> Whole:
        """The place of each account's first bill, and the number of all bills at the end."""
        return np.searchsorted(self.account, np.arange(len(self.account_nos) + 1))

    @property
    def late(self) -> NDArray[np.bool_]:
        """Whether a bill was not paid by its due date, by all that is known now."""
        return self.settled_day > self.due


def day_number(day: date) -> int:
    """Days since 2000-01-01."""
    return (day - EPOCH).days


def seconds(instant: datetime) -> float:
    """An aware instant as seconds of Unix time."""
    return instant.timestamp()


def civil_days(instants: Numbers) -> Whole:
    """The day in China at each instant; China keeps one offset all the year."""
    offset = clock.now().astimezone(clock.BEIJING).utcoffset()
    shift = offset.total_seconds() if offset else 0.0
    epoch = seconds(clock.civil_midnight(EPOCH)) + shift
    return np.floor((instants + shift - epoch) / 86400).astype(np.int64)


def read(
    session: Session, account_nos: Sequence[str], since: date, debit_channels: Sequence[str]
) -> History:
    """The bills of these accounts that were issued on a day or later: two questions for all."""
    numbers = sorted(account_nos)
    asked_for = {"accounts": numbers, "since": clock.civil_midnight(since), "epoch": EPOCH}
    rows = session.execute(_BILLS, asked_for | {"debit": list(debit_channels)}).all()
    backs = session.execute(_REVERSALS, asked_for).all()
    return _history(tuple(numbers), rows, backs)


def _history(numbers: tuple[str, ...], rows: Sequence[Any], backs: Sequence[Any]) -> History:
    place = {number: at for at, number in enumerate(numbers)}
    points: dict[str, int] = {}
    columns = list(zip(*rows, strict=True)) or [()] * 10
    account, point, month, issued, due, wh, settled, day, debit, replaced = columns
    return History(
        account_nos=numbers,
        account=_whole([place[number] for number in account]),
        point=_whole([points.setdefault(number, len(points)) for number in point]),
        month=_whole(month),
        issued_at=np.array(issued, np.float64),
        due=_whole(due),
        wh=np.array(wh, np.float64),
        settled_at=_or_never(settled),
        settled_day=_or_never(day),
        debit=np.array(debit, np.bool_),
        replaced_at=_or_never(replaced),
        reversals=(
            _whole([place[number] for number, _at in backs]),
            np.array([at for _number, at in backs], np.float64),
        ),
    )


def _whole(values: Sequence[int]) -> Whole:
    return np.array(values, np.int64)


def _or_never(values: Sequence[float | None]) -> Numbers:
    found = np.array(values, np.float64)
    return np.where(np.isnan(found), np.inf, found)


def pieces(numbers: Sequence[str], size: int) -> list[Sequence[str]]:
    """The numbers in pieces of so many."""
    ends = [*range(0, len(numbers), size), len(numbers)]
    return [numbers[start:end] for start, end in pairwise(ends)]


_ACCOUNTS = bindparam("accounts", type_=ARRAY(Text))

# What a bill was settled with and is told by no posting was credit, which is there at its issue.
# Of the postings the first after which nothing was left settled it; money that goes back later
# opens the bill again, but does not make it late: reversals are counted by themselves.
_BILLS = text("""
    WITH asked AS MATERIALIZED (
        SELECT bill_no, account_no, service_point_no, period, revision, status, issued_at, due,
            wh, total_fen, settled_fen,
            lead(issued_at) OVER (
                PARTITION BY service_point_no, period ORDER BY revision, issued_at
            ) AS replaced_at
        FROM bill
        WHERE account_no = ANY (:accounts) AND issued_at >= :since AND total_fen > 0
    ), part AS (
        SELECT allocation.bill_no, allocation.principal_fen, posting.posted_at, posting.posting_no,
            (posting.paid_at AT TIME ZONE 'Asia/Shanghai')\\:\\:date - :epoch AS day,
            posting.channel = ANY (:debit) AS debit
        FROM posting, jsonb_to_recordset(posting.allocations)
            AS allocation (bill_no text, principal_fen bigint)
        WHERE posting.account_no = ANY (:accounts)
    ), back AS (
        SELECT allocation.bill_no, sum(allocation.principal_fen) AS fen
        FROM reversal, jsonb_to_recordset(reversal.allocations)
            AS allocation (bill_no text, principal_fen bigint)
        WHERE reversal.account_no = ANY (:accounts)
        GROUP BY allocation.bill_no
    ), brought AS (
        SELECT bill_no, sum(principal_fen) AS fen FROM part GROUP BY bill_no
    ), credit AS (
        SELECT asked.bill_no, greatest(
            0, asked.settled_fen + coalesce(back.fen, 0) - coalesce(brought.fen, 0)
        ) AS fen
        FROM asked LEFT JOIN back USING (bill_no) LEFT JOIN brought USING (bill_no)
    ), running AS (
        SELECT part.bill_no, posted_at, max(day) OVER so_far AS day, debit,
            row_number() OVER so_far AS place,
            asked.total_fen - credit.fen - sum(principal_fen) OVER so_far AS left_fen
        FROM part JOIN asked USING (bill_no) JOIN credit USING (bill_no)
        WINDOW so_far AS (PARTITION BY part.bill_no ORDER BY posted_at, posting_no)
    ), settled AS (
        SELECT DISTINCT ON (bill_no) bill_no, posted_at, day, debit
        FROM running WHERE left_fen <= 0 ORDER BY bill_no, place
    )
    SELECT account_no, service_point_no,
        left(period, 4)\\:\\:int * 12 + right(period, 2)\\:\\:int - 1,
        extract(epoch FROM issued_at)\\:\\:float8, due - :epoch, wh\\:\\:float8,
        extract(epoch FROM CASE WHEN credit.fen >= total_fen THEN issued_at
            ELSE settled.posted_at END)\\:\\:float8,
        CASE WHEN credit.fen >= total_fen
            THEN (issued_at AT TIME ZONE 'Asia/Shanghai')\\:\\:date - :epoch
            ELSE settled.day END,
        coalesce(settled.debit, false), extract(epoch FROM replaced_at)\\:\\:float8
    FROM asked JOIN credit USING (bill_no) LEFT JOIN settled USING (bill_no)
    WHERE status = 'issued' OR replaced_at IS NOT NULL
    ORDER BY account_no COLLATE "C", issued_at, bill_no
""").bindparams(_ACCOUNTS, bindparam("debit", type_=ARRAY(Text)))

_REVERSALS = text("""
    SELECT account_no, extract(epoch FROM reversed_at)\\:\\:float8 FROM reversal
    WHERE account_no = ANY (:accounts) AND reversed_at >= :since
    ORDER BY account_no COLLATE "C", reversed_at
""").bindparams(_ACCOUNTS)
