"""Gateways' messages about refunds that nobody here asked for, or that make no sense."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from payments import callbacks
from payments.callbacks import Message
from payments.gateways import Gateways
from payments.models import Callback, Order
from runtime.database import Database
from tests.payments.builders import World

REFUND = {
    "out_refund_no": "R1",
    "refund_status": "SUCCESS",
    "success_time": "2026-11-21T18:00:00+08:00",
    "amount": {"total": 14951, "refund": 14951},
}
TOLD = {"out_biz_no": "R1", "refund_fee": "149.51", "gmt_refund": "2026-11-21 18:00:00.000"}


@pytest.fixture
def take(
    database: Database, both: Gateways, world: World, order: Callable[..., Order]
) -> Callable[..., tuple[int, str, str]]:
    """Sends a message about a paid order: (status of our answer, its verdict, the order's)."""

    def send(gateway: str, **change: Any) -> tuple[int, str, str]:
        placed = order(gateway)
        for more in ({}, change):
            headers, body = getattr(world, f"{gateway}_message")(placed.order_no, 14951, **more)
            answer = callbacks.take(database, both[gateway], Message(headers, body))
        with database.unit_of_work() as session:
            kept = session.scalars(select(Callback).order_by(Callback.id.desc())).first()
            status = session.scalars(select(Order.status)).one()
        assert kept is not None
        return (answer.status, kept.verdict, status)

    return send


def _wechat(**change: Any) -> dict[str, Any]:
    return {"event_type": "REFUND.SUCCESS", "more": REFUND | change}


@pytest.mark.parametrize(
    ("gateway", "change", "heard"),
    [
        ("wechat", _wechat(), (200, "unknown_refund", "paid")),
        ("wechat", _wechat(mchid="1900000002"), (400, "wrong_merchant", "paid")),
        ("wechat", _wechat(mchid=None), (400, "malformed", "paid")),
        ("wechat", _wechat(refund_status="LOST"), (400, "malformed", "paid")),
        ("wechat", _wechat(refund_status=["SUCCESS"]), (400, "malformed", "paid")),
        ("wechat", _wechat(success_time="yesterday"), (400, "malformed", "paid")),
        ("wechat", _wechat(success_time=None), (400, "malformed", "paid")),
        ("wechat", _wechat(amount={"refund": "14951"}), (400, "malformed", "paid")),
        ("wechat", _wechat(amount=[]), (400, "malformed", "paid")),
        ("wechat", _wechat(out_refund_no="x" * 9000), (200, "unknown_refund", "paid")),
        ("wechat", {"event_type": "REFUND.SUCCESS"}, (400, "malformed", "paid")),
        ("alipay", {"more": TOLD}, (200, "unknown_refund", "paid")),
        ("alipay", {"more": TOLD, "state": "TRADE_CLOSED"}, (200, "unknown_refund", "paid")),
        ("alipay", {"more": TOLD, "app_id": "2021"}, (400, "wrong_merchant", "paid")),
        ("alipay", {"more": TOLD | {"gmt_refund": "soon"}}, (400, "malformed", "paid")),
        ("alipay", {"more": {"out_biz_no": "R1"}}, (200, "duplicate", "paid")),
    ],
)
def test_what_was_not_asked_for_is_stored_and_moves_nothing(
    take: Callable[..., tuple[int, str, str]],
    gateway: str,
    change: dict[str, Any],
    heard: tuple[int, str, str],
) -> None:
    assert take(gateway, **change) == heard
