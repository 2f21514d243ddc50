"""Where agreements are signed, made once when the application is put together."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
from flask.blueprints import BlueprintSetupState

from payments.agreements import offered as offering
from payments.agreements.offered import AgreementGateways
from payments.agreements.signing import Desk
from portal.pay import till


@dataclass(frozen=True)
class Office:
    """What the pages of agreements and their notify addresses work with."""

    gateways: AgreementGateways
    desk: Desk


def install(state: BlueprintSetupState) -> None:
    """For `Blueprint.record_once`. Raises SettingsError when a gateway's papers are wrong."""
    app = cast(Flask, state.app)
    if "office" in app.extensions:
        return
    till.install(state)
    made: till.Till = app.extensions["till"]
    gateways = offering.from_settings(made.settings, hurried=True)
    desk = Desk(app.extensions["database"], gateways, made.settings)
    app.extensions["office"] = Office(gateways, desk)


def office() -> Office:
    return cast(Office, current_app.extensions["office"])


def ways() -> list[till.Way]:
    """The wallets that can be debited under an agreement."""
    return [till.WAYS[name] for name in office().gateways]
