"""Each debit in one sentence, and who stands in the way of another agreement."""

from datetime import datetime

from flask_babel import gettext as _

from payments.agreements.showing import AgreementView, DebitView
from portal import formats
from portal.pay.till import WAYS


def sentence(debit: DebitView, agreement: AgreementView) -> str:
    """What has become of a debit, or when it will be."""
    said = {
        "day": formats.day(debit.day),
        "way": WAYS[agreement.gateway].short,
        "amount": formats.amount(debit.amount_fen or 0),
        "limit": formats.amount(agreement.limit_fen),
    }
    if debit.state == "planned":
        return _planned(debit, said)
    if debit.state == "begun":
        return _("%(day)s已经发出，正在等%(way)s的结果", **said)
    if debit.state == "paid":
        if debit.reason == "given_back":
            return _("%(day)s扣了 %(amount)s，账单已另外缴清，原路退回", **said)
        return _("%(day)s扣了 %(amount)s", **said)
    return _failed(debit, said) if debit.state == "failed" else _dropped(debit)


def taken(name: str, until: datetime | None) -> str:
    """Whose agreement the account has; `until` can be signed what is not yet."""
    person = formats.masked_name(name)
    if until is None:
        return _("%(name)s已经给这一户开了自动缴，不用再开。", name=person)
    return _(
        "%(name)s正在给这一户开自动缴，%(until)s 还没签好，您再来开。",
        name=person,
        until=formats.moment(until),
    )


def _planned(debit: DebitView, said: dict[str, object]) -> str:
    if debit.amount_fen is None:
        return _("将于 %(day)s自动扣，前一天发短信告诉您", **said)
    return _("将于 %(day)s自动扣 %(amount)s", **said)


def _failed(debit: DebitView, said: dict[str, object]) -> str:
    if debit.reason == "not_enough":
        return _("%(day)s没有扣成：%(way)s里的钱不够", **said)
    if debit.reason == "over_limit":
        return _("%(amount)s 超过您定的每月 %(limit)s，没有扣", **said)
    if debit.reason == "agreement_ended":
        return _("%(day)s没有扣成：%(way)s那边已经解约", **said)
    return _("%(day)s没有扣成，钱没有扣", **said)


def _dropped(debit: DebitView) -> str:
    if debit.reason == "paid":
        return _("没有扣：已经缴清了")
    if debit.reason == "by_hand":
        return _("没有扣：您自己去缴了")
    return _("没有扣：自动缴已经结束")
