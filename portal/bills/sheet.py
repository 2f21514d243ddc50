"""A bill in words: the part of its page that is the same as often as the same is known of it.

Reading a bill takes a few queries; putting it into words takes several times as long. People look
at the bill of this month again and again, so the words are kept, by all that they are made of:
what was just read from the database, the day, the language, where links lead. Whatever changes,
they are made anew, and nobody gets what was made of another's rows.
"""

from datetime import date
from functools import lru_cache

from flask import render_template, request
from markupsafe import Markup

from portal.bills.reading import USUAL, KnownBill, bill_page
from portal.i18n import language, utility_name
from portal.settings import current_settings
from runtime import clock
from service.bill_sheet import AGAINST

KEPT = 256
"""Sheets that a process keeps; one takes about 60 KB."""


def written(known: KnownBill, against: str | None) -> Markup:
    """The bill in the language of this request, held against the month that was asked for."""
    compared = against if against in AGAINST else USUAL
    spoken = (language(), utility_name(), current_settings().hotline, request.script_root)
    return _sheet(known, compared, clock.today(), spoken)


@lru_cache(KEPT)
def _sheet(known: KnownBill, against: str, today: date, _spoken: tuple[str, ...]) -> Markup:
    page = bill_page(known, against, today)
    return Markup(render_template("bills/sheet.html", page=page))  # noqa: S704 - it has escaped
