"""The step before a large payment: whoever pays shows that it is they, by passkey or by code."""

from dataclasses import dataclass

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from payments.confirmations import rules
from payments.confirmations.intent import Intent
from portal.current import my_accounts
from portal.forms import Form, code_field
from portal.i18n import language, utility_name
from portal.passkeys.site import needed_site, site
from portal.pay import choosing
from portal.pay.choosing import Summary
from portal.pay.till import till
from portal.security import asker_address, asker_id
from runtime.errors import Conflict, Refused
from service.people import passkeys


class ConfirmForm(Form):
    refusals = {"code.": "code"}  # noqa: RUF012
    code = code_field()


@dataclass(frozen=True)
class Step:
    """What is to be confirmed, as the page shows it and as it is bound."""

    summary: Summary
    intent: Intent
    way: str


def step(key: str) -> Step:
    """The payment that the form is about. Raises what starting the order would raise."""
    if not key:
        raise Conflict("order.amount_unseen")
    agreed = choosing.agreed(request.form)
    summary = choosing.summary(g.session, asker_id(), agreed)
    if agreed.expected_fen != summary.amount_fen:
        raise Conflict("order.amount_changed", amount_fen=summary.amount_fen)
    lines = (
        (line.account_no, line.bill_no, line.principal_fen + line.late_fen)
        for line in summary.lines
    )
    return Step(summary, Intent.of(asker_id(), key, lines), request.form.get("way", ""))


def send_code(of: Step) -> ResponseReturnValue:
    """Send the code that is for this payment alone, and show the same page."""
    try:
        rules.send_code(
            g.session, of.intent, payee=_payee(of), address=asker_address(), language=language()
        )
    except Refused as refusal:
        return page(of, refusal)
    return page(of, sent=True)


def confirm(of: Step) -> int:
    """The id of the confirmation that the form proves. Raises as `payments.confirmations` do."""
    if credential := request.form.get("credential"):
        return rules.confirm_by_passkey(g.session, needed_site(), of.intent, credential)
    code = request.form.get("code", "").strip()
    if not code:
        raise Refused("code.missing")
    return rules.confirm_by_code(g.session, of.intent, code, address=asker_address())


def options(of: Step) -> str:
    """What the browser asks its passkeys, as JSON."""
    return rules.passkey_options(g.session, needed_site(), of.intent)


def page(of: Step, refusal: Refused | None = None, *, sent: bool = False) -> ResponseReturnValue:
    """The step, with what was refused at its place."""
    form = ConfirmForm(code="")
    if refusal is not None:
        form.refuse(refusal)
    here = site()
    accounts = [each for each in my_accounts() if each.account_no in of.summary.account_nos]
    shown = render_template(
        "pay/large.html",
        form=form,
        summary=of.summary,
        key=of.intent.key,
        way=of.way,
        accounts=accounts,
        topping_up=of.summary.own_amount and choosing.is_prepaid(accounts),
        site=here if here and passkeys.working(g.session, asker_id()) else None,
        wait=rules.seconds_to_wait(g.session, of.intent),
        sent=sent,
        house_fen=till().checkout.confirm_over_fen,
    )
    return shown, 422 if refusal else 200


def _payee(of: Step) -> str:
    """To whom, in the message: the utility, and whose account or how many."""
    numbers = of.intent.account_nos
    if len(numbers) == 1:
        return _("%(utility)s（户号尾号 %(tail)s）", utility=utility_name(), tail=numbers[0][-4:])
    return ngettext(
        "%(utility)s（%(num)s 个户号）",
        "%(utility)s（%(num)s 个户号）",
        len(numbers),
        utility=utility_name(),
    )
