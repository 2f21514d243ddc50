"""Where agreements are signed, made once when the application is put together."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from flask.blueprints import BlueprintSetupState

from payments.agreements import offered as offering
from payments.agreements.offered import AgreementGateways
from payments.agreements.signing import Desk
from payments.settings import PaymentSettings
from portal.pay.till import WAYS, Way
from portal.settings import PortalSettings
from runtime.settings import load


@dataclass(frozen=True)
class Office:
    """What the pages of agreements and their notify addresses work with."""

    gateways: AgreementGateways
    desk: Desk
    settings: PaymentSettings


def install(state: BlueprintSetupState) -> None:
    """For `Blueprint.record_once`. Raises SettingsError when a gateway's papers are wrong."""
    app = cast(Flask, state.app)
    if "office" in app.extensions:
        return
    portal: PortalSettings = app.extensions["settings"]
    settings = load(
        PaymentSettings,
        var=portal.var,
        environment=portal.environment,
        public_url=portal.public_url,
    )
    gateways = offering.from_settings(settings, hurried=True)
    desk = Desk(app.extensions["database"], gateways, settings)
    app.extensions["office"] = Office(gateways, desk, settings)


def office() -> Office:
    return cast(Office, current_app.extensions["office"])


def ways() -> list[Way]:
    """The wallets that can be debited under an agreement."""
    return [WAYS[name] for name in office().gateways]
