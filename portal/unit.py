"""One unit of work for each request: `g.session`.

It opens when it is first used, commits when a view that may change something has returned, and
rolls back when the view raised. A view that turns a refusal into a page has returned, so that
the tries counted on the way stay counted. GET and HEAD change nothing.
"""

from contextlib import AbstractContextManager
from typing import cast

from flask import Flask, current_app, g, request
from flask.ctx import _AppCtxGlobals
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from runtime.database import Database

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def database() -> Database:
    """The application's database, for work that needs transactions of its own."""
    return cast(Database, current_app.extensions["database"])


class RequestGlobals(_AppCtxGlobals):
    """Flask's `g`, whose `session` opens on first use."""

    @property
    def session(self) -> Session:
        unit: Unit | None = self.get("_unit")
        if unit is None:
            unit = self._unit = Unit(database())
        return unit.session


class Unit:
    """An open transaction that is ended exactly once."""

    def __init__(self, source: Database) -> None:
        self._context: AbstractContextManager[Session] = source.unit_of_work()
        self.session = self._context.__enter__()

    def commit(self) -> None:
        self._context.__exit__(None, None, None)

    def undo(self) -> None:
        self.session.rollback()
        self._context.__exit__(None, None, None)


class Application(Flask):
    """Flask that ends the request's unit of work as soon as the view has returned."""

    app_ctx_globals_class = RequestGlobals

    def dispatch_request(self, *args: object) -> ResponseReturnValue:
        response = super().dispatch_request(*args)
        if request.method not in SAFE_METHODS:
            commit()
        return response


def commit() -> None:
    """End the unit of work and keep its changes; the next use of `g.session` opens another."""
    unit: Unit | None = g.pop("_unit", None)
    if unit is not None:
        unit.commit()


def undo(_error: BaseException | None = None) -> None:
    """End the unit of work, if one is still open, and drop its changes."""
    unit: Unit | None = g.pop("_unit", None)
    if unit is not None:
        unit.undo()


def end_with_request(app: Flask) -> None:
    """Give the connection back when the request is over."""
    app.teardown_appcontext(undo)
