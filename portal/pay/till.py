"""The gateways and the checkout of this application, made once when it is put together."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from payments import gateways
from payments.checkout import Checkout, Visit
from payments.gateways import Gateways
from payments.gateways.base import Product
from payments.settings import PaymentSettings
from portal.i18n import utility_name
from portal.security import allow_form_target, asker_address
from portal.settings import PortalSettings
from runtime.settings import load


@dataclass(frozen=True)
class Till:
    """What the pages of paying and the notify addresses work with."""

    gateways: Gateways
    checkout: Checkout
    settings: PaymentSettings


@dataclass(frozen=True)
class Way:
    """A way to pay, as a customer chooses it; `short` stands before a verb: 去微信付."""

    name: str
    title: LazyString
    short: LazyString
    mark: str


WAYS = {
    "wechat": Way("wechat", _l("微信支付"), _l("微信"), "微"),
    "alipay": Way("alipay", _l("支付宝"), _l("支付宝"), "支"),
    "unionpay": Way("unionpay", _l("云闪付 / 银联"), _l("银联"), "银"),
    "counter": Way("counter", _l("营业厅现金"), _l("营业厅"), "现"),
}
_ON_A_PHONE = {"wechat": Product.H5, "alipay": Product.WAP, "unionpay": Product.WAP}
_ON_A_DESK = {"wechat": Product.NATIVE, "alipay": Product.PAGE, "unionpay": Product.PAGE}


def install(state: BlueprintSetupState) -> None:
    """For `Blueprint.record_once`. Raises SettingsError when a gateway's papers are wrong."""
    app = cast(Flask, state.app)
    if "till" in app.extensions:
        return
    portal: PortalSettings = app.extensions["settings"]
    settings = load(
        PaymentSettings,
        var=portal.var,
        environment=portal.environment,
        public_url=portal.public_url,
    )
    offered = gateways.from_settings(settings, hurried=True)
    checkout = Checkout(app.extensions["database"], offered, settings)
    app.extensions["till"] = Till(offered, checkout, settings)
    for origin in settings.cashiers:
        allow_form_target(app, origin)


def till() -> Till:
    return cast(Till, current_app.extensions["till"])


def ways() -> list[Way]:
    """The ways to pay that this installation offers."""
    return [WAYS[name] for name in till().gateways]


def product(gateway: str) -> Product:
    """A phone is sent to the app; a desk shows a code to scan, or the cashier's page."""
    return (_ON_A_PHONE if on_a_phone() else _ON_A_DESK)[gateway]


def on_a_phone() -> bool:
    """What the browser says of itself: the hint of new ones, else the words of all."""
    hint = request.headers.get("Sec-CH-UA-Mobile")
    if hint is not None:
        return hint == "?1"
    return "Mobi" in request.user_agent.string or "Android" in request.user_agent.string


def visit() -> Visit:
    """This request, as the gateway must hear of it."""
    portal = cast(PortalSettings, current_app.extensions["settings"])
    return Visit(
        site=portal.public_url,
        description=_("%(utility)s 电费", utility=utility_name()),
        client_ip=asker_address(),
    )
