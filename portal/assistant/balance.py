"""What is owed, account by account and in all, money on its way taken into account."""

from collections.abc import Sequence
from dataclasses import replace

from portal import formats
from portal.assistant.bodies.bills import Balance, Owed
from portal.assistant.bodies.common import OfAccount
from portal.assistant.talk import Talk
from portal.bills.promise import unpaid
from portal.i18n import gettext as _
from portal.owing import Owing, owing

FEW = 3
"""So many accounts are named one by one; of more, how many there are."""


def balance(talk: Talk, asked: OfAccount) -> Balance:
    """What the account, or every account, owes at this moment. Raises as `Talk.chosen`."""
    found = owing(talk.session, talk.user_id, talk.chosen(asked.account_no))
    owed_fen = sum(each.due_fen for each in found)
    accounts = [_owed(each) for each in found]
    return Balance(
        owed_fen=owed_fen,
        owed=formats.amount(owed_fen),
        credit_fen=sum(each.credit_fen for each in found),
        accounts=accounts,
        sentence=_sentence(accounts, owed_fen),
    )


def sentence(money: Owing) -> str:
    """How one account stands."""
    label = money.account.title
    if money.free:
        return _waiting(money)
    if money.state == "crediting":
        slow = _("记账比平时慢，我们在查。钱没有丢，不用再付。")
        said = slow if money.slow else _("最迟 10 分钟，不用再付") + _("。")
        paid = formats.amount(money.crediting_fen)
        first = _("%(label)s %(amount)s 收到了，正在记账。", label=label, amount=paid)
        return formats.joined((first, said))
    if money.state == "prepaid":
        left = formats.amount(-money.account.balance_fen)
        used_up = money.account.balance_fen > 0
        return formats.joined(
            (
                _("%(label)s余额 %(amount)s。", label=label, amount=left),
                _("余额用完了，请尽快充值。") if used_up else "",
            )
        )
    nothing = _("%(label)s没有要缴的。", label=label)
    if not money.credit_fen:
        return nothing
    left = formats.amount(money.credit_fen)
    return formats.joined((nothing, _("余额 %(amount)s，下次自动抵。", amount=left)))


def _owed(money: Owing) -> Owed:
    return Owed(
        account_no=money.account.account_no,
        label=money.account.title,
        owed_fen=money.due_fen,
        owed=formats.amount(money.due_fen),
        credit_fen=money.credit_fen,
        credit=formats.amount(money.credit_fen),
        bills=len(money.free),
        overdue=sum(each.days_late > 0 for each in money.free),
        due_words=_until(money) if money.free else None,
        prepaid=money.account.settlement == "prepaid",
        sentence=sentence(money),
    )


def _waiting(money: Owing) -> str:
    figures = {
        "label": money.account.title,
        "amount": formats.amount(money.due_fen),
        "until": _until(money),
    }
    if len(money.free) > 1:
        return _(
            "%(label)s %(count)s 份账单待缴，一共 %(amount)s，%(until)s。",
            count=len(money.free),
            **figures,
        )
    month = formats.month(money.first.period)
    return _("%(label)s %(month)s电费待缴 %(amount)s，%(until)s。", month=month, **figures)


def _until(money: Owing) -> str:
    """Of the bill that is due first: until when, or how late and what that costs in all."""
    if money.debit_on is not None and not money.first.days_late:
        return _("将于 %(day)s自动扣，不用自己缴", day=formats.day(money.debit_on))
    return str(unpaid(replace(money.first, late_fee_fen=money.late_fen)))


def _sentence(accounts: Sequence[Owed], owed_fen: int) -> str:
    if not accounts:
        return _("您还没有绑定户号，绑定以后就能看。")
    if len(accounts) == 1:
        return accounts[0].sentence
    count = len(accounts)
    waiting = [each for each in accounts if each.owed_fen]
    if not waiting:
        return _("%(count)s 个户号都没有要缴的。", count=count)
    total = _(
        "%(count)s 个户号里有 %(owing)s 个要缴，一共 %(amount)s。",
        count=count,
        owing=len(waiting),
        amount=formats.amount(owed_fen),
    )
    named = waiting if len(waiting) <= FEW else []
    return formats.joined([*(each.sentence for each in named), total])
