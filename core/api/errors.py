"""Errors as the API shows them: one form for all, a sentence for people, never an inner message."""

import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from starlette.exceptions import HTTPException

from core.api.forms import ErrorAnswer
from runtime.errors import Conflict, Forbidden, NotFound, Refused, TooManyTries, Unavailable
from runtime.logs import get_logger

log = get_logger(__name__)

STATUSES: dict[type[Refused], int] = {
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooManyTries: 429,
    Unavailable: 503,
}

SENTENCES = {
    "account.not_found": "There is no account {account_no}.",
    "bill.not_found": "There is no bill {bill_no}.",
    "bill.cannot_rebill": "The bill {bill_no} was replaced already; correct {live_bill_no}.",
    "bill.rebill_failed": "The month cannot be billed: {reason}",
    "bill_run.not_found": "The month {period} was not billed yet.",
    "bill_run.not_over": "The month {period} is not over.",
    "anomaly.not_found": "There is no anomaly {anomaly_id}.",
    "anomaly.decided": "The bill was {decision} already.",
    "outage.not_found": "There is no outage {outage_no}.",
    "outage.cannot_move": "An outage that is {state} cannot become {wanted}.",
    "outage.over": "The outage is {state} already and stays as it is.",
    "outage.not_over": "Only an outage that is restored or cancelled has an end.",
    "outage.in_future": "The outage cannot have ended in the future.",
    "outage.ends_before_start": "The outage would end before it begins.",
    "outage.short_notice": "Maintenance is announced {days} days ahead at the least; "
    "what comes sooner is temporary_maintenance.",
    "outage.other_reason": "The reasons of an outage that is {kind} are {reasons}.",
    "posting.bill_unknown": "The account has no bill {bill_no}.",
    "posting.in_future": "The money cannot have been paid in the future.",
    "posting.not_found": "There is no posting {posting_no}.",
    "request.unknown_parameter": "The address takes no parameter {field}.",
    "reversal.other_order": "The posting {posting_no} is of another order.",
    "reversal.too_much": "Only {left_fen} fen are left of the posting {posting_no}.",
    "service_order.not_found": "There is no service order {service_order_no}.",
    "service_order.cannot_move": "An order that is {status} cannot become {wanted}.",
    "idempotency.key_reused": "This idempotency key was used for another request.",
}
"""Code to sentence. A test walks the code and fails when one is missing."""

HTTP_CODES = {
    400: "request.unreadable",
    404: "path.not_found",
    405: "method.not_allowed",
    413: "request.too_large",
}
HTTP_SENTENCES = {
    400: "The body cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}

DOCUMENTED: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorAnswer, "description": "The body cannot be read"},
    401: {"model": ErrorAnswer, "description": "No token, or not the right one"},
    413: {"model": ErrorAnswer, "description": "The body is too large"},
    422: {"model": ErrorAnswer, "description": "The request is malformed"},
}
"""Answers that every address may give."""

NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorAnswer, "description": "There is no such object"}
}
CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorAnswer, "description": "The object's state, or an earlier request, forbids"}
}


def answer(
    status: int, code: str, message: str, field: str | None = None, **headers: str
) -> JSONResponse:
    """An error in its public form."""
    problem = {"code": code, "message": message}
    if field:
        problem["field"] = field
    return JSONResponse({"error": problem}, status, headers or None)


def install(app: FastAPI) -> None:
    """Let every error of the application leave in the public form."""
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OperationalError, _database_down)
    app.add_exception_handler(NoFreeConnection, _database_down)
    app.add_exception_handler(Exception, _unexpected)


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)  # noqa: S101 - that is what it is installed for
    status = next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 422)
    sentence = SENTENCES[error.code].format(**error.params)
    return answer(status, error.code, sentence, error.params.get("field"))


def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    field = ".".join(str(step) for step in first["loc"])
    if first["type"] == "json_invalid":
        return answer(422, "request.not_json", "The body is not JSON.", "body")
    reason = first["msg"].removeprefix("Value error, ")
    return answer(422, "request.malformed", f"{field}: {reason}.", field)


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = HTTP_CODES.get(error.status_code, "request.refused")
    message = HTTP_SENTENCES.get(error.status_code, error.detail)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods_at(request))
    return answer(error.status_code, code, message, **headers)


def _methods_at(request: Request) -> list[str]:
    """All methods of an address, whose routes stand apart."""
    found: set[str] = set()
    for template, methods in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\?{[^}]+}", "[^/]+", template), request.url.path):
            found |= {method.upper() for method in methods}
    return sorted(found)


def _database_down(request: Request, error: Exception) -> JSONResponse:
    log.error("database_unreachable", path=request.url.path, kind=type(error).__name__)
    sentence = "The core cannot reach its database. Nothing was changed; try again shortly."
    return answer(503, "database.unavailable", sentence, **{"Retry-After": "5"})


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected_error", path=request.url.path, exc_info=error)
    sentence = "Something went wrong inside the core. Nothing was changed."
    return answer(500, "internal", sentence)
