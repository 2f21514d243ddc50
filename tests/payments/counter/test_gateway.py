"""The counter among the gateways: it claims no payment and gives back by hand."""

import pytest

from payments.counter.gateway import COUNTER
from payments.gateways.base import (
    Charge,
    Gateway,
    NotificationRefused,
    Product,
    Refunding,
    RefundState,
    TradeState,
)
from runtime import clock


def test_it_is_a_gateway_that_calls_nobody() -> None:
    counter: Gateway = COUNTER
    charge = Charge("o", 14960, "电费", clock.now(), Product.CODE, "http://a/n", "http://a/r")
    assert vars(counter.create(charge)) == dict.fromkeys(vars(counter.create(charge))), (
        "there is no cashier to go to"
    )
    assert counter.query("o").state is TradeState.AWAITING
    counter.close("o")
    assert counter.query("o").state is TradeState.AWAITING, "only our own rows say what is paid"
    refunding = Refunding("o", "R", 14960, 14960, "电费退款")
    assert counter.refund(refunding).state is RefundState.PROCESSING
    assert counter.query_refund(refunding).state is RefundState.PROCESSING
    assert not counter.leads_back("o", {"out_trade_no": "o"})


def test_nobody_notifies_us_of_our_own_counter() -> None:
    with pytest.raises(NotificationRefused):
        COUNTER.verify_notification({}, b"{}")
    assert COUNTER.answer(True).status == 404
