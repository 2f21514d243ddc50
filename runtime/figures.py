"""A private address at which a process says that it lives, and shows its figures."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from runtime import metrics


class _Answers(BaseHTTPRequestHandler):
    """`/healthz` and `/metrics`; nothing else, and no log line for a scrape."""

    def do_GET(self) -> None:
        body = {"/healthz": lambda: b"ok\n", "/metrics": metrics.exposition}.get(self.path)
        content = body() if body else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", metrics.CONTENT_TYPE)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_parts: Any) -> None:
        """A scrape is no news."""


def serve(host: str, port: int) -> ThreadingHTTPServer:
    """Answer from a thread for as long as the process lives. Raises OSError for a taken port."""
    server = ThreadingHTTPServer((host, port), _Answers)
    Thread(target=server.serve_forever, name="figures", daemon=True).start()
    return server
