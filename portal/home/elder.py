"""Home in large letters: a greeting, one amount in words, one button, and little else.

What it says can also be read aloud.
"""

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from portal import formats, spoken
from portal.home.portfolio import Portfolio
from portal.home.so_far import SoFar
from portal.owing import Owing
from runtime import clock

GREETINGS = ((5, "night"), (9, "morning"), (12, "forenoon"), (14, "noon"), (18, "afternoon"))


@dataclass(frozen=True)
class Standing:
    """What the card says: `caption`, the amount in words, and `text` below; figures in fen."""

    caption: str
    fen: int
    text: str

    @property
    def shown(self) -> str:
        return spoken.shown(self.fen)

    @property
    def spoken(self) -> str:
        return spoken.aloud(self.fen)

    @property
    def aloud(self) -> str:
        """The card as it is read aloud."""
        return _(
            "%(caption)s，%(amount)s。%(text)s。",
            caption=self.caption,
            amount=self.spoken,
            text=self.text.removesuffix(_("。").strip()),
        )


def page(
    money: Owing,
    elsewhere: Portfolio,
    month: SoFar | None,
    next_bill: str,
    lasts: str,
    paid_for_you: str = "",
    dark: str = "",
) -> dict[str, object]:
    """What the template says; `next_bill`, `lasts`, `paid_for_you` and `dark`, which tells of an
    outage, are sentences, or empty."""
    here = money.free or money.state in ("crediting", "prepaid") or not elsewhere.owing
    standing = _standing(money, next_bill, lasts) if here else _elsewhere(elsewhere)
    used = _month_words(month) if month else ""
    return {
        "greeting": greeting(),
        "standing": standing,
        "used": used,
        "paid_for_you": paid_for_you,
        "pays_elsewhere": not here and bool(elsewhere.bill_nos),
        "aloud": formats.joined((dark, standing.aloud, paid_for_you, used)),
    }


def greeting() -> str:
    """By the hour in China."""
    hour = clock.now().astimezone(clock.BEIJING).hour
    part = next((name for until, name in GREETINGS if hour < until), "evening")
    return {
        "night": _("夜深了，您好"),
        "morning": _("早上好"),
        "forenoon": _("上午好"),
        "noon": _("中午好"),
        "afternoon": _("下午好"),
        "evening": _("晚上好"),
    }[part]


def _standing(money: Owing, next_bill: str, lasts: str) -> Standing:
    """The one thing to know about an account."""
    if money.free:
        return Standing(_caption(money), money.due_fen, _until(money))
    if money.state == "crediting":
        text = (
            _("记账比平时慢，我们在查。钱没有丢，不用再付。")
            if money.slow
            else _("最迟 10 分钟，不用再付")
        )
        return Standing(_("收到了，正在记账"), money.crediting_fen, text)
    if money.state == "prepaid":
        return Standing(_("余额"), money.credit_fen, lasts)
    if money.credit_fen:
        return Standing(_("余额"), money.credit_fen, _("没有要缴的。") + _("余额下次自动抵。"))
    return Standing(_("现在要缴"), 0, formats.joined((_("没有要缴的。"), next_bill)))


def _elsewhere(all_others: Portfolio) -> Standing:
    """Nothing is owed here: what the other accounts owe."""
    caption = ngettext(
        "这一户没有要缴的，另有 %(num)s 户待缴",
        "这一户没有要缴的，另有 %(num)s 户待缴",
        all_others.owing,
    )
    if all_others.overdue:
        fee = spoken.shown(all_others.late_fen)
        late = ngettext("%(num)s 户晚了", "%(num)s 户晚了", all_others.overdue)
        text = _("%(late)s，多 %(fee)s 违约金。缴上就停止计算", late=late, fee=fee)
    else:
        first = all_others.first_due or clock.today()
        text = _("最早的 %(day)s前缴", day=formats.day(first))
    return Standing(caption, all_others.due_fen, text)


def _month_words(month: SoFar) -> str:
    """`这个月到 11 月 20 日，用了 105 度，约 57 元。`"""
    said = {"day": formats.day(month.as_of), "use": formats.energy(month.wh, 0)}
    if not month.fen:
        return _("这个月到 %(day)s，用了 %(use)s。", **said)
    yuan = f"{round(month.fen / 100):,}"
    return _("这个月到 %(day)s，用了 %(use)s，约 %(yuan)s 元。", **said, yuan=yuan)


def _caption(money: Owing) -> str:
    if money.account.settlement == "prepaid":
        return _("余额不够，还差")
    if len(money.free) > 1:
        return _("%(count)s 份账单，待缴", count=len(money.free))
    return _("%(month)s电费，待缴", month=formats.month(money.first.period))


def _until(money: Owing) -> str:
    if money.state == "overdue":
        late = formats.days_left(money.first.due)
        fee = spoken.shown(money.late_fen)
        return _("%(late)s，多 %(fee)s 违约金。缴上就停止计算", late=late, fee=fee)
    if money.debit_on is not None:
        return _("将于 %(day)s自动扣，不用自己缴", day=formats.day(money.debit_on))
    if money.state == "today":
        return _("今天 24 点前缴就行")
    return _("%(day)s前缴", day=formats.day(money.first.due))
