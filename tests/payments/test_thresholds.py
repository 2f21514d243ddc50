"""A prepaid balance that sinks is said once, to whoever wanted to hear it and still may."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from notifications import balances
from notifications.figures import params_of
from notifications.models import Notice
from payments.settings import of_process
from payments.thresholds import work
from payments.thresholds.checking import check
from payments.thresholds.models import LowBalance
from payments.thresholds.setting import set_threshold, threshold
from runtime import clock, events, jobs
from runtime.database import Database
from runtime.errors import Forbidden, NotFound, Refused
from service.events import BalanceSank
from service.models import Account, Link
from tests.payments.builders import ACCOUNT, create_account, create_user, link

LINK = "https://denghuo.test/pay?choose=1"


@dataclass(frozen=True)
class Prepaid:
    """A customer who pays ahead, and has ¥60.00 left."""

    database: Database
    user_id: int

    def left(self, fen: int) -> None:
        with self.database.unit_of_work() as session:
            session.execute(
                update(Account)
                .where(Account.account_no == ACCOUNT)
                .values(balance_fen=-fen, balance_at=clock.now())
            )

    def wants(self, fen: int | None) -> None:
        with self.database.unit_of_work() as session:
            set_threshold(session, self.user_id, ACCOUNT, fen)

    def check(self) -> int:
        with self.database.unit_of_work() as session:
            return check(session, LINK)

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        with self.database.unit_of_work() as session:
            notices = session.scalars(select(Notice).order_by(Notice.id))
            return [(each.kind, params_of(each)) for each in notices]


@pytest.fixture
def home(database: Database) -> Iterator[Prepaid]:
    with database.unit_of_work() as session:
        user_id = create_user(session)
        create_account(session, settlement="prepaid")
        link(session, user_id)
    home = Prepaid(database, user_id)
    home.left(60_00)
    with events.subscribed(BalanceSank, balances.on_sank):
        yield home


def test_told_once_when_it_sinks_and_again_only_after_it_rose(home: Prepaid) -> None:
    home.wants(50_00)
    assert home.check() == 0
    home.left(49_99)
    assert [home.check(), home.check()] == [1, 0]
    home.left(20_00)
    assert home.check() == 0
    home.left(50_00)
    assert home.check() == 0
    home.left(12_34)
    assert [home.check(), home.check()] == [1, 0]
    first, second = home.told()
    assert first == ("balance.sank", {"balance_fen": 49_99, "below_fen": 50_00, "link": LINK})
    assert second[1]["balance_fen"] == 12_34


def test_the_job_looks_at_them_every_minute(
    home: Prepaid, settings_env: pytest.MonkeyPatch
) -> None:
    settings_env.setenv("DENGHUO_PUBLIC_URL", "https://denghuo.test")
    home.wants(50_00)
    home.left(10_00)
    jobs.use_database(home.database)
    of_process.cache_clear()
    try:
        work.low_balances(0)
        work.low_balances(60)
    finally:
        of_process.cache_clear()
    [(_template, params)] = home.told()
    assert params["link"] == LINK


def test_a_balance_that_is_used_up_says_what_is_missing(home: Prepaid) -> None:
    home.wants(50_00)
    home.left(-3_21)
    assert home.check() == 1
    assert home.told() == [
        ("balance.spent", {"balance_fen": -3_21, "below_fen": 50_00, "link": LINK})
    ]


def test_two_checks_at_once_tell_once(home: Prepaid) -> None:
    home.wants(50_00)
    home.left(10_00)
    ready, told = threading.Barrier(4), []

    def run() -> None:
        ready.wait()
        told.append(home.check())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sorted(told), len(home.told())) == ([0, 0, 0, 1], 1)


def test_the_database_keeps_a_second_one_out(home: Prepaid) -> None:
    home.wants(50_00)
    home.left(10_00)
    home.check()
    twin = LowBalance(
        user_id=home.user_id, account_no=ACCOUNT, below_fen=1, balance_fen=0, told=True
    )
    with (
        pytest.raises(IntegrityError, match="uq_low_balance_now"),
        home.database.unit_of_work() as session,
    ):
        session.add(twin)


def test_what_is_low_already_is_no_news(home: Prepaid) -> None:
    home.wants(80_00)
    assert home.check() == 0
    home.left(90_00)
    home.check()
    home.left(70_00)
    assert home.check() == 1


def test_a_lower_threshold_is_waited_for_anew(home: Prepaid) -> None:
    home.wants(50_00)
    home.left(40_00)
    assert home.check() == 1
    home.wants(20_00)
    assert home.check() == 0
    home.left(19_99)
    assert home.check() == 1


def test_nobody_is_told_who_wants_no_message_or_may_not_pay_any_more(home: Prepaid) -> None:
    home.wants(50_00)
    home.wants(None)
    home.left(10_00)
    assert home.check() == 0
    home.wants(50_00)
    home.left(60_00)
    home.check()
    with home.database.unit_of_work() as session:
        session.execute(update(Link).values(ended_at=clock.now()))
    home.left(10_00)
    assert home.check() == 0
    assert home.told() == []


@pytest.mark.parametrize("role", ["payer", "family_helper", "enterprise_finance"])
def test_everyone_who_may_pay_has_a_threshold_of_their_own(home: Prepaid, role: str) -> None:
    home.wants(50_00)
    with home.database.unit_of_work() as session:
        other = create_user(session, "13800002047")
        link(session, other, role=role)
        assert threshold(session, other, ACCOUNT) is None
        set_threshold(session, other, ACCOUNT, 20_00)
        assert threshold(session, other, ACCOUNT) == 20_00
        assert threshold(session, home.user_id, ACCOUNT) == 50_00


def test_for_a_neighbour_there_is_no_account_and_an_energy_manager_has_no_say(
    home: Prepaid,
) -> None:
    with home.database.unit_of_work() as session:
        neighbour = create_user(session, "13800002047")
        manager = create_user(session, "13800002048")
        link(session, manager, role="enterprise_energy")
        for asks in (
            lambda: threshold(session, neighbour, ACCOUNT),
            lambda: set_threshold(session, neighbour, ACCOUNT, 50_00),
        ):
            with pytest.raises(NotFound):
                asks()
        with pytest.raises(Forbidden):
            set_threshold(session, manager, ACCOUNT, 50_00)


@pytest.mark.parametrize("fen", [0, 99, 10_000_01])
def test_a_sum_that_says_nothing_is_refused(home: Prepaid, fen: int) -> None:
    with pytest.raises(Refused) as caught:
        home.wants(fen)
    assert caught.value.code == "threshold.out_of_range"


def test_an_account_that_pays_afterwards_has_none(home: Prepaid) -> None:
    with home.database.unit_of_work() as session:
        session.execute(update(Account).values(settlement="postpaid"))
    with pytest.raises(Refused) as caught:
        home.wants(50_00)
    assert caught.value.code == "threshold.postpaid"
