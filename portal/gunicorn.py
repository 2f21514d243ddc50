"""How gunicorn runs the portal: `gunicorn --config portal/gunicorn.py "denghuo.web:create()"`.

Addresses and numbers come from PortalSettings. Figures of all processes are added up and served
by the parent on a private address of their own, never on the customers'.
"""

import gc
import os
import sys
from typing import Any

from portal.serving import Worker
from portal.settings import PortalSettings
from runtime.settings import SettingsError, load

try:
    _settings = load(PortalSettings)
except SettingsError as error:
    sys.exit(str(error))

# The figures' library decides by this variable, and only when it is first imported.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_settings.var.resolve() / "figures" / "web")

from runtime import figures, logs, metrics

metrics.share_figures(_settings.var.resolve() / "figures" / "web")
logs.configure(_settings.log_level, process="web")

bind = f"{_settings.portal_host}:{_settings.portal_port}"
workers = _settings.portal_workers
threads = _settings.portal_threads
worker_class = type("PortalWorker", (Worker,), {"seconds": _settings.portal_read_seconds})
preload_app = True
timeout = 30
graceful_timeout = 10
keepalive = 20
limit_request_line = 4094
accesslog = None
control_socket_disable = True
proc_name = "denghuo-web"

TURN_SECONDS = 0.001


def when_ready(_server: Any) -> None:
    """Serve /metrics from the parent, which outlives its workers."""
    figures.serve(_settings.metrics_host, _settings.metrics_port)


def post_fork(_server: Any, worker: Any) -> None:
    """Connections are not shared between processes, and nobody waits for what need not be.

    The collector would look through all that was loaded again and again. And a thread that has
    heard from the database works for an instant before it asks again: it would wait five times as
    long for one that fills in a page.
    """
    gc.freeze()
    sys.setswitchinterval(TURN_SECONDS)
    application = worker.app.wsgi()
    application.extensions["database"].dispose()


def child_exit(_server: Any, worker: Any) -> None:
    """The figures of a worker that has ended count no longer as present."""
    metrics.forget_process(worker.pid)
