"""Who is asking, and about which of their accounts."""

import secrets
from datetime import timedelta

from flask import Flask, g, request
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response

from portal.security import cookie_name
from portal.settings import PortalSettings, current_settings
from portal.unit import SAFE_METHODS, database
from service.people import links, sessions
from service.people.links import LinkedAccount
from service.people.sessions import Lifetime, SignedIn

SIGN_IN_COOKIE = "denghuo"
ACCOUNT_COOKIE = "account"
BROWSER_COOKIE = "browser"
"""By it a browser is known after its sign-in has ended; it opens nothing."""
BROWSER_COOKIE_SECONDS = 400 * 24 * 3600
LONGEST_BROWSER = 64
BY_ITSELF = "X-By-Itself"
"""Sent by a page that asks again while nobody does anything: that is no visit, and a sign-in whose
person has gone away ends although their page is open."""
ACCOUNT_COOKIE_SECONDS = 365 * 24 * 3600


class Visitor(UserMixin):
    """The signed-in person, as Flask-Login wants to see them."""

    def __init__(self, signed_in: SignedIn) -> None:
        self.id = signed_in.user_id
        self.session_id = signed_in.session_id
        self.phone = signed_in.phone
        self.name = signed_in.name
        self.language = signed_in.language
        self.theme = signed_in.theme
        self.elder_mode = signed_in.elder_mode
        self.staff_role = signed_in.staff_role


def recognise(app: Flask) -> None:
    """Know people by the token in their cookie, and offer them to the templates."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.request_loader(lambda _request: _visitor_of_token())
    app.jinja_env.globals.update(
        visitor=visitor, my_accounts=my_accounts, current_account=current_account
    )


def visitor() -> Visitor | None:
    """The signed-in person; None for others, and on pages that must not ask the database."""
    if g.get("without_user"):
        return None
    person: Visitor | AnonymousUserMixin = current_user._get_current_object()
    return person if isinstance(person, Visitor) else None


def my_accounts() -> list[LinkedAccount]:
    """The accounts of the signed-in person, read once for each request."""
    found: list[LinkedAccount] | None = g.get("my_accounts")
    if found is None:
        person = visitor()
        found = links.linked_accounts(g.session, person.id) if person else []
        g.my_accounts = found
    return found


def my_account(number: str) -> LinkedAccount | None:
    """The signed-in person's account of this number; None when it is none of theirs."""
    return next((each for each in my_accounts() if each.account_no == number), None)


def current_account() -> LinkedAccount | None:
    """The account last chosen in this browser, else the first; None when there is none.

    Where the desk looks at pages as the customer it is the account that was opened.
    """
    mine = my_accounts()
    if viewing := g.get("viewing"):
        return my_account(viewing.account_no)
    chosen = request.cookies.get(ACCOUNT_COOKIE)
    return next((each for each in mine if str(each.link_id) == chosen), mine[0] if mine else None)


def remember_account(response: Response, link_id: int) -> None:
    """Make an account the current one in this browser."""
    response.set_cookie(
        ACCOUNT_COOKIE,
        str(link_id),
        max_age=ACCOUNT_COOKIE_SECONDS,
        secure=current_settings().secure,
        httponly=True,
        samesite="Lax",
    )


def half_way() -> SignedIn | None:
    """Who of the utility's own people sits at this browser and owes the second step."""
    token = token_in_cookie()
    return sessions.find_half_way(g.session, token, lifetime()) if token else None


def lifetime(settings: PortalSettings | None = None) -> Lifetime:
    """How long a sign-in lasts."""
    settings = settings or current_settings()
    return Lifetime(
        settings.session_idle,
        settings.session_life,
        timedelta(minutes=settings.staff_idle_minutes),
        {"field": timedelta(minutes=settings.field_idle_minutes)},
    )


def token_in_cookie() -> str | None:
    return request.cookies.get(cookie_name(SIGN_IN_COOKIE, current_settings()))


def keep_token(response: Response, token: str) -> None:
    """Give the browser its sign-in."""
    settings = current_settings()
    response.set_cookie(
        cookie_name(SIGN_IN_COOKIE, settings),
        token,
        max_age=int(settings.session_life.total_seconds()),
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
    )


def browser_token() -> str:
    """What this browser is known by, or will be (`keep_browser`)."""
    given = request.cookies.get(cookie_name(BROWSER_COOKIE, current_settings()), "")
    if not given or len(given) > LONGEST_BROWSER:
        given = g.setdefault("browser_token", secrets.token_urlsafe(24))
    return given


def keep_browser(response: Response) -> None:
    """Let this browser be known the next time too."""
    settings = current_settings()
    response.set_cookie(
        cookie_name(BROWSER_COOKIE, settings),
        browser_token(),
        max_age=BROWSER_COOKIE_SECONDS,
        secure=settings.secure,
        httponly=True,
        samesite="Lax",
    )


def drop_token(response: Response) -> None:
    """Take the sign-in from the browser."""
    settings = current_settings()
    response.delete_cookie(
        cookie_name(SIGN_IN_COOKIE, settings), secure=settings.secure, httponly=True, samesite="Lax"
    )


def _visitor_of_token() -> Visitor | None:
    token = token_in_cookie()
    if not token or g.get("without_user"):
        return None
    signed_in = _find(token)
    if signed_in is None:
        return None
    if sessions.needs_touch(signed_in) and BY_ITSELF not in request.headers:
        with database().unit_of_work() as own:
            sessions.touch(own, signed_in.session_id)
    return Visitor(signed_in)


def _find(token: str) -> SignedIn | None:
    """A form may have to wait for the core or a gateway; no connection is to wait with it."""
    if request.method in SAFE_METHODS:
        return sessions.find_signed_in(g.session, token, lifetime())
    with database().reading() as own:
        return sessions.find_signed_in(own, token, lifetime())
