"""The two languages. Chinese stands in the code and the templates; English in the catalogue."""

from functools import cache, lru_cache
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask import Flask, g, request
from flask import Response as FlaskResponse
from flask_babel import Babel, Domain
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from portal.settings import current_settings

LANGUAGES = {"zh": "中文", "en": "English"}  # each in its own words
HTML_LANGUAGE = {"zh": "zh-CN", "en": "en"}
COOKIE = "language"
COOKIE_SECONDS = 365 * 24 * 3600
TRANSLATIONS = Path(__file__).resolve().parent / "translations"

SENTENCES = 4096
"""Sentences that are kept ready to be filled in; there are fewer."""


class Catalogues(Domain):
    """The sentences of the language of the request: a page says some two hundred of them."""

    def get_translations(self) -> NullTranslations:
        return _catalogue(language())


babel = Babel()
babel.domain_instance = Catalogues()


def speak(app: Flask) -> None:
    """Choose a language for each request and offer it to the templates."""
    app.config.update(
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(TRANSLATIONS),
    )
    babel.init_app(app, locale_selector=language)
    app.after_request(_remember_choice)
    app.jinja_env.globals.update(_=_say, language=language, languages=LANGUAGES)
    app.jinja_env.globals["html_language"] = lambda: HTML_LANGUAGE[language()]


def language() -> str:
    """`zh` or `en`: as asked in the address, else as chosen before, else as the browser says."""
    chosen: str | None = g.get("language")
    if chosen is None:
        chosen = g.language = chosen_language() or _of_profile() or _of_browser()
    return chosen


def chosen_language() -> str | None:
    """The language that was chosen in this browser; None when nobody has chosen yet."""
    return _asked() or _remembered()


def gettext(sentence: str, **figures: object) -> str:
    """A sentence in the language of this request, for code that says hundreds of them."""
    words = _spoken(language(), sentence)
    return words % figures if figures else words


def utility_name() -> str:
    """The utility's name in the language of this request."""
    settings = current_settings()
    return settings.utility_name_en if language() == "en" else settings.utility_name_zh


def remember_language(response: Response, chosen: str) -> None:
    """Keep the language in this browser."""
    response.set_cookie(
        COOKIE,
        chosen,
        max_age=COOKIE_SECONDS,
        secure=current_settings().secure,
        httponly=True,
        samesite="Lax",
    )


@cache
def _catalogue(spoken: str) -> NullTranslations:
    return Translations.load(TRANSLATIONS, [spoken])


def _say(sentence: str, **figures: object) -> Markup:
    """A sentence in a template; what is filled in is escaped."""
    return _ready(language(), sentence) % figures


@lru_cache(SENTENCES)
def _ready(spoken: str, sentence: str) -> Markup:
    return Markup(_spoken(spoken, sentence))  # noqa: S704 - ours, from the catalogue


@lru_cache(SENTENCES)
def _spoken(spoken: str, sentence: str) -> str:
    words: str = _catalogue(spoken).ugettext(sentence)
    return words


def _asked() -> str | None:
    return _known(request.args.get("lang"))


def _remembered() -> str | None:
    return _known(request.cookies.get(COOKIE))


def _of_profile() -> str | None:
    if g.get("without_user"):
        return None
    return _known(current_user.language) if current_user.is_authenticated else None


def _of_browser() -> str:
    return request.accept_languages.best_match(["zh", "zh-CN", "en"], "zh")[:2]


def _known(code: str | None) -> str | None:
    return code if code in LANGUAGES else None


def _remember_choice(response: FlaskResponse) -> FlaskResponse:
    asked = _asked()
    if asked is not None and asked != request.cookies.get(COOKIE):
        remember_language(response, asked)
    return response
