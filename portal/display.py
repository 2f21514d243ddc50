"""How the pages look in this browser: light or dark, plain or large, Chinese or English.

The choice is kept in cookies, so that it also holds before anyone signs in, and in the profile
of whoever is signed in, so that it follows them to the next browser.
"""

from flask import Blueprint, Flask, g, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from portal.access import public
from portal.current import visitor
from portal.i18n import COOKIE_SECONDS, LANGUAGES, remember_language
from portal.navigation import way_back
from portal.settings import current_settings
from service.people import users

THEMES = ("system", "light", "dark")
THEME_COOKIE = "theme"
VIEWS = ("plain", "elder")
VIEW_COOKIE = "view"

blueprint = public(Blueprint("display", __name__))


def register(app: Flask) -> None:
    app.jinja_env.globals.update(theme=theme, view=view)


def theme() -> str:
    """`system`, `light` or `dark`."""
    chosen = request.cookies.get(THEME_COOKIE)
    if chosen in THEMES:
        return chosen
    person = visitor()
    return person.theme if person else "system"


def view() -> str:
    """`plain`, or `elder` with its large letters and buttons."""
    chosen = request.cookies.get(VIEW_COOKIE)
    if chosen in VIEWS and "viewing" not in g:  # who is seen as the customer sees as they do
        return chosen
    person = visitor()
    return "elder" if person and person.elder_mode else "plain"


@blueprint.post("/display")
def choose() -> ResponseReturnValue:
    chosen = {
        "theme": _one_of(THEMES, "theme"),
        "language": _one_of(tuple(LANGUAGES), "language"),
        "view": _one_of(VIEWS, "view"),
    }
    person = visitor()
    if person is not None:
        users.set_display(
            g.session,
            person.id,
            theme=chosen["theme"],
            language=chosen["language"],
            elder_mode=None if chosen["view"] is None else chosen["view"] == "elder",
        )
    response = redirect(way_back(request.form.get("next")))
    remember(response, **chosen)
    return response


def forget_view(response: Response) -> None:
    """From now on the profile of whoever is signed in says how large the letters are."""
    response.delete_cookie(
        VIEW_COOKIE, secure=current_settings().secure, httponly=True, samesite="Lax"
    )


def remember(
    response: Response,
    *,
    theme: str | None = None,
    language: str | None = None,
    view: str | None = None,
) -> None:
    """Keep what was chosen in this browser."""
    if language is not None:
        remember_language(response, language)
    for name, value in ((THEME_COOKIE, theme), (VIEW_COOKIE, view)):
        if value is not None:
            response.set_cookie(
                name,
                value,
                max_age=COOKIE_SECONDS,
                secure=current_settings().secure,
                httponly=True,
                samesite="Lax",
            )


def _one_of(values: tuple[str, ...], name: str) -> str | None:
    given = request.form.get(name)
    return given if given in values else None
