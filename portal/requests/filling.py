"""The form of a request: filled in, looked over, sent. It works without a script.

One key goes with the form from its first page to the request: sent twice it opens one request,
and the files that were added on the way are found by it. At each step, and by a small script
between them, the form is kept as a draft, so that nothing is typed twice.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.current import current_account, my_account, my_accounts
from portal.outages import saying as outages
from portal.requests import receiving, saying
from portal.requests.who import asker
from runtime import clock
from runtime.errors import Forbidden, NotFound, Refused, TooManyTries
from service.outages.finding import OutageView
from service.people.links import LinkedAccount
from service.requests import asking, drafts, files, joining
from service.requests.asking import Prepared
from service.requests.configured import request_settings
from service.requests.drafts import Draft
from service.requests.fields import FieldRefused
from service.requests.files import Owner, Upload
from service.requests.kinds import Document, Kind
from service.requests.models import Request, RequestFile
from service.requests.promising import promised

NO_ACCOUNT = "none"
OF_ACCOUNT = "account."
LOOK_OVER = "/check"


@dataclass(frozen=True)
class Sheet:
    """A form as it stands: what is known, what was typed, and what is wrong with it."""

    prepared: Prepared
    account: LinkedAccount | None
    others: list[LinkedAccount]
    key: str
    typed: dict[str, str]
    files: list[RequestFile]
    draft: Draft | None = None
    outage: OutageView | None = None
    wrong: dict[str, str] = field(default_factory=dict)
    said: str | None = None

    @property
    def kind(self) -> Kind:
        return self.prepared.kind

    @property
    def account_given(self) -> str:
        return self.account.account_no if self.account else NO_ACCOUNT

    @property
    def papers_kept(self) -> int:
        """Days after the end for which documents are kept."""
        return request_settings().document_days

    def of_document(self, name: str | None) -> list[RequestFile]:
        """The files of a document; the photos beside the documents have no name."""
        return [each for each in self.files if each.document == name]

    def may_need(self, document: Document) -> bool:
        """Whether it is asked for, as far as the form is filled in."""
        chosen = {name: self.typed.get(name) for name in document.when}
        return all(not chosen[name] or chosen[name] in of for name, of in document.when.items())


def fill(wanted: Kind, opened: Callable[[Request], ResponseReturnValue]) -> ResponseReturnValue:
    """A page of the form; `opened` answers when the request was made."""
    if request.method == "GET":
        return _page(_begun(wanted))
    action = request.form.get("action", "check")
    if action == "anew":
        drafts.discard(g.session, asker(), wanted)
        return redirect(request.path, 303)
    key, typed = _key(), _typed(wanted)
    said = receiving.receive_all(asker(), Owner(asker().name, key), _sent_files(wanted), wanted)
    for unwanted in request.form.getlist("remove"):
        files.remove(g.session, asker(), key, unwanted)
    kept = _keep(wanted, key, typed)
    if said:
        return _page(_sheet(wanted, key, typed, _problems(wanted, key, typed)[1], said), 422)
    if action == "send":
        return _send(wanted, key, typed, opened)
    if action == "edit":
        again = redirect(f"{request.path}?again=1", 303)
        return again if kept else _page(_sheet(wanted, key, typed))
    return _check(wanted, key, typed, kept=kept)


def look_over(wanted: Kind) -> ResponseReturnValue:
    """The form as it will be sent, as it was left: going back and loading again change nothing."""
    draft = drafts.find(g.session, asker(), wanted)
    if draft is None:
        return redirect(request.path.removesuffix(LOOK_OVER))
    return _check(wanted, draft.key, draft.typed, draft)


def keep(wanted: Kind) -> ResponseReturnValue:
    """The form as it stands, brought by a script while it is being filled in."""
    _keep(wanted, _key(), _typed(wanted))
    return "", 204


def _keep(wanted: Kind, key: str, typed: dict[str, str]) -> bool:
    """Whether the form as it stands is kept; if not, it is no reason to stop."""
    with suppress(TooManyTries), g.session.begin_nested():
        return drafts.save(g.session, asker(), wanted, key, _account_no(wanted), typed)
    return False


def _sent_files(wanted: Kind) -> list[Upload]:
    """What came with the form, each for its document; photos have a field of their own."""
    papers = (receiving.uploads(f"document-{each.name}", each.name) for each in wanted.documents)
    most = wanted.photos.most if wanted.photos else None
    photos = receiving.uploads(most=int(most), photos_alone=True) if most else []
    return [*photos, *(each for paper in papers for each in paper)]


def _check(
    wanted: Kind,
    key: str,
    typed: dict[str, str],
    draft: Draft | None = None,
    *,
    kept: bool = False,
) -> ResponseReturnValue:
    """What was typed as it will be sent; the form again when something is wrong.

    What is kept is looked over at an address of its own.
    """
    values, problems = _problems(wanted, key, typed, draft)
    sheet = _sheet(wanted, key, typed, problems, draft=draft)
    if problems:
        return _page(sheet, 422)
    if kept:
        return redirect(request.path + LOOK_OVER, 303)
    papers = wanted.papers(values)
    return render_template(
        "requests/check.html",
        sheet=sheet,
        told=saying.values_told(wanted, values),
        papers=papers,
        left_out=[
            each for each in wanted.documents if each not in papers and sheet.of_document(each.name)
        ],
        waits=sheet.outage is not None and joining.waits(wanted, values),
        promise=saying.promise_of(wanted, promised(wanted, values, clock.now())),
        saying=saying,
        outages=outages,
    )


def _problems(
    wanted: Kind, key: str, typed: dict[str, str], draft: Draft | None = None
) -> tuple[dict[str, str], list[Refused]]:
    """The plain values of what was typed, and all that is wrong with the form."""
    number = _account_no(wanted, draft)
    return asking.problems(g.session, asker(), wanted.name, number, typed, key)


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


def _begun(wanted: Kind) -> Sheet:
    """The form as it was left, else with what is known; another account brings its own facts."""
    draft = drafts.find(g.session, asker(), wanted)
    if draft is None:
        return _sheet(wanted, _key(), None)
    account = _account(wanted, draft)
    moved = (account.account_no if account else None) != draft.account_no
    typed = {
        name: value
        for name, value in draft.typed.items()
        if not (moved and (wanted.field(name).known or "").startswith(OF_ACCOUNT))
    }
    return _sheet(wanted, draft.key, typed, draft=draft)


def _sheet(
    wanted: Kind,
    key: str,
    typed: dict[str, str] | None,
    problems: list[Refused] | None = None,
    said: str | None = None,
    draft: Draft | None = None,
) -> Sheet:
    account = _account(wanted, draft)
    number = account.account_no if account else None
    prepared = asking.prepare(g.session, asker(), wanted.name, number)
    told = [each for each in prepared.fields if each.field in wanted.told]
    filled = {each.field.name: each.value or "" for each in told} | (typed or {})
    of_fields = [each for each in problems or () if isinstance(each, FieldRefused)]
    of_all = [words.refusal(each) for each in problems or () if each not in of_fields]
    return Sheet(
        prepared=prepared,
        account=account,
        others=[each for each in asking.eligible(wanted, my_accounts()) if each != account],
        key=key,
        typed=filled,
        files=files.of_draft(g.session, asker(), key),
        draft=draft,
        outage=joining.known_at(g.session, wanted, number, filled),
        wrong={each.params["field"]: words.refusal(each) for each in of_fields},
        said="\n".join([said, *of_all] if said else of_all) or None,
    )


def _typed(wanted: Kind) -> dict[str, str]:
    return {each.name: request.form.get(each.name, "") for each in wanted.told}


def _key() -> str:
    return request.form.get("key", "")[:64] or secrets.token_urlsafe(24)


def _account_no(wanted: Kind, draft: Draft | None = None) -> str | None:
    account = _account(wanted, draft)
    return account.account_no if account else None


def _account(wanted: Kind, draft: Draft | None = None) -> LinkedAccount | None:
    """The account that was named, now or in the draft; else the current, if the kind takes one."""
    given = request.values.get("account")
    if wanted.account == "none" or given == NO_ACCOUNT:
        return None
    if given:
        if found := my_account(given):
            return found
        raise NotFound("account.not_found", account_no=given)
    if draft is not None:
        if draft.account_no is None and wanted.account == "optional":
            return None
        if draft.account_no and (found := my_account(draft.account_no)):
            return found
    eligible, present = asking.eligible(wanted, my_accounts()), current_account()
    return present if present in eligible else next(iter(eligible), None)
