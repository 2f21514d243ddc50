"""The core's application: everything the utility's own system tells and takes over HTTP."""

from typing import Any

from fastapi import Depends, FastAPI

from core.api import (
    accounts,
    bills,
    changes,
    errors,
    health,
    outages,
    postings,
    service_orders,
)
from core.api.forms import only_known_parameters
from core.api.limits import BodyLimit
from core.metering import api as readings
from core.security import TokenGate, bearer
from core.settings import CoreSettings
from runtime.database import Database

DESCRIPTION = """
The billing and metering core of an electric utility, as the customer side sees it. A utility that
has a system of its own puts an adapter with this interface in front of it (docs/adapter.md).

Money is integer fen, energy integer Wh. Dates are civil dates of Asia/Shanghai, times are UTC.
Every request but `/healthz` carries the bearer token. Requests that move money or make something
carry an `Idempotency-Key`.
"""

ROUTERS = (changes, accounts, postings, bills, service_orders, outages, readings)


def create_app(settings: CoreSettings, database: Database) -> FastAPI:
    """The application on a database; keys for encrypted columns must be in use."""
    app = _described()
    app.state.settings = settings
    app.state.database = database
    app.add_middleware(BodyLimit)
    app.add_middleware(TokenGate, token=settings.core_token.get_secret_value())
    errors.install(app)
    return app


def interface() -> dict[str, Any]:
    """The interface as OpenAPI 3.1, which needs neither database nor secrets."""
    return _described().openapi()


def _described() -> FastAPI:
    app = FastAPI(
        title="Denghuo core",
        version="1",
        description=DESCRIPTION.strip(),
        docs_url=None,
        redoc_url=None,
        responses=errors.DOCUMENTED,
    )
    every = [Depends(only_known_parameters)]
    for module in ROUTERS:
        app.include_router(module.router, dependencies=[Depends(bearer), *every])
    app.include_router(health.router, dependencies=every)
    describe = app.openapi
    app.openapi = lambda: _errors_in_json(describe())  # type: ignore[method-assign]
    return app


def _errors_in_json(document: dict[str, Any]) -> dict[str, Any]:
    """Errors are JSON whatever a success is; FastAPI describes both by the same media type."""
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    (form,) = response["content"].values()
                    response["content"] = {"application/json": form}
    return document
