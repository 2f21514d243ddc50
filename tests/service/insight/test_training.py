"""Learning from the copy: when, from how much, and what is kept of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import time_machine
from msgspec.structs import replace
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from runtime.database import Database
from service.insight import features, history, learning, simulator, training
from service.insight.features import FEATURES
from service.insight.learning import Learned
from service.insight.measuring import Measured
from service.insight.models import LateModel, LateScore
from service.insight.nights import learn_and_score
from service.insight.rules import FILE, read, rules
from service.insight.scoring import Model
from service.models import Bill, Posting
from tests.service import builders
from tests.service.insight.conftest import bill, pay

HOUSEHOLDS, MONTHS = 400, 16
RULES = replace(rules(), chunk=150)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """After the last simulated bill was due: it was issued in November 2024."""
    with time_machine.travel("2024-11-27T02:00:00Z", tick=False) as traveller:
        yield traveller


def instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


@pytest.fixture
def simulated(database: Database) -> simulator.Simulated:
    """Simulated households, told to the copy as accounts, bills and postings."""
    of = simulator.simulate(HOUSEHOLDS, MONTHS)
    found = of.history
    with database.unit_of_work() as session:
        account = builders.create_account(session, found.account_nos[0])
        plain = bill(session, account, "2023-07")
        common = {
            column.name: getattr(plain, column.key)
            for column in Bill.__table__.columns
            if column.name not in ("bill_no", "account_no", "service_point_no", "period")
        }
        session.delete(plain)
        session.flush()
        for number in found.account_nos[1:]:
            builders.create_account(session, number)
        rows = [_row(found, at) for at in range(len(found.account))]
        session.execute(insert(Bill), [common | bill_ for bill_, _posting in rows])
        session.execute(insert(Posting), [posting for _bill, posting in rows])
    return of


def _row(found: history.History, at: int) -> tuple[dict[str, object], dict[str, object]]:
    number, month = found.account_nos[found.account[at]], int(found.month[at])
    paid = instant(float(found.settled_at[at]))
    name = f"{month}{number[-6:]}"
    given = {"bill_no": f"B{name}", "principal_fen": 10_000, "late_fee_fen": 0}
    return (
        {
            "bill_no": f"B{name}",
            "account_no": number,
            "service_point_no": f"SP{number}",
            "period": f"{month // 12}-{month % 12 + 1:02}",
            "issued_at": instant(float(found.issued_at[at])),
            "due": history.EPOCH + timedelta(days=int(found.due[at])),
            "wh": int(found.wh[at]),
            "total_fen": 10_000,
            "settled_fen": 10_000,
        },
        {
            "posting_no": f"P{name}",
            "account_no": number,
            "amount_fen": 10_000,
            "channel": "bank" if found.debit[at] else "wechat",
            "order_no": f"O{name}",
            "paid_at": paid,
            "posted_at": paid,
            "allocations": [given],
            "credit_fen": 0,
        },
    )


def test_the_copy_is_learned_from_and_every_account_scored(
    database: Database, simulated: simulator.Simulated
) -> None:
    assert learn_and_score(database, RULES) == HOUSEHOLDS
    with database.reading() as session:
        kept = training.newest_model(session)
        scores = {each.account_no: each for each in session.scalars(select(LateScore))}
    assert kept is not None
    assert kept.method == "logistic"
    assert (kept.bills, kept.late) == (
        HOUSEHOLDS * MONTHS,
        int(simulated.history.late.sum()),
    )
    assert (kept.first_due, kept.last_due) == (date(2023, 8, 18), date(2024, 11, 18))
    assert Model.of(kept.numbers).features == FEATURES
    measured = Measured.of(kept.metrics or {})
    assert measured.bills == HOUSEHOLDS * 3
    assert measured.auc > 0.75
    assert len(scores) == HOUSEHOLDS
    assert {each.model_no for each in scores.values()} == {kept.model_no}


def test_what_is_read_is_what_was_simulated(
    database: Database, simulated: simulator.Simulated
) -> None:
    learned = training.gather(database, RULES)
    known = features.known(simulated.history, features.of_every_bill(simulated.history))
    np.testing.assert_allclose(learned.known.features, known.features)
    np.testing.assert_array_equal(learned.late, simulated.history.late)


def test_of_many_accounts_a_share_is_learned_from(
    database: Database, simulated: simulator.Simulated
) -> None:
    few = replace(RULES, learning=replace(RULES.learning, most_bills=1000))
    learned = training.gather(database, few)
    assert 0 < len(learned.late) < 1000
    assert len(learned.late) % MONTHS == 0  # all bills of the accounts that were chosen


def test_too_little_history_is_counted_and_said_to_be(session: Session, database: Database) -> None:
    account = builders.create_account(session, "420000000001")
    late = bill(session, account, "2024-08", issued_at=datetime(2024, 9, 3, tzinfo=UTC))
    pay(session, account, late, date(2024, 9, 28))
    session.commit()
    assert learn_and_score(database, RULES) == 1
    with database.reading() as reading:
        kept = reading.scalars(select(LateModel)).one()
        score = reading.scalars(select(LateScore)).one()
    assert (kept.method, kept.bills, kept.late, kept.metrics) == ("counted", 1, 1, None)
    base = (1 + RULES.learning.supposed) / 2
    assert score.score == round((1 + 4 * base) / 5, 4)
    assert score.reasons == [{"code": "history", "bills": 1, "late": 1, "days": 10}]


def test_without_any_bill_a_tenth_is_supposed(session: Session, database: Database) -> None:
    builders.create_account(session)
    session.commit()
    assert learn_and_score(database, RULES) == 1
    with database.reading() as reading:
        score = reading.scalars(select(LateScore)).one()
    assert (score.score, score.band) == (0.1, "low")
    assert score.reasons == [{"code": "history", "bills": 0, "late": 0}]


def test_when_it_is_time_to_learn_again(
    session: Session, database: Database, clock: time_machine.Traveller
) -> None:
    week = replace(RULES.learning, new_bills=2)
    assert training.due_for_training(session, week)
    training.train(database, RULES)
    assert not training.due_for_training(session, week)
    account = builders.create_account(session)
    for month in ("2024-08", "2024-09"):
        bill(session, account, month)
    assert not training.due_for_training(session, week)
    clock.move_to("2024-12-05T02:00:00Z")
    assert training.due_for_training(session, week)
    assert not training.due_for_training(session, replace(week, new_bills=3))


def test_bills_that_are_not_decided_yet_teach_nothing(session: Session) -> None:
    account = builders.create_account(session)
    bill(session, account, "2024-10", due=date(2024, 11, 24))
    bill(session, account, "2024-09", due=date(2024, 11, 23))
    session.flush()
    since = date(2024, 1, 1)
    found = history.read(session, [account.account_no], since, [])
    learned = training.decided(found, since, date(2024, 11, 27), 3)
    assert learned.due.tolist() == [history.day_number(date(2024, 11, 23))]


def test_learning_that_is_no_better_than_counting_is_not_used() -> None:
    """What happens has nothing to do with what is known."""
    luck = np.random.default_rng(3)
    size = 2000
    zeros = np.zeros(size, np.int64)
    learned = Learned(
        features.Known(luck.normal(size=(size, len(FEATURES))), zeros, zeros, zeros * 1.0),
        luck.random(size) < 0.2,
        np.arange(size) // 10,
    )
    trained = training.best_of(learned, rules().learning)
    assert trained.model.method == "counted"
    assert trained.measured == dict(trained.others)["counted"]


def test_the_later_bills_test_what_the_earlier_taught() -> None:
    zeros = np.zeros(4, np.int64)
    seen = features.Known(np.zeros((4, len(FEATURES))), zeros, zeros, zeros * 1.0)
    learned = Learned(seen, np.array([True, False, True, False]), np.array([10, 85, 86, 160]))
    earlier, latest = learned.parted(75)
    assert (earlier.due.tolist(), latest.due.tolist()) == ([10, 85], [86, 160])
    assert learning.joined([earlier, latest]).late.tolist() == [True, False, True, False]


def test_rules_are_checked_as_they_are_read(tmp_path: Path) -> None:
    wrong = tmp_path / "insight.yaml"
    wrong.write_text(FILE.read_text().replace("high: 0.5", "high: 0.1"))
    with pytest.raises(ValueError, match=r"insight\.yaml: the middle band begins below"):
        read(wrong)
