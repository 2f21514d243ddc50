"""The form of a request: filled in, looked over, sent. It works without a script.

One key goes with the form from its first page to the request: sent twice it opens one request,
and the photos that were added on the way are found by it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import g, render_template, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.current import current_account, my_accounts
from portal.outages import saying as outages
from portal.requests import receiving, saying
from portal.requests.who import asker
from runtime import clock
from runtime.errors import Forbidden, NotFound, Refused
from service.outages import finding
from service.outages.finding import OutageView
from service.people.links import LinkedAccount
from service.requests import asking, files
from service.requests.asking import Prepared
from service.requests.fields import FieldRefused
from service.requests.files import Owner
from service.requests.kinds import Kind
from service.requests.models import Request, RequestFile
from service.requests.promising import promised

NO_ACCOUNT = "none"


@dataclass(frozen=True)
class Sheet:
    """A form as it stands: what is known, what was typed, and what is wrong with it."""

    prepared: Prepared
    account: LinkedAccount | None
    others: list[LinkedAccount]
    key: str
    typed: dict[str, str]
    files: list[RequestFile]
    outage: OutageView | None = None
    wrong: dict[str, str] = field(default_factory=dict)
    said: str | None = None

    @property
    def kind(self) -> Kind:
        return self.prepared.kind

    @property
    def account_given(self) -> str:
        return self.account.account_no if self.account else NO_ACCOUNT


def fill(wanted: Kind, opened: Callable[[Request], ResponseReturnValue]) -> ResponseReturnValue:
    """A page of the form; `opened` answers when the request was made."""
    if request.method == "GET":
        return _page(_sheet(wanted, _key(), None))
    key, typed = _key(), _typed(wanted)
    said = _receive(wanted, key)
    if said:
        return _page(_sheet(wanted, key, typed, said=said), 422)
    for unwanted in request.form.getlist("remove"):
        files.remove(g.session, asker(), key, unwanted)
    action = request.form.get("action", "check")
    if action == "edit":
        return _page(_sheet(wanted, key, typed))
    return _send(wanted, key, typed, opened) if action == "send" else _check(wanted, key, typed)


def _receive(wanted: Kind, key: str) -> str | None:
    """Keep the files that came with the form; the sentence when one cannot be kept."""
    sent = receiving.uploads() if wanted.photos else []
    return receiving.receive_all(asker(), Owner(asker().name, key), sent)


def _check(wanted: Kind, key: str, typed: dict[str, str]) -> ResponseReturnValue:
    """What was typed as it will be sent; the form again when something is wrong."""
    values, problems = asking.problems(g.session, asker(), wanted.name, _account_no(wanted), typed)
    sheet = _sheet(wanted, key, typed, problems)
    if problems:
        return _page(sheet, 422)
    promise = saying.promise_of(wanted, promised(wanted, values, clock.now()))
    told = saying.values_told(wanted, values)
    return render_template(
        "requests/check.html", sheet=sheet, told=told, promise=promise, saying=saying
    )


def _send(
    wanted: Kind,
    key: str,
    typed: dict[str, str],
    opened: Callable[[Request], ResponseReturnValue],
) -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            made = asking.apply(g.session, asker(), wanted.name, _account_no(wanted), typed, key)
    except (NotFound, Forbidden):
        raise
    except Refused as refusal:
        return _page(_sheet(wanted, key, typed, [refusal]), 422)
    return opened(made)


def _page(sheet: Sheet, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "requests/form.html", sheet=sheet, saying=saying, outages=outages
    ), status


def _sheet(
    wanted: Kind,
    key: str,
    typed: dict[str, str] | None,
    problems: list[Refused] | None = None,
    said: str | None = None,
) -> Sheet:
    account = _account(wanted)
    number = account.account_no if account else None
    prepared = asking.prepare(g.session, asker(), wanted.name, number)
    known = {each.field.name: each.value or "" for each in prepared.fields}
    of_fields = [each for each in problems or () if isinstance(each, FieldRefused)]
    of_all = [words.refusal(each) for each in problems or () if each not in of_fields]
    return Sheet(
        prepared=prepared,
        account=account,
        others=[each for each in asking.eligible(wanted, my_accounts()) if each != account],
        key=key,
        typed=known if typed is None else typed,
        files=files.of_draft(g.session, asker(), key),
        outage=finding.hitting(g.session, number) if wanted.outage and number else None,
        wrong={each.params["field"]: words.refusal(each) for each in of_fields},
        said=said or (of_all[0] if of_all else None),
    )


def _typed(wanted: Kind) -> dict[str, str]:
    return {each.name: request.form.get(each.name, "") for each in wanted.told}


def _key() -> str:
    return request.form.get("key", "")[:64] or secrets.token_urlsafe(24)


def _account_no(wanted: Kind) -> str | None:
    account = _account(wanted)
    return account.account_no if account else None


def _account(wanted: Kind) -> LinkedAccount | None:
    """The account that was named; without one the current, if the kind has to do with accounts."""
    given = request.values.get("account")
    if wanted.account == "none" or given == NO_ACCOUNT:
        return None
    mine = {each.account_no: each for each in my_accounts()}
    if given:
        if given not in mine:
            raise NotFound("account.not_found", account_no=given)
        return mine[given]
    eligible, present = asking.eligible(wanted, my_accounts()), current_account()
    return present if present in eligible else next(iter(eligible), None)
