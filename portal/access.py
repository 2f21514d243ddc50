"""Who may call a page: declared once for each blueprint.

A test walks every route and fails on a blueprint without a declaration, so that a new page is
never open by oversight. What the asker may do with one account is not decided here: that is
the link between user and account, which the service layer checks.
"""

import hmac
from collections.abc import Callable, Collection
from enum import StrEnum
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from pydantic import SecretStr


class Access(StrEnum):
    """The kinds of asker that a blueprint can be open to."""

    PUBLIC = "public"
    CUSTOMER = "customer"
    SIGNED_IN = "signed_in"
    STAFF = "staff"
    SERVICE = "service"
    CALLBACK = "callback"


declared: dict[str, Access] = {}
"""Blueprint name to its declaration."""


def public(blueprint: Blueprint) -> Blueprint:
    """Open to everyone, signed in or not."""
    return _declare(blueprint, Access.PUBLIC)


def callback(blueprint: Blueprint) -> Blueprint:
    """Open to another system that proves itself by a signature, which each view verifies.

    Such a blueprint is outside the form protection (`security.protect_forms`).
    """
    return _declare(blueprint, Access.CALLBACK)


def customer_only(blueprint: Blueprint) -> Blueprint:
    """Open to signed-in customers; others are sent to sign in and then back.

    The utility's own people have no accounts here; they read that this is not their desk.
    """
    return _declare(blueprint, Access.CUSTOMER, _require_customer)


def signed_in_only(blueprint: Blueprint) -> Blueprint:
    """Open to everyone who is signed in, customer or not."""
    return _declare(blueprint, Access.SIGNED_IN, _require_sign_in)


def staff_only(blueprint: Blueprint, roles: Collection[str]) -> Blueprint:
    """Open to the utility's own people in one of `roles`; for others it does not exist."""

    def require_role() -> ResponseReturnValue | None:
        refused = _require_sign_in()
        if refused is None and current_user.staff_role not in roles:
            abort(404)
        return refused

    return _declare(blueprint, Access.STAFF, require_role)


def service_token(blueprint: Blueprint, token: Callable[[], SecretStr]) -> Blueprint:
    """Open to one of our own processes that brings the bearer token."""

    def require_token() -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        expected = token().get_secret_value()
        if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
            abort(401)

    return _declare(blueprint, Access.SERVICE, require_token)


def _declare(
    blueprint: Blueprint,
    access: Access,
    check: Callable[[], ResponseReturnValue | None] | None = None,
) -> Blueprint:
    declared[blueprint.name] = access
    if check is not None:
        blueprint.before_request(check)
    return blueprint


def _require_customer() -> ResponseReturnValue | None:
    refused = _require_sign_in()
    if refused is None and current_user.staff_role:
        if request.endpoint == "home.index":
            return redirect(url_for("desk.index"), 303)
        return render_template("sign_in/staff.html"), 403
    return refused


def _require_sign_in() -> ResponseReturnValue | None:
    if current_user.is_authenticated:
        return None
    door = url_for("sign_in.sign_in", next=_way_back())
    if "HX-Request" in request.headers:  # a part of a page: the whole page goes to the door
        return Response(status=401, headers={"HX-Redirect": door})
    return redirect(door)


def _way_back() -> str:
    """Where to go after signing in: the page itself, or home when it was a form's target."""
    if page := request.headers.get("HX-Current-URL"):
        return _path_of(page)
    if request.method != "GET":
        return "/"
    return request.full_path if request.query_string else request.path


def _path_of(address: str) -> str:
    """The path of an address; home for what is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return "/"
