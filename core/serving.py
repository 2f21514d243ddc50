"""The core's process: one uvicorn server, ended in good order by SIGTERM or Ctrl-C."""

import signal
import socket

import click
import uvicorn

from core.app import create_app
from core.settings import CoreSettings, core_database
from runtime import crypto, logs, migrate
from runtime.database import Database
from runtime.settings import SettingsError

GRACE_SECONDS = 10
"""How long requests that are under way may take once the core is told to stop."""


def serve(settings: CoreSettings) -> None:
    """Answer requests until the process is told to stop.

    Raises SettingsError when the port is taken or the database is not migrated.
    """
    crypto.use_keys(crypto.KeyRing.from_settings(settings))
    database = core_database(settings)
    require_migrated(database)
    logs.configure(settings.log_level, process="core")
    listening = _listen(settings.core_host, settings.core_port)
    config = uvicorn.Config(
        create_app(settings, database),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    click.echo(f"The core answers on http://{settings.core_host}:{listening.getsockname()[1]}.")
    _end_in_peace()
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()
        database.dispose()


def require_migrated(database: Database) -> None:
    """Raises SettingsError when the database is not at the newest form of the core."""
    location = migrate.locations()["core"]
    if migrate.current(database.url, location) != migrate.head(location):
        raise SettingsError("The core's tables are missing or old: run `denghuo migrate` first.")


def _end_in_peace() -> None:
    """uvicorn raises the signal that ended it once more; by then the work is done."""
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None)


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as error:
        reason = error.strerror or "it cannot be used"
        raise SettingsError(
            f"DENGHUO_CORE_PORT: cannot listen on {host}:{port} ({reason.lower()})."
        ) from None
