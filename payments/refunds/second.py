"""A second payment for an order that is paid already: believed when the gateway proves it."""

from payments.gateways import Gateways
from payments.gateways.base import Gateway, Trade, TradeState, named
from payments.refunds.making import give_back_second
from payments.states import lock_order
from runtime.database import Database
from runtime.logs import get_logger

_log = get_logger(__name__)


def take_up(
    database: Database, gateways: Gateways, gateway_name: str, order_no: str, trade_no: str
) -> None:
    """Ask the gateway about the trade, and give its money back if it is there.

    Raises GatewayError when the gateway cannot be asked; the job runs again.
    """
    gateway = named(gateways, gateway_name)
    trade = gateway.query(order_no, trade_no)
    if trade.amount_fen is None or not _proven(gateway, trade, order_no, trade_no):
        _log.error("second_trade_not_proven", order_no=order_no, state=trade.state.value)
        return
    with database.unit_of_work() as session:
        order = lock_order(session, order_no)
        if order is not None and order.paid_at is not None and order.trade_no != trade_no:
            give_back_second(session, order, trade_no, trade.amount_fen)


def _proven(gateway: Gateway, trade: Trade, order_no: str, trade_no: str) -> bool:
    return (
        trade.state is TradeState.PAID
        and (trade.order_no, trade.trade_no) == (order_no, trade_no)
        and trade.merchant.items() <= gateway.merchant.items()
    )
