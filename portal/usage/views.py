"""Pages of use: a year, a month, a day, and the figures of each as a file.

All of them work without a script: charts are drawn by the page.
"""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from portal.access import customer_only
from portal.current import current_account
from portal.files import table
from portal.security import asker_id
from portal.usage import pages, sheets
from portal.usage.when import When, when
from runtime import clock

blueprint = customer_only(Blueprint("usage", __name__, url_prefix="/usage"))


@blueprint.get("")
def index() -> ResponseReturnValue:
    """This year."""
    return _page(When("year", clock.today().replace(month=1, day=1)))


@blueprint.get("/<text>")
def show(text: str) -> ResponseReturnValue:
    """`/usage/2025`, `/usage/2026-11`, `/usage/2026-11-20`."""
    return _page(when(text))


@blueprint.get("/<text>.csv")
def download(text: str) -> ResponseReturnValue:
    """The figures behind a page: quarter-hours of a day, days of a month, months of a year."""
    asked = when(text)
    account = current_account()
    if account is None:
        return _page(asked)
    rows = sheets.rows(g.session, asker_id(), account.account_no, asked)
    return table(rows, f"{asked.text}-{account.account_no[-4:]}.csv")


def _page(asked: When) -> ResponseReturnValue:
    account = current_account()
    if account is None:
        return render_template("usage/unbound.html")
    page = pages.read(g.session, asker_id(), account, asked)
    return render_template(f"usage/{asked.kind}.html", page=page, asked=asked, account=account)
