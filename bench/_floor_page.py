"""The least that a page can cost: its queries through psycopg, and its bytes through bare Flask.

Gunicorn serves it with the portal's own settings. What it needs is handed over in the file that
`BENCH_FLOOR` names.
"""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response
from psycopg_pool import ConnectionPool

HANDED_OVER = "BENCH_FLOOR"


@dataclass(frozen=True)
class Answer:
    """A page as it left: the queries that it asked, with their values, and what was sent."""

    queries: tuple[tuple[str, Any], ...]
    body: bytes
    headers: tuple[tuple[str, str], ...]


class Connections:
    """A pool that each worker opens for itself."""

    def __init__(self, url: str, size: int) -> None:
        self._url, self._size = url, size
        self.pool: ConnectionPool

    def dispose(self) -> None:
        """Gunicorn's settings call it in a fresh worker."""
        self.pool = ConnectionPool(self._url, min_size=self._size, max_size=self._size, open=True)


def create() -> Flask:
    """The application: one page, whatever the address."""
    with Path(os.environ[HANDED_OVER]).open("rb") as file:
        answer: Answer = pickle.load(file)  # noqa: S301 -- the bench wrote it a moment ago
    app = Flask(__name__, static_folder=None)
    connections = Connections(os.environ["DATABASE_URL"], int(os.environ["BENCH_THREADS"]))
    app.extensions["database"] = connections

    @app.get("/<path:_path>")
    def page(_path: str) -> Response:
        with connections.pool.connection() as connection:
            for query, values in answer.queries:
                connection.execute(query, values).fetchall()
        return Response(answer.body, headers=answer.headers)

    return app
