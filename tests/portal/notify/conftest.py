"""A portal that offers reminders on devices, with a push service in a box."""

import pytest
from flask import Flask

from portal.app import create_app
from portal.settings import PortalSettings
from runtime.database import Database
from runtime.secrets import signing_key
from tests.portal.conftest import CoreThatKnows
from tests.sandbox.server import SandboxServer


@pytest.fixture
def reminding(
    settings: PortalSettings,
    database: Database,
    core: CoreThatKnows,
    sandbox: SandboxServer,
    settings_env: pytest.MonkeyPatch,
) -> Flask:
    settings_env.setenv("DENGHUO_VAPID_KEY", signing_key())
    settings_env.setenv("DENGHUO_PUSH_SANDBOX", sandbox.base_url)
    return create_app(settings, database, core)
