"""The way in for the assistant: its token, the conversation, and one shape for every answer.

An operation is declared in `interface`; the view that answers it (`views`) gets the conversation
and what was asked, checked, and gives back the answer. Whatever goes wrong is a code and a
sentence.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, SecretStr, ValidationError
from sqlalchemy.exc import DataError
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from portal import errors, words
from portal.access import service_token
from portal.assistant import talk
from portal.assistant.bodies.common import Refusal
from portal.assistant.interface import NAMED, Operation
from portal.i18n import LANGUAGES
from portal.security import exempt_from_form_token
from portal.settings import current_settings
from runtime.errors import Refused, Unavailable
from runtime.http import OutboundError
from runtime.logs import get_logger
from service.people import limits
from service.people.limits import Limit

View = Callable[..., BaseModel | tuple[BaseModel, int]]
M = TypeVar("M", bound=BaseModel)

NAMES = {
    "conversation.not_found": "not_found",
    "request.kind_unknown": "not_found",
    "request.sign_in": "sign_in",
    "account.not_found": "account.not_yours",
    "amount.too_small": "payment.amount_too_small",
    "amount.too_large": "payment.amount_too_large",
    "order.nothing_due": "payment.nothing_owed",
    "core.unavailable": "unavailable",
    "gateway.unavailable": "unavailable",
}
"""Refusals that have another name in this interface; the sentence is that of the rooms below."""

TOLD = Limit("assistant.told", 60, timedelta(minutes=10), "assistant.too_often")
"""More than anybody says yes to in one conversation. What is told is counted with what it does;
what was refused is not."""

STATUS = {"request.field": 422}
HTTP = {401: "unauthorized", 404: "not_found", 405: "malformed", 413: "malformed"}
_log = get_logger(__name__)


def _token() -> SecretStr:
    return current_settings().assistant_token


blueprint = exempt_from_form_token(
    service_token(
        Blueprint("assistant", __name__, url_prefix="/assistant/v1/conversations/<ref>"), _token
    )
)


@blueprint.url_value_preprocessor
def _keep_ref(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.ref = (values or {}).pop("ref", "")


@blueprint.before_request
def _meet() -> None:
    """Everything after this is bound to one conversation, and speaks its language."""
    g.language = request.accept_languages.best_match(LANGUAGES)
    g.talk = talk.meet(g.session, g.ref)
    g.language = g.language or g.talk.conversation.language


def serve(name: str, view: View) -> None:
    """Make a view answer the operation of this name.

    It is called with the conversation, with what was asked in the address or told in the body
    where the operation has any, and with the parts of the path by their names.
    """
    operation = NAMED[name]

    def answer(**path: str) -> ResponseReturnValue:
        if not operation.public:
            _ = g.talk.user_id
        if operation.told:
            limits.take(g.session, TOLD, g.talk.conversation.ref)
        found = view(g.talk, *_given(operation), **path)
        body, status = found if isinstance(found, tuple) else (found, 200)
        return _json(body, status)

    rule = operation.path.replace("{", "<").replace("}", ">")
    blueprint.add_url_rule(rule, name, answer, methods=[operation.method.upper()])


def _given(operation: Operation) -> list[BaseModel]:
    """What was asked and told, in this order, as far as the operation has it."""
    asked = _asked(operation.asked, request.args)
    given: list[BaseModel] = [asked] if operation.asked.model_fields else []
    if operation.told:
        given.append(operation.told.model_validate_json(request.get_data()))
    return given


def _asked(form: type[M], args: MultiDict[str, str]) -> M:
    """Raises ValidationError, also for a parameter that is given twice."""
    given: Mapping[str, object] = {
        name: values[0] if len(values) == 1 else values for name, values in args.lists()
    }
    return form.model_validate(given)


def _json(body: BaseModel, status: int) -> Response:
    text = body.model_dump_json(by_alias=True, exclude_none=isinstance(body, Refusal))
    return Response(text, status, mimetype="application/json")


@blueprint.errorhandler(Refused)
def _refused(refusal: Refused) -> Response:
    status = STATUS.get(refusal.code) or errors.status_of(refusal)
    if isinstance(refusal, Unavailable):
        _log.warning("assistant_refused", code=refusal.code, operation=request.endpoint)
    return _refusal(refusal, status)


@blueprint.errorhandler(ValidationError)
def _malformed(error: ValidationError) -> Response:
    """The fields go to the log, for whoever wrote the assistant; a person cannot mend them."""
    fields = sorted({".".join(str(part) for part in each["loc"]) for each in error.errors()})
    _log.warning("assistant_malformed", operation=request.endpoint, fields=fields)
    return _said("malformed", 400)


@blueprint.errorhandler(HTTPException)
def _http_error(error: HTTPException) -> Response:
    status = error.code or 500
    return _said(HTTP.get(status, "malformed" if status < 500 else "unavailable"), status)


@blueprint.errorhandler(DataError)
def _unkeepable(error: DataError) -> Response:
    _log.warning(
        "assistant_unkeepable", error=type(error.orig).__name__, operation=request.endpoint
    )
    return _said("not_found", 404) if request.method == "GET" else _said("malformed", 400)


@blueprint.errorhandler(OutboundError)
def _outside_is_down(error: OutboundError) -> Response:
    _log.error("outside_is_down", system=error.name, status=error.status)
    return _said("unavailable", 503)


@blueprint.errorhandler(Exception)
def _unexpected(error: Exception) -> Response:
    """The database away, or a fault of ours: nothing was done either way."""
    away = isinstance(error, errors.DATABASE_FAULTS)
    _log.error("assistant_failed", operation=request.endpoint, exc_info=None if away else error)
    return _said("unavailable", 503 if away else 500)


def _said(code: str, status: int) -> Response:
    return _refusal(Refused(code), status)


def _refusal(refusal: Refused, status: int) -> Response:
    """A code without a sentence gets what a page says of such an error."""
    figures = {"hotline": current_settings().hotline}
    advice = str(errors.trouble_of(status).advice) % figures
    return _json(
        Refusal(
            code=NAMES.get(refusal.code, refusal.code),
            sentence=words.refusal_or_none(refusal) or advice,
            accounts=[talk.told(each) for each in refusal.params.get("accounts", ())] or None,
            field=refusal.params.get("field"),
        ),
        status,
    )
