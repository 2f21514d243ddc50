"""Pages of automatic payment. All of them work without a script."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from payments.agreements import showing, signing
from payments.agreements.calendar import AGAIN_AFTER
from payments.agreements.showing import AgreementView, Held
from payments.agreements.signing import Visit, Wish
from portal.access import customer_only
from portal.agreements.forms import SignForm
from portal.agreements.office import install, office, ways
from portal.agreements.saying import sentence, taken
from portal.current import my_account, my_accounts
from portal.forms import form_page
from portal.pay.till import WAYS, on_a_phone, till
from portal.security import asker_address, asker_id
from portal.unit import commit
from runtime.errors import Conflict, Refused
from service.access import RIGHTS, Right, visible_account
from service.dues import dues
from service.models import Account

blueprint = customer_only(Blueprint("agreements", __name__, url_prefix="/agreements"))
blueprint.record_once(install)

LEAST_SUGGESTED_FEN = 300_00
STEP_FEN = 100_00


@blueprint.app_template_global()
def autopay_offered() -> bool:
    """Whether this installation can debit under agreements at all."""
    return bool(office().gateways)


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The accounts with their agreements, and those that have ended."""
    accounts = [each for each in my_accounts() if Right.PAY in RIGHTS[each.role]]
    numbers = [each.account_no for each in accounts]
    return render_template(
        "agreements/index.html",
        accounts=accounts,
        held=showing.held(g.session, asker_id(), numbers),
        ended=[
            each
            for each in showing.agreements_of(g.session, asker_id())
            if each.state in ("ending", "ended")
        ],
        ways=WAYS,
    )


@blueprint.route("/sign", methods=["GET", "POST"])
def sign() -> ResponseReturnValue:
    """What will happen, with what and up to how much; then on to where it is signed."""
    number = request.values.get("account", "")
    account = visible_account(g.session, asker_id(), number, needs=Right.PAY)
    live = showing.held(g.session, asker_id(), [number]).get(number)
    if live is not None and live.code and live.state == "active":
        return redirect(url_for("agreements.show", code=live.code), 303)
    highest_fen = showing.highest_bill_fen(g.session, number) or 0
    form = SignForm(limit=str(_suggested(highest_fen) // 100))
    form.offer(ways())
    if form.validate_on_submit():
        try:
            return _begin(account, form)
        except Refused as refusal:
            _refuse(form, refusal)
    return _sign_page(account, form, live, highest_fen)


@blueprint.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    """The agreement as it is at this moment."""
    agreement = showing.agreement_view(g.session, asker_id(), code)
    return render_template("agreements/show.html", **_of(agreement))


@blueprint.get("/<code>/state")
def state(code: str) -> ResponseReturnValue:
    """The part of `show` that changes; nothing when it is still as the page has it."""
    agreement = showing.agreement_view(g.session, asker_id(), code)
    if request.args.get("seen") == agreement.state:
        return "", 204
    return render_template("agreements/_state.html", **_of(agreement))


@blueprint.get("/<code>/back")
def back(code: str) -> ResponseReturnValue:
    """Where the gateway sends the customer; what it says is asked, not believed."""
    return _learn(code)


@blueprint.post("/<code>/check")
def check(code: str) -> ResponseReturnValue:
    """The customer says that they have signed."""
    return _learn(code)


@blueprint.route("/<code>/end", methods=["GET", "POST"])
def end(code: str) -> ResponseReturnValue:
    """Ask once more, then end it: from that moment no debit begins."""
    agreement = showing.agreement_view(g.session, asker_id(), code)
    if request.method == "POST":
        signing.end(g.session, asker_id(), code)
        if agreement.state == "active":
            flash(_("结束了，从现在起不会再扣。"))
        return redirect(url_for("agreements.show", code=code), 303)
    return render_template(
        "agreements/end.html",
        agreement=agreement,
        account=my_account(agreement.account_no),
        ways=WAYS,
    )


def _of(agreement: AgreementView) -> dict[str, object]:
    return {
        "agreement": agreement,
        "account": my_account(agreement.account_no),
        "way": WAYS[agreement.gateway],
        "debits": [(debit, sentence(debit, agreement)) for debit in agreement.debits],
        **_rules(),
    }


def _rules() -> dict[str, object]:
    settings = till().settings
    return {
        "debit_days": settings.agreement_debit_days,
        "debit_hour": settings.agreement_debit_hour,
        "again": [wait.days for wait in AGAIN_AFTER],
    }


def _sign_page(
    account: Account, form: SignForm, live: Held | None, highest_fen: int
) -> ResponseReturnValue:
    return form_page(
        "agreements/sign.html",
        form,
        account=account,
        live=live,
        offered=ways(),
        taken=taken,
        highest_fen=highest_fen,
        waiting=dues(g.session, asker_id(), [account.account_no], needs=Right.PAY),
        **_rules(),
    )


def _begin(account: Account, form: SignForm) -> ResponseReturnValue:
    wish = Wish(account.account_no, form.way.data, form.limit_fen())
    title = _("电费自动缴，户号尾号 %(tail)s", tail=account.account_no[-4:])
    commit()  # no connection waits for the gateway
    visit = Visit(title=title, on_a_phone=on_a_phone(), client_ip=asker_address())
    code = office().desk.sign(asker_id(), wish, visit)
    return redirect(url_for("agreements.show", code=code), 303)


def _refuse(form: SignForm, refusal: Refused) -> None:
    """A sentence that names somebody is this page's own."""
    name = refusal.params.get("name")
    if isinstance(refusal, Conflict) and name:
        form.form_errors.append(taken(name, refusal.params.get("until")))
    else:
        form.refuse(refusal)


def _suggested(highest_fen: int) -> int:
    """Half as much again as the highest bill of a year, in whole hundreds of yuan."""
    steps = -(-highest_fen * 3 // (2 * STEP_FEN))
    return max(LEAST_SUGGESTED_FEN, steps * STEP_FEN)


def _learn(code: str) -> ResponseReturnValue:
    """Ask the gateway at once whether it has been signed."""
    agreement = showing.agreement_view(g.session, asker_id(), code)
    commit()
    if agreement.state == "signing":
        office().desk.ask(agreement.id)
    return redirect(url_for("agreements.show", code=code), 303)
