"""The portal, put together."""

from importlib import import_module

from flask import Flask

from portal import (
    assets,
    compression,
    current,
    display,
    errors,
    formats,
    freshness,
    i18n,
    metrics,
    navigation,
    security,
    unit,
)
from portal.settings import PortalSettings
from runtime import crypto
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import load
from service.core_client import CoreClient
from service.people.binding import Verifier

BLUEPRINTS = (
    "portal.assets",
    "portal.health",
    "portal.display",
    "portal.home.views",
    "portal.bills.views",
    "portal.usage.views",
    "portal.pay.views",
    "portal.payments.views",
    "portal.payments.low_balance",
    "portal.arrangements.views",
    "portal.agreements.views",
    "portal.agreements.callbacks",
    "portal.callbacks",
    "portal.notify.sms",
    "portal.notify.voice",
    "portal.notify.push",
    "portal.notify.worker",
    "portal.kiosk",
    "portal.assistant.views",
    "portal.chat.views",
    "portal.outages.views",
    "portal.halls.views",
    "portal.inbox.views",
    "portal.sign_in.views",
    "portal.sign_in.second",
    "portal.accounts.views",
    "portal.profile.views",
    "portal.preferences.views",
    "portal.preferences.confirming",
    "portal.preferences.way_out",
    "portal.passkeys.views",
    "portal.passkeys.door",
    "portal.passkeys.prove",
    "portal.passkeys.limit",
    "portal.invoices.views",
    "portal.requests.views",
    "portal.requests.report",
    "portal.requests.files",
    "portal.wechat.enter",
    "portal.wechat.own",
    "portal.wechat.door",
    "portal.staff.door",
    "portal.staff.requests",
    "portal.staff.conversations",
    "portal.staff.conversations.ready",
    "portal.staff.differences",
    "portal.staff.insight",
    "portal.staff.approvals",
    "portal.staff.customers",
    "portal.staff.counter",
    "portal.staff.refunds",
    "portal.staff.arrears",
    "portal.staff.reminders",
    "portal.staff.load",
    "portal.staff.wordings",
    "portal.staff.messages",
    "portal.staff.campaigns",
    "portal.field",
    "portal.field.handed",
    "portal.staff.people",
    "portal.staff.audit",
)
"""The modules whose `blueprint` makes up the portal; a page is added by a line here.

Staff begin at the first room of theirs, and their bar has this order too.
"""


def create_app(
    settings: PortalSettings | None = None,
    database: Database | None = None,
    core: Verifier | None = None,
) -> Flask:
    """The application, ready to serve. Raises SettingsError when a setting is missing.

    Without arguments it is the web process's own: settings and keys of this machine. Whoever
    passes settings brings the keys in use too (`crypto.use_keys`).
    """
    if settings is None:
        settings = load(PortalSettings)
        crypto.use_keys(KeyRing.from_settings(settings))
    app = unit.Application(
        "portal",
        static_folder=None,
        template_folder=str(assets.ROOT / "templates"),
    )
    app.extensions["settings"] = settings
    app.extensions["database"] = database or Database.from_settings(settings)
    app.extensions["core"] = core or CoreClient.from_settings(settings)
    _furnish(app, settings)
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(name).blueprint)
    return app


def _furnish(app: Flask, settings: PortalSettings) -> None:
    """Everything that holds for every page. What is named first sees a request first."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals.update(settings=settings, utility_name=i18n.utility_name)
    metrics.measure(app)
    compression.compress_pages(app)
    security.secure(app, settings)
    i18n.speak(app)
    current.recognise(app)
    unit.end_with_request(app)
    for part in (assets, display, errors, formats, freshness, navigation):
        part.register(app)
