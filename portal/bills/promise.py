"""Until when a bill is to be paid, or what has become of it: one sentence for screen and paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from payments.history import Payment, Share
from portal import formats
from portal.i18n import gettext as _
from runtime import clock
from service.bills import BillSummary
from service.dues import Due


@dataclass(frozen=True)
class Settlement:
    """How a bill was settled, in fen: `late_fen` was paid on top of it.

    `from_balance_fen` is what no payment brought: it stood on the account before. None for a
    corrected bill, which takes over what was settled of the one before it.
    """

    on: date
    late_fen: int
    from_balance_fen: int | None


@dataclass(frozen=True)
class Promise:
    """What stands under the amount: the words that matter, and the rest of the sentence."""

    strong: str
    rest: str = ""

    def __str__(self) -> str:
        return self.strong + self.rest


def settlement(bill: BillSummary, on: date, payments: Sequence[Payment]) -> Settlement:
    """How a settled bill was settled, by what the core has posted and not taken back."""
    brought = late = 0
    for payment in payments:
        if payment.posting_no is not None:
            share = payment.share_of(bill.bill_no) or Share(bill.bill_no, 0, 0)
            back = payment.taken_back(bill.bill_no)
            brought += max(0, share.principal_fen - back.principal_fen)
            late += share.late_fen - back.late_fen
    return Settlement(
        on=on,
        late_fen=max(0, late),
        from_balance_fen=None if bill.revision else max(0, bill.settled_fen - brought),
    )


def promise(bill: BillSummary, state: str, due: Due | None, settled: Settlement | None) -> Promise:
    """The sentence for a bill; `state` is its badge, `due` what it comes to today."""
    if bill.state == "cancelled":
        return Promise(_("这份账单改过了，不用付"))
    if state == "info":
        return Promise(_("收到了，正在记账。"), _("最迟 10 分钟，不用再付"))
    if due is not None:
        return unpaid(due)
    if bill.total_fen < 0:
        return Promise(_("电网该付您的，已经记进余额，下次自动抵"))
    if bill.total_fen == 0:
        return Promise(_("这个月没有要缴的"))
    return _settled(bill, settled) if settled is not None else Promise("")


def unpaid(due: Due) -> Promise:
    """Until when an outstanding bill is to be paid, or how late it is and what that costs."""
    left = formats.days_left(due.due)
    if due.days_late:
        fee = formats.amount(due.late_fee_fen)
        more = _("，多 %(fee)s 违约金。缴上就停止计算", fee=fee) if due.late_fee_fen else ""
        return Promise(left, more)
    if due.due == clock.today():
        return Promise(_("今天 24 点前缴就行"))
    return Promise(_("%(day)s前缴", day=formats.day(due.due)), _("，") + left)


def _settled(bill: BillSummary, settled: Settlement) -> Promise:
    day = formats.day(settled.on)
    if settled.late_fen:
        fee = formats.amount(settled.late_fen)
        return Promise(_("%(day)s缴清", day=day), _("，另付违约金 %(fee)s", fee=fee))
    if settled.from_balance_fen == bill.total_fen:
        return Promise(_("%(day)s从余额里扣了，不用再缴", day=day))
    if settled.from_balance_fen:
        taken = formats.amount(settled.from_balance_fen)
        return Promise(_("%(day)s缴清", day=day), _("，其中 %(taken)s 从余额扣", taken=taken))
    return Promise(_("%(day)s缴清", day=day))
