"""What every answer carries to keep a browser honest, and the protection of forms."""

from flask import Blueprint, Flask, Response, current_app, request
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.settings import PortalSettings, current_settings

protect_forms = CSRFProtect()
"""`protect_forms.exempt(blueprint)` is for callbacks and tokens alone; a test lists them."""

MAX_FORM_BYTES = 256 * 1024
YEAR_SECONDS = 31_536_000

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # Widths of gauges and bars are values of one page and stand in style attributes.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_FEATURES = ("camera", "geolocation", "microphone", "payment", "usb")
_permitted: dict[str, frozenset[str]] = {}
"""Blueprint name to what its pages may use of a device; all others use none of it."""


def secure(app: Flask, settings: PortalSettings) -> None:
    """Cookies, form tokens, size limits, proxies and headers of the whole application."""
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SESSION_COOKIE_NAME=cookie_name("denghuo_form", settings),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        # A page may stay open all evening; its token lives as long as the browser's session.
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
    )
    protect_forms.init_app(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]
    app.after_request(_add_headers)
    app.extensions["content_policy"] = content_policy(settings.form_targets.split())


def cookie_name(name: str, settings: PortalSettings) -> str:
    """With https the name binds the cookie to this host and to secure connections."""
    return f"__Host-{name}" if settings.secure else name


def content_policy(form_targets: list[str]) -> str:
    """The content security policy: nothing from elsewhere, no script in a page's text.

    A form may lead to this site and to `form_targets`, because a browser also holds the
    redirect to a gateway's cashier against `form-action`.
    """
    policy = {**_POLICY, "form-action": " ".join(["'self'", *form_targets])}
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def allow_form_target(app: Flask, origin: str) -> None:
    """Let forms lead to `origin` too, for instance a gateway's cashier."""
    app.extensions["content_policy"] += f" {origin}"


def exempt_from_form_token(blueprint: Blueprint) -> Blueprint:
    """For callers that are no browsers: they prove themselves by signature or token."""
    protect_forms.exempt(blueprint)
    return blueprint


def permits(blueprint: Blueprint, *features: str) -> Blueprint:
    """Let the pages of a blueprint ask for these: camera, geolocation."""
    _permitted[blueprint.name] = frozenset(features)
    return blueprint


def _permissions() -> str:
    own = _permitted.get(request.blueprint or "", frozenset())
    return ", ".join(f"{each}={'(self)' if each in own else '()'}" for each in _FEATURES)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.extend(_HEADERS)
    headers.add("Permissions-Policy", _permissions())
    headers.add("Content-Security-Policy", current_app.extensions["content_policy"])
    if current_settings().secure:
        headers.add("Strict-Transport-Security", f"max-age={YEAR_SECONDS}")
    if "Cache-Control" not in headers:
        headers.add("Cache-Control", "no-store")
    return response


def asker_address() -> str:
    """The network address that the request came from."""
    return request.remote_addr or "unknown"


def asker_id() -> int:
    """The signed-in user's id."""
    return int(current_user.id)
