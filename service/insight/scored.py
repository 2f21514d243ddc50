"""Scores of accounts, written a piece at a time: one transaction each, which may be repeated."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypedDict

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from service.insight import features, history, scoring
from service.insight.models import LateModel, LateScore
from service.insight.reasons import reasons
from service.insight.rules import Rules
from service.insight.scoring import Model
from service.insight.training import BEFORE


class Piece(TypedDict):
    """Accounts from one number on, to before another or to the end."""

    first: str
    until: str | None


def bounds(session: Session, size: int) -> list[Piece]:
    """Pieces of about so many postpaid accounts: each from its `first` number to before `until`."""
    return pieces_from([str(each) for each in session.scalars(_STARTS, {"size": size})])


def pieces_from(starts: Sequence[str]) -> list[Piece]:
    """Pieces that begin at these numbers; the first before all, so that what is gone is found."""
    firsts = ["", *starts[1:]]
    return [Piece(first=a, until=b) for a, b in zip(firsts, [*firsts[1:], None], strict=True)]


def score_piece(
    session: Session, model_no: int, first: str, until: str | None, rules: Rules
) -> int:
    """Score the postpaid accounts of a piece by a model; returns how many.

    Accounts that are closed, are paid ahead or have objected have no score afterwards.
    """
    model = Model.of(session.get_one(LateModel, model_no).numbers)
    numbers = list(session.scalars(_ACCOUNTS, {"first": first, "until": until}))
    _drop_others(session, first, until, numbers)
    for some in history.pieces(numbers, rules.chunk):
        _store(session, _rows(session, model, model_no, some, rules))
    return len(numbers)


def _rows(
    session: Session, model: Model, model_no: int, numbers: Sequence[str], rules: Rules
) -> list[dict[str, Any]]:
    now = clock.now()
    since = clock.civil_date(now) - BEFORE - timedelta(days=31)
    found = history.read(session, numbers, since, rules.debit_channels)
    known = features.known(found, features.of_next_bill(found, history.seconds(now)))
    chances = scoring.probabilities(model, known)
    return [
        {
            "account_no": number,
            "score": round(float(chance), 4),
            "band": rules.bands.of(float(chance)),
            "reasons": why,
            "model_no": model_no,
            "at": now,
        }
        for number, chance, why in zip(
            found.account_nos, chances, reasons(model, known), strict=True
        )
    ]


def _store(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    new = insert(LateScore)
    named = {name: new.excluded[name] for name in ("score", "band", "reasons", "model_no", "at")}
    if rows:
        session.execute(new.on_conflict_do_update(index_elements=["account_no"], set_=named), rows)


def _drop_others(session: Session, first: str, until: str | None, numbers: Sequence[str]) -> None:
    """Take out what is in the piece and is not scored any more."""
    gone = delete(LateScore).where(
        LateScore.account_no >= first, LateScore.account_no.not_in(numbers)
    )
    session.execute(gone if until is None else gone.where(LateScore.account_no < until))


_STARTS = text("""
    SELECT account_no FROM (
        SELECT account_no, row_number() OVER (ORDER BY account_no) - 1 AS place
        FROM account WHERE settlement = 'postpaid' AND closed IS NULL
    ) AS numbered WHERE place % :size = 0 ORDER BY account_no
""")

_ACCOUNTS = text("""
    SELECT account_no FROM account
    WHERE account_no >= :first AND (CAST(:until AS text) IS NULL OR account_no < :until)
        AND settlement = 'postpaid' AND closed IS NULL
        AND NOT EXISTS (
            SELECT FROM late_objection WHERE late_objection.account_no = account.account_no
        )
    ORDER BY account_no
""")
