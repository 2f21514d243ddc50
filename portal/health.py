"""Is the web process alive, and is it ready to serve?"""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.access import public
from portal.unit import database
from runtime import crypto, migrate
from runtime.settings import SettingsError

blueprint = public(Blueprint("health", __name__))


@blueprint.get("/healthz")
def alive() -> Response:
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 when the database answers, its form is the newest, and the keys are there."""
    checks = {"database": _database_answers(), "migrations": _migrated(), "keys": _has_keys()}
    return jsonify(checks), 200 if all(checks.values()) else 503


def _database_answers() -> bool:
    try:
        with database().engine.connect() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError:
        return False
    return True


def _migrated() -> bool:
    try:
        with database().engine.connect() as connection:
            return migrate.revision(connection) == migrate.head()
    except SQLAlchemyError:
        return False


def _has_keys() -> bool:
    try:
        crypto.keys()
    except SettingsError:
        return False
    return True
