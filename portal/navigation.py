"""The main pages, in the order in which they stand at the thumb and in the top bar."""

from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode, urlsplit

from flask import Flask, current_app, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from portal.current import visitor


@dataclass(frozen=True)
class Place:
    """An entry of the navigation; it is current on every page of its blueprint, and of `others`."""

    endpoint: str
    icon: str
    title: LazyString
    others: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        return _address(self.endpoint)

    @property
    def current(self) -> bool:
        return request.blueprint in self.others | {self.endpoint.partition(".")[0]}


PLACES = (
    Place("home.index", "house", _l("首页")),
    Place("bills.index", "bill", _l("账单")),
    Place("usage.index", "meter", _l("用电")),
    Place("pay.index", "purse", _l("缴费")),
    Place("profile.index", "person", _l("我的"), others=frozenset({"accounts"})),
)
STAFF_PLACES = PLACES[-1:]


@cache
def _address(endpoint: str) -> str:
    return url_for(endpoint)


def places() -> list[Place]:
    """The entries whose pages this application has, and which are for whoever is signed in."""
    person = visitor()
    return [
        place
        for place in (STAFF_PLACES if person and person.staff_role else PLACES)
        if place.endpoint in current_app.view_functions
    ]


def home() -> str:
    """Where a signed-in person begins."""
    return places()[0].address


def way_back(given: str | None) -> str:
    """`given` when it is a page of this site, else home; a way out to another site is none."""
    if not given or not given.startswith("/") or given.startswith(("//", "/\\")):
        return home()
    parts = urlsplit(given)
    if parts.scheme or parts.netloc or any(ord(letter) < 32 for letter in given):
        return home()
    return given


def this_page() -> str:
    """The address to come back to after a switch in the footer; home for a form's answer."""
    if request.method != "GET" or request.routing_exception is not None:
        return "/"
    kept = {name: value for name, value in request.args.items() if name != "lang"}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def register(app: Flask) -> None:
    app.jinja_env.globals.update(places=places, home=home, this_page=this_page)
