"""Reminders in a customer's own browsers: asked for in this one, ended in any.

The part of the page stands in `templates/preferences/_push.html`.
"""

from dataclasses import dataclass, replace
from typing import cast

from flask import Blueprint, Flask, abort, current_app, flash, g, redirect, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from notifications.channels import subscribing
from notifications.channels.subscribing import Keys, Known, Subscription
from notifications.channels.web_push import public_key
from notifications.settings import WebPushSettings
from portal.access import customer_only
from portal.devices import device_name
from portal.notify import this_browser
from portal.security import asker_id
from portal.settings import PortalSettings
from runtime.settings import load

EXTENSION = "push"


@dataclass(frozen=True)
class Offer:
    """What this installation offers: its settings, and the key that browsers are told."""

    settings: WebPushSettings
    key: str


@dataclass(frozen=True)
class Here:
    """What the part of a page needs that offers reminders."""

    key: str
    devices: list[Known]


def install(state: BlueprintSetupState) -> None:
    """For `Blueprint.record_once`; without a key there is no offer."""
    app = cast(Flask, state.app)
    portal: PortalSettings = app.extensions["settings"]
    known = load(WebPushSettings, var=portal.var, environment=portal.environment)
    has_key = bool(known.vapid_key.get_secret_value())
    app.extensions[EXTENSION] = Offer(known, public_key(known)) if has_key else None
    app.jinja_env.globals["push_here"] = here


blueprint = customer_only(Blueprint("push", __name__, url_prefix="/profile/push"))
blueprint.record_once(install)


def here() -> Here | None:
    """For templates: the offer with the browsers of whoever looks; None where there is none."""
    offer = cast(Offer | None, current_app.extensions[EXTENSION])
    if offer is None:
        return None
    known = subscribing.known(g.session, asker_id())
    return Here(offer.key, [replace(each, device=device_name(each.device)) for each in known])


def _offer() -> Offer:
    offer = cast(Offer | None, current_app.extensions[EXTENSION])
    if offer is None:
        abort(404)
    return offer


@blueprint.post("")
def add() -> ResponseReturnValue:
    """Remind in this browser, by the address that its push service gave it."""
    given = request.form
    asked = Subscription(
        given.get("endpoint", ""), Keys(given.get("p256dh", ""), given.get("auth", ""))
    )
    subscribing.subscribe(
        g.session, _offer().settings, asker_id(), asked, request.user_agent.string
    )
    flash(_("好了，有事会在这台设备上提醒您。"))
    response = redirect(url_for("preferences.index"), 303)
    this_browser.keep(response, subscribing.digest_of(asked.endpoint))
    return response


@blueprint.post("/<int(max=999999999999999999):number>/end")
def end(number: int) -> ResponseReturnValue:
    """Remind in one of them no longer."""
    _offer()
    subscribing.unsubscribe(g.session, asker_id(), number)
    flash(_("关掉了，那台设备不再提醒。"))
    return redirect(url_for("preferences.index"), 303)
