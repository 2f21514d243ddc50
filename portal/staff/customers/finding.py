"""`/desk/customers`: one box in which a customer is looked for by whatever they can name."""

import re
from dataclasses import dataclass

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from payments.models import Order
from payments.refunds import desk as orders
from portal.staff import trail
from portal.staff.customers.room import blueprint, request_page
from service.customers import search
from service.customers.search import By, Found
from service.people.typed import plain

_ORDER = re.compile(r"\d{14}[0-9a-z]{14}", re.ASCII)
BY = {
    By.ACCOUNT: _l("户号"),
    By.METER: _l("电表号"),
    By.BILL: _l("账单号"),
    By.PLACE: _l("用电地址编号"),
    By.HOLDER: _l("户名"),
    By.HOLDER_PHONE: _l("登记的手机"),
    By.USER_PHONE: _l("登录的手机"),
    By.REQUEST: _l("办过的事"),
}
WHOLE = frozenset({By.ACCOUNT, By.METER, By.PLACE})
"""What leads to one account and nothing else: it is opened at once."""


@dataclass(frozen=True)
class Results:
    """What was found: customers and requests by one way of finding after another, and payments."""

    typed: str
    found: list[Found]
    orders: list[Order]

    @property
    def groups(self) -> list[tuple[By, list[Found]]]:
        return [
            (by, group) for by in By if (group := [each for each in self.found if each.by is by])
        ]

    @property
    def nothing(self) -> bool:
        return bool(self.typed) and not self.found and not self.orders

    @property
    def only(self) -> str | None:
        """The number of the one account that is meant, when there is no doubt."""
        if len(self.found) != 1 or self.orders or self.found[0].by not in WHOLE:
            return None
        account = self.found[0].account
        return account.account_no if account else None


@blueprint.get("")
def index() -> ResponseReturnValue:
    """The box; with `?q=` what a link from another page looks for: a number, never a name."""
    return _page(request.args.get("q", ""))


@blueprint.post("")
def find() -> ResponseReturnValue:
    """What goes by what was typed. It comes by POST, for names and phones belong in no address."""
    return _page(request.form.get("q", ""))


def _page(text: str) -> ResponseReturnValue:
    typed = text.strip()[: search.LONGEST]
    results = _results(typed)
    if results.only:
        return redirect(url_for(".show", account_no=results.only), 303)
    page = render_template(
        "staff/customers/index.html",
        results=results,
        by=BY,
        longest=search.LONGEST,
        request_page=request_page,
    )
    return page, (404 if results.nothing else 200)


def _results(typed: str) -> Results:
    """Searching is written down too: what was typed as the reason, which is kept encrypted."""
    if not typed:
        return Results("", [], [])
    trail.did(trail.SEARCHED, "search", typed)
    number = plain(typed).lower()
    paid = orders.search(g.session, number) if _ORDER.fullmatch(number) else []
    return Results(typed, search.search(g.session, typed), paid)
