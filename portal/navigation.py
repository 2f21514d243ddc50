"""The main pages, in the order in which they stand at the thumb and in the top bar."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal
from urllib.parse import urlencode, urlsplit

from flask import Flask, g, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import select

from notifications import inbox
from portal.current import visitor
from portal.i18n import language
from portal.staff.frame import rooms
from runtime.questions import Question
from service import conversations


@dataclass(frozen=True)
class Place:
    """An entry of the navigation; it is current on every page of its blueprint, and of `others`."""

    endpoint: str
    icon: str
    title: LazyString
    others: frozenset[str] = frozenset()

    @property
    def address(self) -> str:
        return _root() + _address(self.endpoint)

    def is_current(self, room: str | None) -> bool:
        """Whether a page of the blueprint `room` belongs to this entry."""
        return room in self.others | {self.endpoint.partition(".")[0]}


PLACES = (
    Place("home.index", "house", _l("首页")),
    Place(
        "bills.index",
        "bill",
        _l("账单"),
        others=frozenset({"pay", "payments", "low_balance", "arrangements"}),
    ),
    Place("usage.index", "meter", _l("用电")),
    Place("requests.index", "form", _l("办事"), others=frozenset({"report", "outages", "halls"})),
    Place("chat.index", "talk", _l("问灯火")),
)
"""Five at most: there is no room for more at the thumb."""

OWN_PLACE = Place(
    "profile.index",
    "person",
    _l("我的"),
    others=frozenset(
        {
            "accounts",
            "agreements",
            "invoices",
            "passkeys",
            "preferences",
            "proof",
            "limit",
            "wechat_own",
        }
    ),
)
"""A customer's own things; it stands at the end of the top bar."""

BARS = 1024
"""Bars that a process keeps ready: there are fewer, and every page has one."""


@cache
def _address(endpoint: str) -> str:
    return url_for(endpoint).removeprefix(request.script_root)


def _root() -> str:
    """What the customer's pages stand under while the desk looks at them, as the customer."""
    return request.script_root if "viewing" in g else ""


@dataclass(frozen=True)
class News:
    """What waits for this person: words of the desk in the chat, messages in the inbox."""

    chat: bool = False
    inbox: bool = False


NO_NEWS = News()
_NEWS = Question(select(conversations.is_unread().label("chat"), inbox.is_unread().label("inbox")))
"""Asked once on every page of whoever is signed in."""


@dataclass(frozen=True)
class Bar:
    """All that the top bar depends on."""

    language: str
    person: Literal["customer", "staff"] | None
    role: str | None
    room: str | None
    invites: bool
    news: News
    root: str


def bar(bare: bool = False) -> Markup:
    """The top bar of this page; a `bare` page does not ask who is there."""
    person = _person()
    invites = not person and not bare and request.endpoint != "sign_in.sign_in"
    return _bar(Bar(language(), person, _role(), request.blueprint, invites, _news(bare), _root()))


@lru_cache(BARS)
def _bar(of: Bar) -> Markup:
    page = render_template("bar.html", of=of, places=_places(of.role), own=OWN_PLACE)
    return Markup(page)  # noqa: S704 - it has escaped


def home() -> str:
    """Where a signed-in person begins."""
    return _places(_role())[0].address


def _person() -> Literal["customer", "staff"] | None:
    person = visitor()
    if person is None:
        return None
    return "staff" if person.staff_role else "customer"


def _news(bare: bool) -> News:
    """What is new; not in the chat where the customer is looking at it."""
    person = visitor()
    if person is None or bare:
        return NO_NEWS
    ((in_chat, in_inbox),) = _NEWS.ask(g.session, user_id=person.id)
    return News(in_chat and request.blueprint != "chat", in_inbox)


def _role() -> str | None:
    person = visitor()
    return person.staff_role if person else None


def _places(role: str | None) -> tuple[Place, ...]:
    """A customer's pages; of the utility's own people the rooms of their role."""
    if role is None:
        return PLACES
    desk = (Place(f"{room.blueprint}.index", room.icon, room.title) for room in rooms(role))
    return (*desk, OWN_PLACE)


def way_back(given: str | None) -> str:
    """`given` when it is a page of this site, else home; a way out to another site is none."""
    if not given or not given.startswith("/") or given.startswith(("//", "/\\")):
        return home()
    parts = urlsplit(given)
    if parts.scheme or parts.netloc or any(ord(letter) < 32 for letter in given):
        return home()
    return given


def stands_at(address: str) -> None:
    """The answer to this form is a page that has an address of its own."""
    g.stands_at = address


def this_page() -> str:
    """The address to come back to after a switch in the footer.

    Of a form's answer it is the page's own, if it has named one (`stands_at`), else home.
    """
    if request.routing_exception is not None:
        return "/"
    if request.method != "GET":
        return g.get("stands_at", "/")
    kept = {name: value for name, value in request.args.items() if name != "lang"}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def register(app: Flask) -> None:
    app.jinja_env.globals.update(bar=bar, home=home, this_page=this_page)
