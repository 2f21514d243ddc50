"""The web process: the portal with its rooms connected; gunicorn serves what `create` gives."""

from flask import Flask

from denghuo.wiring import wire
from portal.app import create_app
from runtime import logs
from runtime.settings import Settings, load


def create() -> Flask:
    """The application that gunicorn serves. Raises SettingsError when a setting is missing."""
    logs.configure(load(Settings).log_level, process="web")
    wire()
    return create_app()
