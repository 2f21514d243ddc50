"""The form of a request: filled in, looked over, sent. It works without a script.

One key goes with the form from its first page to the request: sent twice it opens one request,
and the photos that were added on the way are found by it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from portal import words
from portal.current import current_account, my_accounts
from portal.outages import saying as outages
from portal.requests import saying
from portal.requests.who import asker
from portal.settings import current_settings
from runtime import clock
from runtime.errors import Forbidden, NotFound, Refused
from service.outages import finding
from service.outages.finding import OutageView
from service.people.links import LinkedAccount
from service.requests import asking, photos
from service.requests.asking import Prepared
from service.requests.fields import FieldRefused
from service.requests.kinds import Kind
from service.requests.models import Request, RequestPhoto
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
    photos: list[RequestPhoto]
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
    said = keep(uploaded(), key) if wanted.photos else None
    if said:
        return _page(_sheet(wanted, key, typed, said=said), 422)
    for unwanted in request.form.getlist("remove"):
        photos.remove(g.session, asker(), key, unwanted)
    action = request.form.get("action", "check")
    if action == "edit":
        return _page(_sheet(wanted, key, typed))
    return _send(wanted, key, typed, opened) if action == "send" else _check(wanted, key, typed)


def folder() -> Path:
    """Where the files of photos lie."""
    return photos.folder(current_settings().var)


def uploaded() -> list[bytes]:
    """The photos that came with a form; an empty one is what a browser sends for none."""
    return [content for each in request.files.getlist("photos") if (content := _read(each))]


def keep(contents: list[bytes], to: str | Request) -> str | None:
    """Keep photos for a form, by its key, or a request; the sentence when one cannot be kept."""
    try:
        for content in contents:
            if isinstance(to, Request):
                photos.add_to(g.session, folder(), asker(), to, content)
            else:
                photos.add(g.session, folder(), asker(), to, content)
    except Refused as refusal:
        return words.refusal(refusal)
    return None


def _read(file: FileStorage) -> bytes:
    """No more than is needed to see that it is too much."""
    return file.stream.read(photos.LARGEST_BYTES + 1)


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
        photos=photos.of_draft(g.session, asker(), key),
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
