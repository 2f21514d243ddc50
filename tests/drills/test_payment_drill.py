"""2,000 payments by two gateways while every process is killed with `kill -9`, again and again.

Callbacks come once, three times, late or never. Then some of the money is given back, under fire
as well. At the end every fen is posted exactly once, and `denghuo ledger check` finds no
difference between gateways, books and core.
"""

import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from random import Random

import httpx
import pytest
from sqlalchemy import func, select

import core.models
from core import feed, published
from core.billing import issuing
from denghuo.wiring import wire
from payments import gateways
from payments.checkout import Checkout, Visit
from payments.gateways.base import Product
from payments.models import Callback, Order, OrderEvent, PostingTask, Refund
from payments.orders import Selection, payable
from payments.refunds import ask_refund
from payments.settings import PaymentSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from service import approvals
from tests.core.builders import create_account, create_bill, create_service_point
from tests.drills.fire import await_that, count, raise_the_fallen
from tests.house import House
from tests.payments.builders import create_user, link

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1500)]

SEED = 20261211
PAYMENTS = 2_000
ACCOUNTS = 100
REFUNDS = 40
KILLED = ("worker", "web", "core", "sandbox", "database")
KILLS = 60
DEAD_FOR = 15
"""Payments for which a killed process stays away; the sandbox, where they are made, is back at
once."""

PACE_SECONDS = 0.05
MODES = ("pay", "pay", "duplicate", "lose", "delay")
WAYS = (("wechat", Product.NATIVE), ("alipay", Product.PAGE))


@dataclass(frozen=True)
class Bought:
    """A customer and the bill that one order of theirs is to pay."""

    user_id: int
    account_no: str
    bill_no: str
    fen: int


def test_every_fen_is_where_it_belongs(house: House, database: Database) -> None:
    chance = Random(SEED)  # noqa: S311 - the same every time, on purpose
    first_day = clock.today()
    bills = _bill(database, chance)
    house.command("sync", "run")
    bought = _customers(database, bills)
    order_nos = _order(house, database, bought)
    _pay_under_fire(house, order_nos, chance)
    await_that(lambda: count(database, Order, Order.status == "posted") == PAYMENTS, house)
    _check_orders(database, bought)
    _check_core(database, bought, order_nos)
    await_that(lambda: _nothing_due(database, bought), house)
    _give_back_under_fire(house, database, order_nos, chance)
    await_that(lambda: count(database, Refund, Refund.state == "done") == REFUNDS, house)
    _reconcile(house, {first_day, clock.today()})


def _bill(database: Database, chance: Random) -> dict[str, dict[str, int]]:
    """Accounts with their bills in the core; amounts are all different, and none is large."""
    bills: dict[str, dict[str, int]] = {}
    amounts = iter(chance.sample(range(100, 500_000), PAYMENTS))
    with database.unit_of_work() as session:
        for number in range(ACCOUNTS):
            account = create_account(session, f"43{number:010d}", phone=f"137{number:08d}")
            changes = [published.account(account)]
            mine = bills[account.account_no] = {}
            issued = []
            for _ in range(PAYMENTS // ACCOUNTS):
                fen = next(amounts)
                point = create_service_point(session, account)
                line = {
                    "code": "energy.tier1",
                    "quantity": "1.00",
                    "unit": "kwh",
                    "rate": "1",
                    "amount_fen": fen,
                    "base_fen": None,
                    "explain": "tier.1",
                }
                bill = create_bill(session, point, fen, due=date(2099, 1, 1), lines=[line])
                mine[bill.bill_no] = fen
                issued.append(bill)
            feed.append(session, [*changes, *issuing.bill_changes(session, issued)])
    return bills


def _customers(database: Database, bills: dict[str, dict[str, int]]) -> list[Bought]:
    bought: list[Bought] = []
    with database.unit_of_work() as session:
        for number, (account_no, mine) in enumerate(bills.items()):
            user_id = create_user(session, f"137{number:08d}")
            link(session, user_id, account_no)
            bought += [Bought(user_id, account_no, *each) for each in mine.items()]
    return bought


def _order(house: House, database: Database, bought: list[Bought]) -> list[str]:
    """One order for each bill, by turns with either gateway, its cashier opened."""
    told = {
        "environment": "test",
        "wechatpay_gateway": house.place.sandbox,
        "alipay_gateway": f"{house.place.sandbox}/gateway.do",
    }
    settings = load(PaymentSettings, var=house.place.var, payment_order_minutes=60, **told)
    checkout = Checkout(database, gateways.from_settings(settings), settings)
    visit = Visit(house.place.portal)

    def place(number: int) -> str:
        each, (way, product) = bought[number], WAYS[number % 2]
        selection = Selection(bill_nos=(each.bill_no,), expected_fen=each.fen)
        return checkout.place(each.user_id, selection, way, product, f"form-{number}", visit)

    with ThreadPoolExecutor(2) as pool:
        order_nos = list(pool.map(place, range(len(bought))))
    with database.unit_of_work() as session:
        destinations = session.scalars(select(Order.destination).where(Order.gateway == "alipay"))
        addresses = [each["redirect_url"] for each in destinations if each]
    with httpx.Client(trust_env=False) as browser:
        for address in addresses:
            assert browser.get(address).is_redirect
    return order_nos


def _pay_under_fire(house: House, order_nos: list[str], chance: Random) -> None:
    """Pay all, one after the other; processes die and come back on the way."""
    kills = sorted(chance.sample(range(5, PAYMENTS - DEAD_FOR), KILLS))
    victims = [KILLED[number % len(KILLED)] for number in range(KILLS)]
    chance.shuffle(victims)
    shots = dict(zip(kills, victims, strict=True))
    back: dict[int, list[str]] = {}
    with httpx.Client(base_url=house.place.sandbox, timeout=30, trust_env=False) as sandbox:
        for number, order_no in enumerate(order_nos):
            _pay(house, sandbox, order_no, chance.choice(MODES))
            victim = shots.get(number)
            if victim in house.running:
                house.kill(victim)
                back.setdefault(number + DEAD_FOR, []).append(victim)
            _bring_back(house, back.pop(number, []))
            raise_the_fallen(house)
            time.sleep(PACE_SECONDS)  # the pace of payments, so that work is under way when it hits
    for names in back.values():
        _bring_back(house, names)


def _bring_back(house: House, names: list[str]) -> None:
    """Start what is still away; the sandbox may have been needed before its time."""
    for name in names:
        if name not in house.running:
            house.start(name)


def _pay(house: House, sandbox: httpx.Client, order_no: str, mode: str) -> None:
    """Pay at the cashier; whoever finds it closed comes again, and may have paid already."""
    asked = {"out_trade_no": order_no, "mode": mode, "delay": 1}
    while True:
        try:
            answer = sandbox.post("/test/pay", json=asked)
        except httpx.TransportError:
            if "sandbox" not in house.running:
                house.start("sandbox")
            raise_the_fallen(house)
            time.sleep(PACE_SECONDS)  # until it listens
            continue
        assert answer.status_code in (200, 409), answer.text
        return


def _give_back_under_fire(
    house: House, database: Database, order_nos: list[str], chance: Random
) -> None:
    """Half of some payments goes back, asked for by one and approved by another."""
    wire()
    with database.unit_of_work() as session:
        asking, approving = create_user(session, "13600000001"), create_user(session, "13600000002")
    for number, order_no in enumerate(chance.sample(order_nos, REFUNDS)):
        with database.unit_of_work() as session:
            task = session.scalars(
                select(PostingTask)
                .join(Order, Order.id == PostingTask.order_id)
                .where(Order.order_no == order_no)
            ).one()
            parts = {task.account_no: task.amount_fen // 2}
            approval = ask_refund(session, order_no, parts, "wrong_account", by=asking)
            approvals.approve(session, approval.id, by=approving)
        if number % 8 == 7:
            victim = KILLED[number // 8 % 4]
            house.kill(victim)
            house.start(victim)
            raise_the_fallen(house)


def _reconcile(house: House, days: set[date]) -> None:
    """The night's work by hand, and the proof, which fails the test when it finds anything.

    The third gateway was paid nothing and has no statement, which `reconcile` says by its exit
    code; that the others have theirs is part of the proof.
    """
    with httpx.Client(base_url=house.place.sandbox, timeout=30, trust_env=False) as sandbox:
        sandbox.post("/test/close-day").raise_for_status()
    for day in sorted(days):
        command = ["denghuo", "reconcile", "--day", f"{day}"]
        subprocess.run(command, env=house.environment, check=False)
    for day in sorted(days):  # a movement near midnight may stand on the next day's statement
        house.command("ledger", "check", "--day", f"{day}")


def _check_orders(database: Database, bought: list[Bought]) -> None:
    with database.unit_of_work() as session:
        tasks = session.execute(
            select(PostingTask.amount_fen, PostingTask.bill_nos).order_by(PostingTask.id)
        ).all()
        paid = select(func.count(OrderEvent.id)).where(OrderEvent.to_status == "paid")
        assert session.scalar(paid) == PAYMENTS
        # A sandbox killed while it speaks leaves the beginning of a message; it says it again.
        astray = select(Callback.gateway, Callback.order_no, Callback.verdict, Callback.size).where(
            Callback.verdict.not_in(["accepted", "duplicate", "cut_short"])
        )
        assert session.execute(astray).all() == []
    assert sorted((fen, *bill_nos) for fen, bill_nos in tasks) == sorted(
        (each.fen, each.bill_no) for each in bought
    )


def _check_core(database: Database, bought: list[Bought], order_nos: list[str]) -> None:
    posting, bill, entry = core.models.Posting, core.models.Bill, core.models.LedgerEntry
    with database.unit_of_work() as session:
        postings = session.execute(select(posting.order_no, posting.amount_fen)).all()
        credit = session.scalar(select(func.sum(posting.credit_fen)))
        open_bills = session.scalar(select(func.count()).where(bill.settled_fen != bill.total_fen))
        booked = session.scalar(select(func.sum(entry.amount_fen)))
    assert sorted((number, fen) for number, fen in postings) == sorted(
        zip(order_nos, (each.fen for each in bought), strict=True)
    )
    assert (credit, open_bills, booked) == (0, 0, 0)


def _nothing_due(database: Database, bought: list[Bought]) -> bool:
    """Whether the customers' pages, too, show nothing owed."""
    with database.unit_of_work() as session:
        return not any(payable(session, user_id) for user_id in {each.user_id for each in bought})
