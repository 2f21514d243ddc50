"""Refunds that do not go as they should, for tests and drills.

An ending is ordered for a gateway and holds for its refunds from then on, until it is ordered
otherwise. `not_enough` and `account_closed` refuse the refund; `closed` and `abnormal` are WeChat
Pay's: the refund is taken and ends so. One that ended `abnormal` can be set right by its number,
as a merchant does by hand.
"""

from sqlite3 import Connection

from flask import Blueprint, Response, current_app

from sandbox import box, clock, conditions, notices, trades
from sandbox.hooks import AskedWronglyError, asked_for, explain, explain_refusal
from sandbox.json_answers import in_json
from sandbox.trades import Refund, RefusedError, Trade

REFUSALS = ("not_enough", "account_closed")
ENDINGS = ("closed", "abnormal")
WELL = "well"

refund_hooks = Blueprint("refund_hooks", __name__, url_prefix="/test")
refund_hooks.register_error_handler(AskedWronglyError, explain)
refund_hooks.register_error_handler(RefusedError, explain_refusal)


@refund_hooks.post("/refunds")
def order() -> Response:
    """`channel` and `ending` for what comes; or `channel` and `refund_no`, to be set right."""
    asked = asked_for()
    channel, number = str(asked.get("channel", "wechat")), str(asked.get("refund_no", ""))
    ending = asked.get("ending", WELL)
    if ending not in (WELL, *REFUSALS, *ENDINGS):
        raise AskedWronglyError(f"ending must be one of {', '.join((WELL, *REFUSALS, *ENDINGS))}.")
    with box.current().store.transaction() as db:
        if number:
            _set_right(db, channel, number)
        else:
            conditions.put(db, f"refunds:{channel}", ending)
    current_app.extensions["sender"].wake()
    return in_json({"channel": channel, "ending": ending, "refund_no": number})


def may_begin(db: Connection, trade: Trade, refund_no: str) -> None:
    """Raises RefusedError with the ordered reason, unless the refund was taken before."""
    ending = _ordered(db, trade.channel)
    if ending in REFUSALS and trades.find_refund(db, trade, refund_no) is None:
        raise RefusedError(ending)


def begun(db: Connection, trade: Trade, refund: Refund) -> Refund:
    """A refund that was taken ends as ordered."""
    ending = _ordered(db, trade.channel)
    if ending in ENDINGS:
        db.execute("insert into refund_ending values (?, ?)", (refund.id, ending))
    return trades.refund_by_id(db, refund.id)


def _ordered(db: Connection, channel: str) -> str:
    return conditions.get(db, f"refunds:{channel}") or WELL


def _set_right(db: Connection, channel: str, refund_no: str) -> None:
    """The money arrives now, and whoever was told of the refund is told of it."""
    trade, refund = trades.refund_numbered(db, channel, refund_no)
    db.execute("delete from refund_ending where refund_id = ?", (refund.id,))
    db.execute("update refund set settles_at = ? where id = ?", (clock.now(), refund.id))
    url = notices.told_of(db, refund.id)
    if url:
        notices.queue(db, trade, event="refunded", refund=refund, url=url)
