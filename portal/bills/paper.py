"""What a bill says on paper: the facts of its page in the same words, and when they were so."""

from dataclasses import dataclass

from portal import formats
from portal.bills.change import Change
from portal.bills.lines import LineWords
from portal.bills.reading import BillPage
from portal.bills.readings import Grid
from portal.bills.tier import TierGauge
from portal.i18n import gettext as _
from portal.i18n import language, utility_name
from portal.settings import current_settings
from runtime import clock

Pair = tuple[str, str]
"""What it is, and what it comes to."""


@dataclass(frozen=True)
class Paper:
    """All words and figures of the paper; `sums` follow the total, the last of them is bold."""

    language: str
    issuer: str
    kind: str
    hotline: str
    title: str
    state: str
    badge: str
    amount: str
    strong: str
    rest: str
    facts: tuple[Pair, ...]
    lines_title: str
    heads: tuple[str, ...]
    lines: tuple[LineWords, ...]
    amounts: tuple[str, ...]
    total: Pair
    sums: tuple[Pair, ...]
    notes: tuple[str, ...]
    readings_title: str
    readings: Grid | None
    change_title: str
    change: Change | None
    changes: tuple[str, ...]
    tier: TierGauge | None
    foot: str


def paper(page: BillPage) -> Paper:
    """The paper of a bill as of now."""
    summary = page.bill.summary
    return Paper(
        language=language(),
        issuer=utility_name(),
        kind=_("电费账单"),
        hotline=_("服务电话 %(hotline)s", hotline=current_settings().hotline),
        title=_("%(month)s电费", month=formats.full_month(summary.period)),
        state=page.state,
        badge=_badge("cancelled" if summary.state == "cancelled" else page.state),
        amount=formats.amount(summary.total_fen),
        strong=page.promise.strong,
        rest=page.promise.rest,
        facts=_facts(page),
        lines_title=_("怎么算的"),
        heads=(_("项目"), _("用量"), _("单价"), _("金额（元）")),
        lines=tuple(page.lines),
        amounts=tuple(formats.yuan(line.amount_fen) for line in page.lines),
        total=(_("合计"), formats.amount(summary.total_fen)),
        sums=_sums(page),
        notes=_notes(page),
        readings_title=_("电表读数"),
        readings=page.readings,
        change_title=_("为什么%(change)s", change=page.change.title) if page.change else "",
        change=page.change,
        changes=_changes(page.change),
        tier=page.tier,
        foot=_(
            "账单号 %(number)s，截至 %(day)s",
            number=summary.bill_no,
            day=formats.full_day(clock.today()),
        ),
    )


def _badge(state: str) -> str:
    return {
        "due": _("待缴"),
        "info": _("到账中"),
        "good": _("已缴清"),
        "bad": _("已逾期"),
        "none": _("无欠费"),
        "cancelled": _("已作废"),
    }[state]


def _facts(page: BillPage) -> tuple[Pair, ...]:
    summary = page.bill.summary
    span = _(
        "%(first)s到 %(last)s",
        first=formats.full_day(summary.from_day),
        last=formats.day(summary.to_day),
    )
    return (
        (_("户名"), formats.masked_name(page.account.holder_name)),
        (_("户号"), formats.grouped(summary.account_no)),
        (_("地址"), page.account.address),
        (_("账单号"), summary.bill_no),
        (_("用电时间"), span),
        (_("用电量"), formats.exact(summary.kwh)),
        (_("出账日"), formats.full_day(page.issued_on)),
        (_("最迟缴费日"), formats.full_day(summary.due)),
    )


def _sums(page: BillPage) -> tuple[Pair, ...]:
    """What was paid on top of a settled bill, or what is left of an open one."""
    bill, due, settled = page.bill.summary, page.due, page.settled
    if settled and settled.late_fen:
        paid = formats.amount(bill.total_fen + settled.late_fen)
        late = formats.change(settled.late_fen)
        return ((_("缴晚了，另付的违约金"), late), (_("一共付了"), paid))
    if due is None or not (bill.settled_fen or due.late_fee_fen):
        return ()
    found = []
    if bill.settled_fen:
        found.append((_("已经缴了"), formats.change(-bill.settled_fen)))
    if due.late_fee_fen:
        found.append((_("到今天的违约金"), formats.change(due.late_fee_fen)))
    return (*found, (_("现在缴"), formats.amount(due.amount_fen)))


def _notes(page: BillPage) -> tuple[str, ...]:
    bill, found = page.bill, []
    if bill.export_fen:
        found.append(
            _(
                "从电网用的电 %(use)s，光伏送上电网的电抵了 %(export)s。",
                use=formats.amount(bill.consumption_fen),
                export=formats.amount(-bill.export_fen),
            )
        )
    if bill.summary.estimated:
        found.append(_("有几段是估算，读到真数就改。"))
    tariff = bill.tariff_name[language()]
    found.append(
        _("按%(tariff)s算的，%(version)s 版。", tariff=tariff, version=bill.tariff_version)
    )
    return tuple(found)


def _changes(change: Change | None) -> tuple[str, ...]:
    """The amounts of the steps from the bill before to this one."""
    if change is None:
        return ()
    steps = (formats.change(step.amount_fen) for step in change.steps)
    before, after = change.before.amount_fen, change.after.amount_fen
    return (formats.amount(before), *steps, formats.amount(after))
