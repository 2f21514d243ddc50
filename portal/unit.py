"""One unit of work for each request: `g.session`.

It opens when it is first used, commits when the view has returned, and rolls back when the view
raised. A view that turns a refusal into a page has returned, so that the tries counted on the way
stay counted. GET and HEAD change nothing: the database holds them to it.
"""

from contextlib import AbstractContextManager
from typing import cast

from flask import Flask, current_app, g, has_request_context, request
from flask.ctx import _AppCtxGlobals
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from runtime.database import Database
from service import audit

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
            unit = self._unit = Unit(_transaction())
            if has_request_context():
                unit.session.info[audit.ADDRESS] = request.remote_addr or ""
        return unit.session


class Unit:
    """An open transaction that is ended exactly once."""

    def __init__(self, context: AbstractContextManager[Session]) -> None:
        self._context = context
        self.session = context.__enter__()

    def commit(self) -> None:
        self._context.__exit__(None, None, None)

    def undo(self) -> None:
        """Nothing is kept. A connection that was lost meanwhile has nothing left to undo."""
        try:
            self.session.rollback()
        except DBAPIError:
            self.session.invalidate()
        self._context.__exit__(None, None, None)


class Application(Flask):
    """Flask that ends the request's unit of work as soon as the view has returned."""

    app_ctx_globals_class = RequestGlobals

    def dispatch_request(self, *args: object) -> ResponseReturnValue:
        response = super().dispatch_request(*args)
        commit()
        return response


def _transaction() -> AbstractContextManager[Session]:
    if has_request_context() and request.method in SAFE_METHODS:
        return database().reading()
    return database().unit_of_work()


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
