"""Where a payment of an amount of one's own went, in words."""

from payments.landing import Landed
from portal import formats
from portal.i18n import gettext as _


def title(found: Landed | None) -> str:
    """What came of it; nothing of bill or balance while our copy does not know."""
    if found is None or found.bills_fen:
        return _("缴好了，已经记账")
    return _("存好了，已经记到余额上")


def sentence(found: Landed | None) -> str:
    """How much went to which bill, which late charge is still to come, and what is left."""
    if found is None or not found.bills_fen:
        return ""
    said = [_went(found)]
    if found.waiting_late_fen:
        late = formats.amount(found.waiting_late_fen)
        said.append(_("已经产生的违约金 %(amount)s 会算进下一期账单。", amount=late))
    if found.credit_fen:
        left = formats.amount(found.credit_fen)
        said.append(_("余下的 %(amount)s 留在余额里，下次自动抵。", amount=left))
    return formats.joined(said)


def _went(found: Landed) -> str:
    amount = formats.amount(found.bills_fen)
    if len(found.months) == 1:
        month = formats.month(found.months[0])
        return _("%(amount)s 缴了 %(month)s的账单。", amount=amount, month=month)
    return _("%(amount)s 缴了待缴的账单。", amount=amount)
