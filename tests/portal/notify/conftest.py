"""A portal that offers reminders on devices, with a push service in a box."""

import pytest
from flask import Flask, render_template_string

from portal.app import create_app
from portal.settings import PortalSettings
from runtime.database import Database
from runtime.secrets import signing_key
from tests.portal.conftest import CoreThatKnows
from tests.sandbox.server import SandboxServer

PART = """{% extends "base.html" %}
{% block title %}Part{% endblock %}
{% block scripts %}<script src="{{ asset('js/push.js') }}" defer></script>{% endblock %}
{% block main %}
<div class="task"><h1>Part</h1>{% include "preferences/_push.html" %}</div>
{% endblock %}
"""
"""The part of a page that offers reminders, on a page of its own."""


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
    app = create_app(settings, database, core)
    app.add_url_rule("/part", view_func=lambda: render_template_string(PART))
    return app
