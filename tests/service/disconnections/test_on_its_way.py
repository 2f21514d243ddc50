"""Money that the portal has received and the core has not posted: as good as paid."""

import pytest

from service.models import Account, Bill
from tests.service import paying
from tests.service.builders import create_bill
from tests.service.disconnections.conftest import BEFORE, HOUR, NOW, off, state, warned


@pytest.fixture
def pay(database, home):
    """The portal has received so much; the core has not posted it."""

    def paid(**items):
        with database.unit_of_work() as session:
            paying.pay(session, home.user, home.account, **items)

    with paying.known():
        yield paid


@pytest.mark.parametrize("own", [False, True])
def test_money_on_its_way_to_the_core_calls_it_off(database, home, told, noticed, at, pay, own):
    at(BEFORE)
    warned(database, noticed)
    pay(**({"own": 34951} if own else {home.old: 20000, home.new: 14951}))
    at(HOUR)
    assert told[1:] == [off(noticed, home, "paid")]


def test_money_for_a_bill_that_was_corrected_since_goes_to_the_oldest(
    database, home, told, noticed, at, pay
):
    pay(**{home.old: 20000, home.new: 14951})
    with database.unit_of_work() as session:
        old = session.get_one(Bill, home.old)
        old.status = "cancelled"
        more = {"bill_no": "B-corrected", "revision": 1, "total_fen": 20000, "due": old.due}
        create_bill(session, old, "2026-08", **more)
    at(NOW)
    assert state(database) == ("called_off", "paid")


@pytest.mark.parametrize("own", [1, 19999, 20000 + 14950])
def test_some_money_on_its_way_is_not_all_of_it(database, home, told, noticed, at, pay, own):
    """At the hour either bill is late enough by itself."""
    pay(own=own)
    at(BEFORE)
    warned(database, noticed)
    at(HOUR)
    assert state(database) == ("due", None)


def test_money_for_another_bill_does_not_count_for_this_one(database, home, told, noticed, at, pay):
    with database.unit_of_work() as session:
        account = session.get_one(Account, home.account)
        later = create_bill(session, account, "2026-10", total_fen=99900, due=HOUR.date())
    pay(**{later.bill_no: 99900})
    at(NOW)
    assert state(database) == ("noticed", None)
