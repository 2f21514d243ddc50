"""The way of a refund: core, gateway, done; killed anywhere, refused, set right, told of."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, text

from payments import sweeping
from payments.gateways.base import RefundReport, RefundState
from payments.ledger.models import LedgerEntry
from payments.models import OrderEvent, Refund, RefundPart
from payments.receipts import Verdict
from payments.refunds import desk as at_desk
from payments.refunds import hearing
from payments.refunds.carrying import Carrier, NotRefunded
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict
from tests.payments.refunds.conftest import HOME, OTHER, SITE, Desk
from tests.payments.refunds.doubles import Core, Killed, Till

State = Callable[[str], tuple[Any, ...]]
Books = Callable[[], dict[str, int]]


def _entries(database: Database, refund_no: str) -> list[tuple[Any, ...]]:
    """What the books say of a refund, in order."""
    with database.unit_of_work() as session:
        rows = session.execute(
            select(
                LedgerEntry.kind,
                LedgerEntry.debit,
                LedgerEntry.credit,
                LedgerEntry.amount_fen,
                LedgerEntry.reference,
            )
            .where(LedgerEntry.reference.startswith(refund_no))
            .order_by(LedgerEntry.id)
        )
        return [tuple(row) for row in rows]


def test_all_of_an_order_goes_back_from_both_accounts(
    database: Database,
    desk: Desk,
    carrier: Carrier,
    core: Core,
    till: Till,
    posted: str,
    state: State,
    books: Books,
) -> None:
    number = desk.refund(posted, {HOME: 14951, OTHER: 5000})
    assert state(posted) == ("refunding", 19951, ["due"], [None])
    carrier.carry(number)
    assert state(posted) == ("refunded", 19951, ["done"], [None])
    assert _entries(database, number) == [
        ("reversal", "posted", "received", 14951, f"{number}:{HOME}"),
        ("reversal", "posted", "received", 5000, f"{number}:{OTHER}"),
        ("refund_due", "received", "refunds", 19951, number),
        ("refund", "refunds", "wechat", 19951, number),
    ]
    assert books() == {}
    assert (till.balance_fen, len(core.reversals)) == (0, 2)
    asked = till.given[number]
    assert (asked.order_no, asked.trade_no, asked.amount_fen, asked.total_fen) == (
        posted,
        "4200-1",
        19951,
        19951,
    )
    assert (asked.reason, asked.notify_url) == (
        "缴错户号，退回付款人",
        f"{SITE}/callbacks/wechat",
    )
    with database.unit_of_work() as session:
        way = session.execute(
            select(OrderEvent.from_status, OrderEvent.to_status, OrderEvent.cause)
            .order_by(OrderEvent.id.desc())
            .limit(2)
        ).all()
        kept = session.scalars(select(Refund)).one()
        syncs = session.scalar(
            text("select count(*) from procrastinate_jobs where task_name = 'service.sync'")
        )
    assert way == [("refunding", "refunded", "gateway"), ("posted", "refunding", "refund")]
    assert None not in (kept.freed_at, kept.asked_at, kept.done_at)
    assert syncs == 1


def test_parts_add_up_to_the_whole(
    desk: Desk, carrier: Carrier, posted: str, state: State, books: Books
) -> None:
    first = desk.refund(posted, {HOME: 10000})
    carrier.carry(first)
    assert state(posted) == ("posted", 10000, ["done"], [None])
    assert books() == {"wechat": 9951, "posted": -9951}
    second, third = (
        desk.refund(posted, {HOME: 4951}),
        desk.refund(posted, {OTHER: 5000}),
    )
    carrier.carry(third)
    assert state(posted)[0] == "refunding"
    carrier.carry(second)
    assert state(posted) == ("refunded", 19951, ["done"] * 3, [None] * 3)
    assert books() == {}


@pytest.mark.parametrize("answers", [0, 1])
def test_killed_after_an_answer_of_the_core(
    desk: Desk,
    carrier: Carrier,
    core: Core,
    till: Till,
    posted: str,
    state: State,
    books: Books,
    answers: int,
) -> None:
    number = desk.refund(posted, {HOME: 14951, OTHER: 5000})
    core.killed_after = answers
    with pytest.raises(Killed):
        carrier.carry(number)
    assert state(posted) == ("refunding", 19951, ["reversing"], [None])
    assert (len(core.reversals), till.given) == (answers + 1, {})
    core.killed_after = -1
    carrier.carry(number)
    assert state(posted) == ("refunded", 19951, ["done"], [None])
    assert (len(core.reversals), len(till.given), books()) == (2, 1, {})


def test_killed_after_the_answer_of_the_gateway(
    desk: Desk,
    carrier: Carrier,
    core: Core,
    till: Till,
    posted: str,
    state: State,
    books: Books,
) -> None:
    number = desk.refund(posted, {HOME: 14951, OTHER: 5000})
    till.killed = True
    with pytest.raises(Killed):
        carrier.carry(number)
    assert state(posted) == ("refunding", 19951, ["at_gateway"], [None])
    assert books() == {"wechat": 19951, "refunds": -19951}
    till.killed = False
    carrier.carry(number)
    assert state(posted) == ("refunded", 19951, ["done"], [None])
    assert (len(core.reversals), len(till.given), books()) == (2, 1, {})


@pytest.mark.parametrize("step", ["free", "_at_gateway", "record"])
def test_killed_between_two_steps(
    desk: Desk,
    carrier: Carrier,
    core: Core,
    till: Till,
    posted: str,
    state: State,
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    number = desk.refund(posted, {HOME: 14951, OTHER: 5000})
    place: Any = {
        "free": "payments.refunds.carrying.making.free",
        "_at_gateway": "payments.refunds.carrying.Carrier._at_gateway",
        "record": "payments.refunds.carrying.hearing.record",
    }[step]

    def die(*_: object) -> None:
        raise Killed(step)

    with monkeypatch.context() as killed:
        killed.setattr(place, die)
        with pytest.raises(Killed):
            carrier.carry(number)
    for _ in range(2):
        carrier.carry(number)
    assert state(posted) == ("refunded", 19951, ["done"], [None])
    assert (len(core.reversals), len(till.given), books()) == (2, 1, {})


def test_a_core_that_is_away_is_asked_again_and_the_gateway_not_before(
    desk: Desk, carrier: Carrier, core: Core, till: Till, posted: str, state: State
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    core.away = True
    for _ in range(2):
        with pytest.raises(NotRefunded):
            carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["reversing"], ["core.unavailable"])
    assert till.given == {}
    core.away = False
    carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["done"], [None])


def test_a_core_that_refuses_leaves_it_to_the_desk(
    desk: Desk, carrier: Carrier, core: Core, till: Till, posted: str, state: State, books: Books
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    core.full = True
    carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["stuck"], ["reversal.too_much"])
    assert (till.given, books()) == ({}, {"wechat": 19951, "posted": -19951})
    core.full = False
    _retry(carrier, desk, number)
    assert state(posted) == ("posted", 14951, ["done"], [None])


def _retry(carrier: Carrier, desk: Desk, number: str) -> None:
    with carrier.database.unit_of_work() as session:
        at_desk.retry(session, number, by=desk.first)
    carrier.carry(number)


@pytest.mark.parametrize("reason", ["not_enough", "account_closed", "refused"])
def test_a_gateway_that_finally_refuses_leaves_it_to_the_desk_and_nothing_is_lost(
    database: Database,
    desk: Desk,
    carrier: Carrier,
    core: Core,
    till: Till,
    posted: str,
    state: State,
    books: Books,
    reason: str,
) -> None:
    number = desk.refund(posted, {HOME: 14951, OTHER: 5000})
    till.refusal = reason
    for _ in range(2):
        carrier.carry(number)
    assert state(posted) == ("refunding", 19951, ["stuck"], [reason])
    assert books() == {"wechat": 19951, "refunds": -19951}
    with database.unit_of_work() as session:
        assert [refund.refund_no for refund, _order in at_desk.stuck(session)] == [number]
    _retry(carrier, desk, number)
    assert state(posted) == ("refunding", 19951, ["stuck"], [reason])
    till.refusal = None
    _retry(carrier, desk, number)
    assert state(posted) == ("refunded", 19951, ["done"], [None])
    assert (len(core.reversals), [*till.given], books()) == (2, [number], {})
    with database.unit_of_work() as session, pytest.raises(Conflict):
        at_desk.retry(session, number, by=desk.first)


def test_a_refund_that_the_gateway_closed_is_asked_for_under_another_number(
    desk: Desk, carrier: Carrier, till: Till, posted: str, state: State
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    till.ending = RefundState.CLOSED
    carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["stuck"], ["closed"])
    del till.given[number]
    _retry(carrier, desk, number)
    assert ([*till.given], state(posted)[2]) == ([f"{number}x2"], ["stuck"])
    del till.given[f"{number}x2"]
    till.ending = RefundState.DONE
    _retry(carrier, desk, number)
    assert ([*till.given], state(posted)) == (
        [f"{number}x3"],
        ("posted", 14951, ["done"], [None]),
    )


def test_a_refund_that_is_abnormal_is_done_when_the_gateway_says_so_later(
    database: Database, desk: Desk, carrier: Carrier, till: Till, posted: str, state: State
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    till.ending = RefundState.ABNORMAL
    carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["stuck"], ["abnormal"])
    done = RefundReport(posted, number, RefundState.DONE, 14951, clock.now())
    with database.unit_of_work() as session:
        assert hearing.record(session, till, done, "callback") is Verdict.ACCEPTED
    assert state(posted) == ("posted", 14951, ["done"], [None])


def test_a_gateway_that_is_at_it_is_asked_again_and_whoever_says_it_first_is_heard(
    database: Database,
    desk: Desk,
    carrier: Carrier,
    till: Till,
    posted: str,
    state: State,
    books: Books,
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    till.ending = RefundState.PROCESSING
    for _ in range(2):
        with pytest.raises(NotRefunded):
            carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["at_gateway"], [None])
    till.ending = RefundState.DONE
    done = RefundReport(posted, number, RefundState.DONE, 14951, clock.now())
    verdicts = []
    for _ in range(3):
        with database.unit_of_work() as session:
            verdicts.append(hearing.record(session, till, done, "callback"))
    carrier.carry(number)
    assert verdicts == ["accepted", "duplicate", "duplicate"]
    assert state(posted) == ("posted", 14951, ["done"], [None])
    assert books() == {"wechat": 5000, "posted": -5000}


def test_a_gateway_that_is_away_is_asked_again(
    desk: Desk, carrier: Carrier, till: Till, posted: str, state: State
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    till.away = True
    for _ in range(2):
        with pytest.raises(NotRefunded):
            carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["at_gateway"], ["unreachable"])
    till.away = False
    carrier.carry(number)
    assert state(posted) == ("posted", 14951, ["done"], [None])


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"amount_fen": 14950}, "wrong_amount"),
        ({"order_no": "20261211unknownunknownunknow"}, "unknown_refund"),
        ({"refund_no": "R1"}, "unknown_refund"),
        ({"merchant": {"mchid": "1900000002"}}, "wrong_merchant"),
        ({"state": RefundState.PROCESSING}, "ignored"),
        ({"state": RefundState.ABSENT}, "ignored"),
    ],
)
def test_what_does_not_fit_ends_no_refund(
    database: Database,
    desk: Desk,
    carrier: Carrier,
    till: Till,
    posted: str,
    state: State,
    change: dict[str, Any],
    verdict: str,
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    till.away = True
    with pytest.raises(NotRefunded):
        carrier.carry(number)
    told: dict[str, Any] = {
        "order_no": posted,
        "refund_no": number,
        "state": RefundState.DONE,
        "amount_fen": 14951,
    }
    with database.unit_of_work() as session:
        assert hearing.record(session, till, RefundReport(**told | change), "callback") == verdict
    assert state(posted)[2] == ["at_gateway"]


def test_a_refund_that_the_core_still_holds_cannot_be_done(
    database: Database, desk: Desk, till: Till, posted: str, state: State
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    done = RefundReport(posted, number, RefundState.DONE, 14951)
    with database.unit_of_work() as session:
        assert hearing.record(session, till, done, "callback") == "unknown_refund"
    assert state(posted) == ("posted", 14951, ["due"], [None])


def test_a_gateway_without_papers_leaves_it_to_the_desk(
    database: Database, core: Any, desk: Desk, posted: str, state: State
) -> None:
    number = desk.refund(posted, {HOME: 14951})
    Carrier(database, core, {}, SITE).carry(number)
    assert state(posted) == ("posted", 14951, ["stuck"], ["not_set_up"])


def test_the_sweep_picks_up_what_lies_about_and_leaves_what_is_stuck(
    database: Database, desk: Desk, carrier: Carrier, till: Till, posted: str
) -> None:
    lying = desk.refund(posted, {HOME: 1})
    stuck = desk.refund(posted, {HOME: 2})
    till.refusal = "not_enough"
    carrier.carry(stuck)
    with database.unit_of_work() as session:
        session.execute(text("delete from procrastinate_jobs"))
    with time_machine.travel(clock.now() + sweeping.LIES_ABOUT * 2, tick=False):
        for _ in range(2):
            with database.unit_of_work() as session:
                sweeping.sweep(session)
    with database.unit_of_work() as session:
        jobs = session.scalars(
            text(
                "select args ->> 'refund_no' from procrastinate_jobs"
                " where task_name = 'payments.refund'"
            )
        ).all()
    assert jobs == [lying]


def test_a_number_that_nobody_knows_is_nothing_to_do(carrier: Carrier) -> None:
    carrier.carry("R1")


def test_each_answer_of_the_core_is_kept_before_the_next(
    database: Database, desk: Desk, carrier: Carrier, core: Core, posted: str
) -> None:
    number = desk.refund(posted, {HOME: 14951, OTHER: 5000})
    core.killed_after = 1
    with pytest.raises(Killed):
        carrier.carry(number)
    with database.unit_of_work() as session:
        kept = session.execute(
            select(RefundPart.account_no, RefundPart.reversal_no).order_by(RefundPart.id)
        ).all()
    assert kept == [(HOME, "V1"), (OTHER, None)]


def test_four_workers_with_the_same_refund_do_it_once(
    database: Database,
    desk: Desk,
    carrier: Carrier,
    core: Core,
    till: Till,
    posted: str,
    state: State,
    books: Books,
) -> None:
    number = desk.refund(posted, {HOME: 14951, OTHER: 5000})
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(carrier.carry, [number] * 4)) == [None] * 4
    assert state(posted) == ("refunded", 19951, ["done"], [None])
    assert (len(core.reversals), [*till.given], books()) == (2, [number], {})
    assert len(_entries(database, number)) == 4
