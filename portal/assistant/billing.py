"""Bills in the words of their pages: which there are, and why one is what it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from payments import holds
from portal import formats
from portal.assistant.bodies.bills import Against, Bill, Bills, Explained, Missing, State
from portal.assistant.bodies.common import OfAccount, OfTime
from portal.assistant.talk import Talk
from portal.assistant.times import all_months, months, months_words, span
from portal.bills import change, lines
from portal.bills.change import Step
from portal.bills.promise import unpaid
from portal.i18n import gettext as _
from portal.owing import bill_state
from runtime import clock
from runtime.errors import NotFound
from service import bills as books
from service.access import visible_accounts
from service.bills import BillSum, BillSummary
from service.dues import Due, dues
from service.explanation import Explanation, explanations
from service.people.links import LinkedAccount

SHOWN = 12
STATES: dict[str, State] = {
    "due": "open",
    "bad": "overdue",
    "info": "crediting",
    "good": "paid",
    "none": "nothing",
}
STATE_WORDS: dict[str, LazyString] = {
    "open": _l("待缴"),
    "overdue": _l("已逾期"),
    "crediting": _l("到账中"),
    "paid": _l("已缴清"),
    "nothing": _l("无欠费"),
}
FEW = 3
"""So many bills are named one by one in a sentence."""


def bills(talk: Talk, asked: OfTime) -> Bills:
    """The bills of the months asked about, or the newest. Raises as `Talk.chosen`."""
    accounts, days = talk.chosen(asked.account_no), span(asked)
    if days is None:
        return _newest(talk, accounts)
    numbers = [each.account_no for each in accounts]
    period = months(days)
    found = books.list_bills(talk.session, talk.user_id, numbers, period=period, limit=SHOWN)
    sums = books.sum_of_bills(talk.session, talk.user_id, numbers, period)
    missing = _missing(talk, accounts, period)
    return _bills(talk, months_words(*period), found, sums, missing)


def _newest(talk: Talk, accounts: Sequence[LinkedAccount]) -> Bills:
    numbers = [each.account_no for each in accounts]
    found = books.newest_bills(talk.session, talk.user_id, numbers)
    return _bills(talk, _("最近一期"), found, _sum(found), _never_billed(accounts, found))


def _bills(
    talk: Talk,
    words: str,
    found: Sequence[BillSummary],
    sums: BillSum,
    missing: Sequence[Missing],
) -> Bills:
    shown = told(talk, found[:SHOWN])
    return Bills(
        months_words=words,
        bills=shown,
        count=sums.count,
        amount_fen=sums.total_fen,
        amount=formats.amount(sums.total_fen),
        kwh=_kwh(sums.wh),
        missing=list(missing[:SHOWN]),
        sentence=_sentence(words, shown, sums, missing),
    )


def explained(talk: Talk, asked: OfAccount, bill_no: str) -> Explained:
    """The change of a bill, as its page explains it; of the first bill, what it is made of.

    Raises NotFound, and as `Talk.one` for the bill `latest`.
    """
    number = _latest(talk, asked) if bill_no == "latest" else bill_no
    known = explanations(talk.session, talk.user_id, number)
    found = known.last_month or known.last_year
    (bill,) = told(talk, [books.summary_of(known.bill, clock.today())])
    if found is None:
        said = [
            _("%(name)s，%(quantity)s，%(price)s：%(amount)s。", **_line(each))
            for each in lines.words_of(books.view_of(talk.session, known.bill))
        ]
        headline = _("没有更早的账单可以比。")
    else:
        said = _reasons(found, bill.month)
        headline = change.title(found)
    return Explained(
        bill=bill,
        against=_against(found),
        difference_fen=found.difference_fen if found else 0,
        difference=formats.change(found.difference_fen if found else 0),
        headline=headline,
        sentences=said + ([_("有几段是估算，读到真数就改。")] if bill.estimated else []),
    )


def told(talk: Talk, found: Sequence[BillSummary]) -> list[Bill]:
    """Bills as the assistant hears of them."""
    labels = {each.account_no: each.title for each in talk.accounts}
    open_ones = sorted({each.account_no for each in found if each.outstanding_fen})
    held = holds.held_bills(talk.session, open_ones) if open_ones else {}
    waiting = {
        each.bill_no: each
        for each in (dues(talk.session, talk.user_id, open_ones) if open_ones else ())
    }
    shown = []
    for each in found:
        state = STATES[bill_state(each, held.get(each.bill_no))]
        due = waiting.get(each.bill_no) if state in ("open", "overdue") else None
        shown.append(_bill(each, labels[each.account_no], state, due))
    return shown


def _bill(each: BillSummary, label: str, state: State, due: Due | None) -> Bill:
    return Bill(
        bill_no=each.bill_no,
        account_no=each.account_no,
        label=label,
        month=each.period,
        month_words=formats.month(each.period),
        amount_fen=each.total_fen,
        amount=formats.amount(each.total_fen),
        kwh=formats.exact(each.kwh),
        state=state,
        state_words=str(STATE_WORDS[state]),
        due_words=str(unpaid(due)) if due else None,
        estimated=each.estimated,
    )


def _latest(talk: Talk, asked: OfAccount) -> str:
    account = talk.one(asked.account_no)
    found = books.newest_bills(talk.session, talk.user_id, [account.account_no])
    if not found:
        raise NotFound("bill.none_yet")
    return found[0].bill_no


def _against(found: Explanation | None) -> Against | None:
    if found is None:
        return None
    return Against(
        month_words=formats.month(found.against_period),
        amount=formats.amount(found.against_total_fen),
    )


def _reasons(found: Explanation, period: str) -> list[str]:
    """The page's sentence, then its steps."""
    drawn = change.change(found, period)
    first = [drawn.sentence + _("。").rstrip()] if drawn.sentence else []
    return first + [_step(each) for each in drawn.steps]


def _step(step: Step) -> str:
    figures = {"title": step.title, "help": step.help, "change": formats.change(step.amount_fen)}
    if step.help:
        return _("%(title)s：%(help)s，%(change)s 元。", **figures)
    return _("%(title)s：%(change)s 元。", title=step.title, change=figures["change"])


def _line(line: lines.LineWords) -> dict[str, str]:
    return {
        "name": line.name,
        "quantity": line.quantity,
        "price": line.price,
        "amount": formats.amount(line.amount_fen),
    }


def _sum(found: Sequence[BillSummary]) -> BillSum:
    return BillSum(
        count=len(found),
        total_fen=sum(each.total_fen for each in found),
        outstanding_fen=sum(each.outstanding_fen for each in found),
        wh=sum(int(each.kwh * 1000) for each in found),
    )


def _kwh(wh: int) -> str:
    return formats.exact(Decimal(wh).scaleb(-3))


def _never_billed(accounts: Sequence[LinkedAccount], found: Sequence[BillSummary]) -> list[Missing]:
    billed = {each.account_no for each in found}
    return [
        Missing(
            account_no=each.account_no,
            label=each.title,
            month_words=_("最近一期"),
            why="not_issued",
            sentence=_("%(label)s还没有出过账单。", label=each.title),
        )
        for each in accounts
        if each.account_no not in billed
    ]


def _missing(
    talk: Talk, accounts: Sequence[LinkedAccount], period: tuple[str, str]
) -> list[Missing]:
    """Of each account the months without a bill, those together that lack it for one reason."""
    opened = {
        each.account_no: f"{each.opened:%Y-%m}"
        for each in visible_accounts(talk.session, talk.user_id)
    }
    numbers = [each.account_no for each in accounts]
    billed = books.billed(talk.session, talk.user_id, numbers, period)
    first, last = period
    recorded = books.first_months(talk.session, talk.user_id, numbers)
    wanted = all_months(first, min(last, max(first, f"{clock.today():%Y-%m}")))
    found: list[Missing] = []
    for account in accounts:
        if account.account_no not in opened or len(found) >= SHOWN:
            continue
        since = _Since(opened[account.account_no], recorded.get(account.account_no, ""))
        lacking = [
            (month, _why(month, since))
            for month in wanted
            if (account.account_no, month) not in billed
        ]
        found.extend(_lacking(account, lacking, since))
    return found


@dataclass(frozen=True)
class _Since:
    """The months with which an account's supply and its bills here begin; "" without a bill."""

    opened: str
    recorded: str


def _why(month: str, since: _Since) -> str:
    if month < since.opened:
        return "before_supply"
    if month < since.recorded:
        return "before_records"
    return "not_issued" if month >= books.month_before(f"{clock.today():%Y-%m}") else "unknown"


def _lacking(
    account: LinkedAccount, lacking: Sequence[tuple[str, str]], since: _Since
) -> Iterator[Missing]:
    for why, group in groupby(lacking, key=lambda each: each[1]):
        named = [month for month, _reason in group]
        words = months_words(named[-1], named[0])
        figures = {"label": account.title, "months": words}
        figures["opened"] = formats.full_month(since.opened)
        if why == "before_records":
            figures["recorded"] = formats.full_month(since.recorded)
        yield Missing(
            account_no=account.account_no,
            label=account.title,
            month_words=words,
            why="unknown" if why == "before_records" else why,
            sentence=str(WHY[why] % figures),
        )


WHY: dict[str, LazyString] = {
    "not_issued": _l("%(label)s %(months)s的账单还没有出。"),
    "before_supply": _l("%(label)s %(opened)s才开户，%(months)s没有账单。"),
    "before_records": _l("%(label)s %(months)s没有账单，这里的记录从 %(recorded)s开始。"),
    "unknown": _l("%(label)s %(months)s没有账单。"),
}


def _sentence(words: str, shown: Sequence[Bill], sums: BillSum, missing: Sequence[Missing]) -> str:
    """What there is, then what is missing, as far as it can be said in one breath."""
    if not shown:
        return formats.joined(each.sentence for each in missing[:FEW]) or _("还没有账单。")
    if sums.count == 1:
        said = [_one(shown[0])]
    else:
        named = [_short(each) for each in shown] if sums.count <= FEW else []
        total = _(
            "%(months)s一共 %(count)s 份账单，%(kwh)s，%(amount)s。",
            months=words,
            count=sums.count,
            kwh=_kwh(sums.wh),
            amount=formats.amount(sums.total_fen),
        )
        said = [*named, total]
    return formats.joined([*said, *(each.sentence for each in missing[: FEW - 1])])


def _one(bill: Bill) -> str:
    figures = {
        "label": bill.label,
        "month": bill.month_words,
        "kwh": bill.kwh,
        "amount": bill.amount,
        "state": bill.due_words or bill.state_words,
    }
    return _("%(label)s %(month)s用了 %(kwh)s，%(amount)s，%(state)s。", **figures)


def _short(bill: Bill) -> str:
    return _(
        "%(label)s %(month)s %(amount)s。",
        label=bill.label,
        month=bill.month_words,
        amount=bill.amount,
    )
