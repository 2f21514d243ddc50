"""Figures of the web process: requests and the time they took."""

from time import perf_counter

from flask import Flask, Response, g, request

from runtime import metrics

_seconds = metrics.histogram(
    "denghuo_request_seconds", "Time that pages took", ["page", "method", "status"]
)


def measure(app: Flask) -> None:
    """Measure every request under the name of its page, so that no customer's address shows."""
    app.before_request(_start)
    app.after_request(_observe)


def _start() -> None:
    g.started = perf_counter()


def _observe(response: Response) -> Response:
    started = g.get("started")
    if started is not None:
        status = f"{response.status_code // 100}xx"
        page = request.endpoint or "none"
        _seconds.labels(page, request.method, status).observe(perf_counter() - started)
    return response
