"""The service account of this application, made once when it is put together."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, abort, current_app
from flask.blueprints import BlueprintSetupState

from notifications.settings import WeChatSettings
from portal.settings import PortalSettings
from portal.wechat.letters import Desk
from runtime.settings import load


@dataclass(frozen=True)
class Account:
    """What the pages and the door work with."""

    desk: Desk
    settings: WeChatSettings


def install(state: BlueprintSetupState) -> None:
    """For `Blueprint.record_once`; without an appid there is no account."""
    app = cast(Flask, state.app)
    portal: PortalSettings = app.extensions["settings"]
    settings = load(WeChatSettings, var=portal.var, environment=portal.environment)
    app.extensions["wechat"] = Account(Desk(settings), settings) if settings.wechat_appid else None
    app.jinja_env.globals["wechat_offered"] = lambda: bool(settings.wechat_appid)


def account() -> Account:
    """The account; 404 where there is none."""
    found = current_app.extensions["wechat"]
    if found is None:
        abort(404)
    return cast(Account, found)
