"""Bill day, the ladder of failures, and everything that may come between: on a frozen clock."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from payments import holds
from payments.agreements import planning, rounds, signing
from payments.agreements.base import Agreed, Contract, Debited
from payments.agreements.debits import Debits
from payments.agreements.models import Agreement, AgreementDebit
from payments.agreements.signing import Desk
from payments.checkout import Checkout
from payments.checkout import Visit as PayVisit
from payments.gateways.base import Product
from payments.models import Order, PostingTask
from payments.orders import Selection
from payments.settings import PaymentSettings
from runtime import clock, events
from runtime.database import Database
from runtime.errors import Unavailable
from service.events import AutoPayNews, BillIssued
from service.models import Bill, Link
from tests.payments.agreements.purse import Purse
from tests.payments.builders import ACCOUNT, BILL, create_account, create_bill, create_user, link

ISSUED = datetime(2026, 11, 20, 2, 0, tzinfo=clock.BEIJING)
"""Friday 20 November 2026; the bill is due on 30 November."""

DUE = date(2026, 11, 30)


def beijing(day: int, hour: int = 9, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=clock.BEIJING)


@dataclass
class House:
    """A customer with an agreement, and the workers that serve it."""

    database: Database
    settings: PaymentSettings
    purse: Purse
    time: Any
    user_id: int = 0
    news: list[AutoPayNews] = field(default_factory=list)

    @property
    def checkout(self) -> Checkout:
        return Checkout(self.database, {"wechat": self.purse}, self.settings)

    @property
    def desk(self) -> Desk:
        return Desk(self.database, {"wechat": self.purse}, self.settings)  # type: ignore[dict-item]

    @property
    def debits(self) -> Debits:
        return Debits(
            self.database,
            {"wechat": self.purse},
            self.checkout,
            self.settings,  # type: ignore[dict-item]
        )

    def move_to(self, at: datetime) -> None:
        self.time.move_to(at)

    def round(self) -> None:
        """One minute of the worker: the round, then the jobs that it asked for."""
        with self.database.unit_of_work() as session:
            rounds.go_round(session, self.settings)
        self.work()

    def work(self) -> None:
        doing: dict[str, Callable[..., None]] = {
            "payments.debit": self.debits.debit,
            "payments.debit_watch": self.debits.watch,
            "payments.agreement_ask": self.desk.ask,
            "payments.agreement_end": self._end,
        }
        with self.database.unit_of_work() as session:
            rows = session.execute(
                text("DELETE FROM procrastinate_jobs RETURNING task_name, args")
            ).all()
        for name, args in sorted(rows, key=str):
            if name in doing:
                doing[name](**args)

    def _end(self, agreement_id: int) -> None:
        with suppress(signing.NotEnded):
            self.desk.tell_ended(agreement_id)

    def live_through(self, day: date) -> None:
        """The rounds of one day: at night, in the morning, at noon, in the evening."""
        for hour in (3, 9, 12, 20, 22):
            self.move_to(datetime(day.year, day.month, day.day, hour, 1, tzinfo=clock.BEIJING))
            self.round()
            self.round()

    def debits_made(self) -> list[AgreementDebit]:
        with self.database.unit_of_work() as session:
            return list(session.scalars(select(AgreementDebit).order_by(AgreementDebit.id)))

    def told(self) -> list[tuple[str, date | None, int | None]]:
        return [(each.kind, each.day, each.amount_fen) for each in self.news]

    def agreement(self) -> Agreement:
        with self.database.unit_of_work() as session:
            return session.scalars(select(Agreement).order_by(Agreement.id.desc())).first()  # type: ignore[return-value]

    def issue(self, bill_no: str = BILL, total_fen: int = 14951, due: date = DUE) -> None:
        with self.database.unit_of_work() as session:
            create_bill(session, bill_no, total_fen=total_fen, due=due)
            session.execute(
                update(Bill).where(Bill.bill_no == bill_no).values(issued_at=clock.now())
            )
            events.publish(
                session, BillIssued(bill_no, ACCOUNT, "2026-10", total_fen, due, clock.now())
            )

    def orders(self) -> list[Order]:
        with self.database.unit_of_work() as session:
            return list(session.scalars(select(Order).order_by(Order.id)))


@pytest.fixture
def house(database: Database, payment_settings: PaymentSettings) -> Iterator[House]:
    """An agreement signed on 10 November up to 300 yuan a month; it is 20 November, 2:00."""
    with time_machine.travel(beijing(10), tick=False) as time:
        house = House(database, payment_settings, Purse(), time)
        with database.unit_of_work() as session:
            house.user_id = create_user(session)
            create_account(session)
            link(session, house.user_id)
        sign(house)
        with (
            events.subscribed(
                BillIssued,
                lambda session, event: planning.plan_issued(session, event, payment_settings),
            ),
            events.subscribed(AutoPayNews, lambda _session, event: house.news.append(event)),
        ):
            time.move_to(ISSUED)
            yield house


def sign(house: House, limit_fen: int = 300_00) -> str:
    wish = signing.Wish(ACCOUNT, "wechat", limit_fen)
    code = house.desk.sign(house.user_id, wish, signing.Visit("户号尾号 5603", on_a_phone=False))
    house.purse.contracts[code] = Contract.SIGNED
    house.desk.ask(house.agreement().id)
    return code


def settle(house: House) -> None:
    """The core has posted, and our copy knows."""
    with house.database.unit_of_work() as session:
        session.execute(update(Bill).values(settled_fen=Bill.total_fen))


def test_a_bill_is_announced_a_day_before_and_debited_three_days_after_issue(house: House) -> None:
    house.issue()
    for day in range(20, 24):
        house.live_through(date(2026, 11, day))
    assert house.told() == [
        ("announced", date(2026, 11, 23), 14951),
        ("done", None, 14951),
    ]
    debit = house.debits_made()[0]
    assert (debit.attempt, debit.day, debit.state) == (1, date(2026, 11, 23), "paid")
    assert debit.announced_at == beijing(22, 9, 1)
    assert debit.begun_at == beijing(23, 9, 1)
    order = house.orders()[0]
    assert (order.product, order.gateway, order.status) == ("contract", "wechat", "paid")
    assert house.purse.taken == {order.order_no: 14951}
    with house.database.unit_of_work() as session:
        task = session.scalars(select(PostingTask)).one()
        entries = session.execute(text("SELECT kind, debit, credit, amount_fen FROM ledger_entry"))
        assert entries.all() == [("payment", "wechat", "received", 14951)]
    assert (task.account_no, task.amount_fen, task.bill_nos) == (ACCOUNT, 14951, [BILL])


@pytest.mark.parametrize(
    ("hour", "begins"), [(8, False), (9, True), (20, True), (21, False), (23, False), (3, False)]
)
def test_nothing_is_debited_at_night(house: House, hour: int, begins: bool) -> None:
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, hour, 30))
    house.round()
    assert bool(house.purse.sent) is begins


def test_the_ladder_ends_on_the_due_day_with_a_link(house: House) -> None:
    house.purse.mood = "not_enough"
    house.issue()
    for count in range(14):
        house.live_through(date(2026, 11, 20) + timedelta(days=count))
    assert house.told() == [
        ("announced", date(2026, 11, 23), 14951),
        ("failed", date(2026, 11, 25), 14951),
        ("failed", date(2026, 11, 28), 14951),
        ("failed", date(2026, 11, 30), 14951),
        ("given_up", None, 14951),
    ]
    assert house.news[-1].pay_url == "http://localhost:8000/pay"
    debits = house.debits_made()
    assert [(each.attempt, each.day.day, each.state, each.reason) for each in debits] == [
        (1, 23, "failed", "not_enough"),
        (2, 25, "failed", "not_enough"),
        (3, 28, "failed", "not_enough"),
        (4, 30, "failed", "not_enough"),
    ]
    assert house.purse.taken == {}
    assert {each.status for each in house.orders()} == {"closed"}
    assert {each.close_reason for each in house.orders()} == {"debit_failed"}


def test_money_that_is_there_later_is_taken_once(house: House) -> None:
    house.purse.mood = "not_enough"
    house.issue()
    for day in (22, 23):
        house.live_through(date(2026, 11, day))
    house.purse.mood = "pays"
    for day in (24, 25, 26, 28, 30):
        house.live_through(date(2026, 11, day))
        if day == 26:
            settle(house)
    assert list(house.purse.taken.values()) == [14951]
    assert [each.state for each in house.debits_made()] == ["failed", "paid"]
    assert house.told()[-1] == ("done", None, 14951)


def test_a_short_due_date_has_a_short_ladder(house: House) -> None:
    house.purse.mood = "not_enough"
    house.issue(due=date(2026, 11, 24))
    for day in range(20, 28):
        house.live_through(date(2026, 11, day))
    assert [each.day.day for each in house.debits_made()] == [23, 24]
    assert house.told()[-1][0] == "given_up"


def test_a_bill_over_the_limit_of_the_month_is_not_debited(house: House) -> None:
    house.issue(total_fen=300_01)
    for day in range(20, 26):
        house.live_through(date(2026, 11, day))
    assert house.told() == [("over_limit", None, 300_01)]
    assert house.news[0].limit_fen == 300_00
    assert house.purse.sent == []
    assert [(each.state, each.reason) for each in house.debits_made()] == [("failed", "over_limit")]


def test_the_limit_counts_all_debits_of_a_month(house: House) -> None:
    house.issue(total_fen=200_00)
    house.issue("B202611420011875604", total_fen=100_01)
    for day in range(20, 26):
        house.live_through(date(2026, 11, day))
    assert list(house.purse.taken.values()) == [200_00]
    assert {each.kind for each in house.news} == {"announced", "done", "over_limit"}


def test_a_bill_paid_by_hand_before_is_left_alone(house: House) -> None:
    house.issue()
    house.live_through(date(2026, 11, 22))
    settle(house)
    house.live_through(date(2026, 11, 23))
    assert house.purse.sent == []
    assert [(each.state, each.reason) for each in house.debits_made()] == [("dropped", "paid")]
    assert [kind for kind, *_ in house.told()] == ["announced"]


def test_an_open_order_of_the_customer_holds_the_bill(house: House) -> None:
    """The debit waits while somebody is paying, and goes on when nothing came of it."""
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    number = by_hand(house)
    house.round()
    assert house.purse.sent == []
    house.checkout.cancel(house.user_id, number)
    house.round()
    assert list(house.purse.taken.values()) == [14951]


def by_hand(house: House) -> str:
    return house.checkout.place(
        house.user_id,
        Selection(bill_nos=(BILL,)),
        "wechat",
        Product.NATIVE,
        f"form-{clock.now()}",
        PayVisit("http://localhost:8000"),
    )


def test_who_pays_by_hand_while_a_debit_is_on_its_way_is_asked_to_wait(house: House) -> None:
    house.purse.mood = "pending"
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    house.round()
    with pytest.raises(Unavailable, match=r"order\.unclear"):
        by_hand(house)
    house.move_to(beijing(23, 9, 3))
    number = by_hand(house)
    debit = house.debits_made()[0]
    house.round()
    assert [order.close_reason for order in house.orders()] == ["replaced", None]
    assert house.orders()[1].order_no == number
    with house.database.unit_of_work() as session:
        assert session.get_one(AgreementDebit, debit.id).reason == "by_hand"
    later = house.debits_made()[1]
    assert (later.state, later.day, later.announced_at) == ("planned", date(2026, 11, 25), None)


def test_customer_and_job_at_the_same_moment_pay_one_bill_once(house: House) -> None:
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    debit_id = house.debits_made()[0].id
    start, ended = threading.Barrier(2), []

    def job() -> None:
        start.wait()
        house.debits.debit(debit_id)

    def hand() -> None:
        start.wait()
        with suppress(Unavailable):
            ended.append(by_hand(house))

    threads = [threading.Thread(target=each) for each in (job, hand)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    with house.database.unit_of_work() as session:
        held = holds.held_bills(session, [ACCOUNT])
        open_or_paid = session.scalars(
            select(Order).where(Order.status.in_(("created", "awaiting", "paid")))
        ).all()
    assert len(open_or_paid) == 1
    assert held[BILL].order_no == open_or_paid[0].order_no
    assert len(house.purse.taken) + len(ended) >= 1


def test_an_answer_that_was_lost_takes_the_money_once(house: House) -> None:
    house.purse.mood = "unheard"
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    house.round()
    house.purse.mood = "pays"
    for minute in range(1, 5):
        house.move_to(beijing(23, 9, minute))
        house.round()
    assert list(house.purse.taken.values()) == [14951]
    assert [each.state for each in house.debits_made()] == ["paid"]
    assert len(house.orders()) == 1


def test_a_gateway_that_is_away_is_tried_the_same_day(house: House) -> None:
    house.purse.mood = "away"
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    house.round()
    house.move_to(beijing(23, 9, 1))
    house.round()
    assert house.orders()[0].status == "awaiting"
    house.purse.mood = "pays"
    for minute in range(3, 8):
        house.move_to(beijing(23, 9, minute))
        house.round()
    assert list(house.purse.taken.values()) == [14951]
    assert [(each.state, each.reason) for each in house.debits_made()] == [
        ("dropped", "not_sent"),
        ("paid", None),
    ]
    assert [each.close_reason for each in house.orders()] == ["not_sent", None]


def test_a_worker_that_dies_at_the_gateway_does_not_debit_twice(house: House) -> None:
    """Killed after the order was written, before the gateway heard; run again, and again later."""
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    debit_id = house.debits_made()[0].id

    def die() -> None:
        raise SystemExit("kill -9")

    house.purse.before_debit = die
    with pytest.raises(SystemExit):
        house.debits.debit(debit_id)
    assert house.purse.taken == {}
    house.purse.before_debit = lambda: None
    house.debits.debit(debit_id)
    house.debits.debit(debit_id)
    assert list(house.purse.taken.values()) == [14951]
    assert house.purse.sent == [house.orders()[0].order_no]


def test_late_by_a_minute_it_is_not_sent_any_more(house: House) -> None:
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    debit_id = house.debits_made()[0].id
    house.purse.before_debit = lambda: (_ for _ in ()).throw(SystemExit)
    with pytest.raises(SystemExit):
        house.debits.debit(debit_id)
    house.purse.before_debit = lambda: None
    house.move_to(beijing(23, 9, 1) + timedelta(seconds=1))
    house.debits.debit(debit_id)
    assert house.purse.sent == []


def test_a_pending_debit_is_watched_to_its_end(house: House) -> None:
    house.purse.mood = "pending"
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    house.round()
    order = house.orders()[0]
    house.purse.known[order.order_no] = Debited.FAILED
    house.move_to(beijing(23, 9, 1))
    house.round()
    assert [(each.state, each.reason) for each in house.debits_made()] == [
        ("failed", "refused"),
        ("planned", None),
    ]
    assert house.told()[-1] == ("failed", date(2026, 11, 25), 14951)


def test_a_debit_that_is_never_decided_is_closed_after_two_hours(house: House) -> None:
    house.purse.mood = "pending"
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    house.round()
    house.move_to(beijing(23, 11, 1))
    house.checkout.ask(house.orders()[0].order_no)
    house.round()
    assert [(each.state, each.reason) for each in house.debits_made()] == [
        ("failed", "undecided"),
        ("planned", None),
    ]


def test_an_agreement_that_ended_at_the_gateway_ends_here_at_the_next_debit(house: House) -> None:
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    agreement = house.agreement()
    house.purse.mood = "agreement_ended"
    house.purse.contracts[agreement.code] = Contract.ENDED
    house.round()
    assert (house.agreement().state, house.agreement().ended_by) == ("ended", "gateway")
    assert [kind for kind, *_ in house.told()] == ["announced", "ended"]
    house.live_through(date(2026, 11, 25))
    assert [(each.state, each.reason) for each in house.debits_made()] == [
        ("failed", "agreement_ended")
    ]


def test_who_ends_it_is_debited_no_more(house: House) -> None:
    house.issue()
    house.live_through(date(2026, 11, 22))
    end(house)
    house.live_through(date(2026, 11, 23))
    assert house.purse.sent == []
    assert [(each.state, each.reason) for each in house.debits_made()] == [("dropped", "ended")]
    assert house.agreement().state == "ended"
    assert house.purse.ended == [house.agreement().code]


def end(house: House) -> None:
    with house.database.unit_of_work() as session:
        signing.end(session, house.user_id, house.agreement().code)


def test_ended_at_the_very_moment_of_a_debit_one_of_the_two_comes_first(house: House) -> None:
    """Either the debit had begun and is seen through, or nothing begins: never something else."""
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    debit_id = house.debits_made()[0].id
    start = threading.Barrier(2)

    def at_once(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            start.wait()
            work()

        return threading.Thread(target=run)

    threads = [
        at_once(lambda: house.debits.debit(debit_id)),
        at_once(lambda: end(house)),
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    house.round()
    debit = house.debits_made()[0]
    assert (debit.state, len(house.purse.taken)) in (("paid", 1), ("dropped", 0))
    assert house.agreement().state == "ended"
    assert house.agreement().ended_at is not None


def test_a_debit_already_begun_is_seen_through_after_the_end(house: House) -> None:
    house.purse.mood = "pending"
    house.issue()
    house.live_through(date(2026, 11, 22))
    house.move_to(beijing(23, 9))
    house.round()
    end(house)
    order = house.orders()[0]
    house.purse.known[order.order_no] = Debited.PAID
    house.purse.taken[order.order_no] = order.amount_fen
    house.round()
    assert [each.state for each in house.debits_made()] == ["paid"]
    assert house.told()[-1] == ("done", None, 14951)


def test_a_gateway_that_is_away_hears_of_the_end_later(house: House) -> None:
    house.purse.mood = "away"
    end(house)
    house.work()
    assert house.agreement().state == "ending"
    house.purse.mood = "pays"
    house.move_to(clock.now() + timedelta(minutes=2))
    house.round()
    assert house.agreement().state == "ended"


def test_without_the_right_to_pay_nothing_is_debited(house: House) -> None:
    house.issue()
    house.live_through(date(2026, 11, 22))
    with house.database.unit_of_work() as session:
        session.execute(update(Link).values(ended_at=clock.now()))
    house.live_through(date(2026, 11, 23))
    assert house.purse.sent == []
    assert house.agreement().ended_by == "access"


def test_bills_before_the_signing_are_not_debited(house: House) -> None:
    with house.database.unit_of_work() as session:
        create_bill(session, due=DUE)
        events.publish(session, BillIssued(BILL, ACCOUNT, "2026-10", 14951, DUE, beijing(9)))
    assert house.debits_made() == []


def test_a_bill_that_was_issued_between_signing_and_hearing_of_it_is_planned(
    house: House,
) -> None:
    end(house)
    house.work()
    wish = signing.Wish(ACCOUNT, "wechat", 300_00)
    code = house.desk.sign(house.user_id, wish, signing.Visit("5603", on_a_phone=False))
    signed_at = clock.now()
    house.move_to(signed_at + timedelta(minutes=1))
    house.issue()
    assert [each.agreement_id for each in house.debits_made()] == []
    with house.database.unit_of_work() as session:
        agreed = Agreed(code, Contract.SIGNED, "C", "W", signed_at)
        signing.apply(session, agreed, house.settings, gateway="wechat")
    assert [each.day for each in house.debits_made()] == [date(2026, 11, 23)]


def test_one_bill_has_one_open_attempt_and_one_a_day(house: House) -> None:
    house.issue()
    debit = house.debits_made()[0]
    values = {
        "agreement_id": debit.agreement_id,
        "bill_no": BILL,
        "period": "2026-10",
        "attempt": 1,
        "state": "planned",
    }
    for day in (debit.day, debit.day + timedelta(days=1)):
        with pytest.raises(IntegrityError), house.database.unit_of_work() as session:
            session.add(AgreementDebit(day=day, **values))
    with house.database.unit_of_work() as session:
        session.execute(update(AgreementDebit).values(state="failed", finished_at=clock.now()))
    with pytest.raises(IntegrityError), house.database.unit_of_work() as session:
        session.add(AgreementDebit(day=debit.day, **values))


def test_a_debit_that_could_not_be_announced_waits_for_a_day(house: House) -> None:
    """The worker was away on the day before."""
    house.issue()
    house.live_through(date(2026, 11, 23))
    assert house.purse.sent == []
    assert house.told() == [("announced", date(2026, 11, 24), 14951)]
    house.live_through(date(2026, 11, 24))
    assert list(house.purse.taken.values()) == [14951]
