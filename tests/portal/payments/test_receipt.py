"""The receipt: all there is to say, in figures nobody can change with a stroke."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from payments.models import Order
from portal.payments.capitals import capital
from runtime import clock
from runtime.database import Database
from service.models import Bill, User
from tests.portal.payments.conftest import posted
from tests.portal.payments.papers import receipt
from tests.portal.places import started

pytestmark = pytest.mark.usefixtures("december")


def test_the_receipt_says_all_there_is_to_say(
    client: FlaskClient, database: Database, paid: Order
) -> None:
    posted(database, paid)
    with database.unit_of_work() as session:
        session.get_one(Order, paid.id).trade_no = "4200002026120600000001"
    text, pages = receipt(client, paid.order_no)
    assert pages == 1
    for said in (
        "江城供电",
        "收据，不作发票",
        "¥132.20",
        "壹佰叁拾贰元贰角整",
        paid.order_no,
        "138 **** 2046",
        "微信支付",
        "4200002026120600000001",
        "2026 年 12 月 6 日 20:14",
        "4200 1187 5603",
        f"2026 年 11 月电费，账单号 {paid.items[0].bill_no}",
    ):
        assert said in text, said


def test_the_receipt_speaks_english(client: FlaskClient, paid: Order) -> None:
    text, _pages = receipt(client, paid.order_no, "?lang=en")
    assert "Receipt, not a tax invoice" in text
    assert "WeChat Pay" in text
    assert "壹佰叁拾贰元贰角整" in text  # capital figures are what they are


def test_without_money_there_is_no_receipt(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill, created_at=clock.now() - timedelta(hours=1))
    assert client.get(f"/payments/{order.order_no}").status_code == 200
    assert client.get(f"/payments/{order.order_no}/receipt.pdf").status_code == 404


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, "零元整"),
        (5, "伍分"),
        (60, "陆角整"),
        (1005, "壹拾元零伍分"),
        (14951, "壹佰肆拾玖元伍角壹分"),
        (101010, "壹仟零壹拾元壹角整"),
        (150000, "壹仟伍佰元整"),
        (10000000, "壹拾万元整"),
        (1680_32, "壹仟陆佰捌拾元叁角贰分"),
        (107000_53, "壹拾万柒仟元伍角叁分"),
    ],
)
def test_capital_figures(fen: int, said: str) -> None:
    assert capital(fen) == f"人民币{said}"
