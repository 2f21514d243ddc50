"""`/desk/customers/<account_no>/as/<user_id>/…`: the customer's own pages, as they see them.

Everything below that address is the portal mounted once more (WSGI's SCRIPT_NAME), so that every
link of a page leads on inside. There a member of staff who has said why is seen as the customer:
the same views, the same rights. Nothing can be done there but looking, each page is written down,
and after a quarter of an hour it is over.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from flask import Flask, Response, abort, flash, g, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import errors
from portal.current import Visitor, visitor
from portal.errors import Trouble
from portal.i18n import language
from portal.security import asker_id
from portal.staff import trail
from portal.staff.customers.room import blueprint, looked_at
from portal.staff.frame import COUNTER
from portal.unit import SAFE_METHODS
from service.customers import opening
from service.customers.models import CustomerOpening
from service.customers.opening import Why
from service.models import User
from service.people.sessions import SignedIn

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SHOWN = frozenset({"home", "bills", "usage", "payments", "outages", "halls", "request_files"})
"""The rooms of a customer that are shown; of others only `PAGES`."""
PAGES = frozenset({"requests.index", "requests.show"})
PAYING = frozenset({"pay"})
FILES = frozenset({"usage.download"})
"""Data as files leave the house by two people alone (`serving.export`)."""
LONGEST_PAGE = 40

_INSIDE = re.compile(r"(/desk/customers/([^/]{1,12})/as/([1-9]\d{0,17}))(/.*)?", re.ASCII)
_KEY = "denghuo.seen_as"

ONLY_LOOKING = Trouble(
    _l("这里只能看"), _l("您在以客户的身份看，不能替客户办事、改东西。什么都没有改。")
)
NO_PAYING = Trouble(
    _l("不能替客户付钱"),
    _l("您在以客户的身份看：黄色的付款按钮只有客户自己能用。退回上一页接着看。"),
)
NOT_SHOWN = Trouble(
    _l("这一页不给看"),
    _l("以客户的身份只能看首页、账单、用电、付款记录、停电、营业厅和办事。退回上一页接着看。"),
)


@dataclass(frozen=True)
class Viewing:
    """Who is seen, until when, and where the way out is."""

    account_no: str
    name: str | None
    until: datetime
    way_out: str


class Inside:
    """Takes the address of a viewing off the path, so that what follows is the portal's own."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if found := _INSIDE.fullmatch(environ.get("PATH_INFO", "")):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + found[1]
            environ["PATH_INFO"] = found[4] or "/"
            environ[_KEY] = (found[2], int(found[3]))
        return self._app(environ, start_response)


@blueprint.record_once
def _install(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    app.wsgi_app = Inside(app.wsgi_app)  # type: ignore[method-assign]
    app.jinja_env.globals["viewing"] = lambda: g.get("viewing")


@blueprint.post("/<account_no>/as")
def begin(account_no: str) -> ResponseReturnValue:
    """See the pages of one who sees the account."""
    looked = looked_at(account_no)
    if looked is None:
        return redirect(url_for(".show", account_no=account_no), 303)
    user_id = request.form.get("user", 0, type=int)
    opening.open_as(g.session, asker_id(), account_no, user_id, looked.why)
    return redirect(f"{url_for('.show', account_no=account_no)}/as/{user_id}/", 303)


@blueprint.post("/<account_no>/as/end")
def end(account_no: str) -> ResponseReturnValue:
    """See no more."""
    opening.close_as(g.session, asker_id(), account_no)
    return redirect(url_for(".show", account_no=account_no, about=request.args.get("about")), 303)


@blueprint.before_app_request
def _enter() -> ResponseReturnValue | None:
    """Inside a viewing the asker is the customer, and may only look."""
    whom: tuple[str, int] | None = request.environ.get(_KEY)
    if whom is None:
        return None
    staff = visitor()
    if staff is None:
        return redirect(_outside(url_for("sign_in.sign_in")), 303)
    if staff.staff_role not in COUNTER:
        abort(404)
    found = opening.viewing(g.session, staff.id, *whom)
    if found is None:
        flash(_("看的时间到了。还要看，再开始一次。"), "info")
        return redirect(_outside(url_for("desk_customers.show", account_no=whom[0])), 303)
    viewed, person = found
    _become(staff, viewed, person)
    if refused := _refused():
        return refused
    because = Why(viewed.reason, viewed.about).in_words
    page = f"user {person.id} {request.path}"[:LONGEST_PAGE]
    trail.did(trail.PAGE, viewed.account_no, because, page, by=staff.id)
    return None


@blueprint.after_app_request
def _keep_nothing(response: Response) -> Response:
    """Nothing that was seen as the customer stays in the browser of the desk."""
    if "viewing" in g:
        response.headers["Cache-Control"] = "no-store"
    return response


def _refused() -> ResponseReturnValue | None:
    """What is not for looking at is not there; nothing is ever done."""
    if request.method not in SAFE_METHODS:
        return errors.page(403, ONLY_LOOKING)
    shown = request.blueprint in SHOWN or request.endpoint in PAGES
    if request.blueprint in PAYING:
        return errors.page(403, NO_PAYING)
    if not shown or request.endpoint in FILES:
        return errors.page(403, NOT_SHOWN)
    return None


def _become(staff: Visitor, viewed: CustomerOpening, person: User) -> None:
    """From here on the views see the customer, and the page looks as the customer has it."""
    way_out = url_for(
        "desk_customers.end", account_no=viewed.account_no, about=viewed.about or None
    )
    g.viewing = Viewing(viewed.account_no, person.name, viewed.until, _outside(way_out))
    g._login_user = Visitor(
        SignedIn(
            session_id=staff.session_id,
            user_id=person.id,
            phone=person.phone,
            name=person.name,
            language=person.language,
            theme=person.theme,
            elder_mode=person.elder_mode,
            staff_role=None,
            last_seen_at=viewed.opened_at,
        )
    )
    g.language = person.language or language()


def _outside(address: str) -> str:
    """The address outside of the viewing."""
    return address.removeprefix(request.script_root)
