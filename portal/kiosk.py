"""What a payment machine asks: what a code is for, and that its cash is taken.

`POST /kiosk/v1/codes/<code>` and `POST /kiosk/v1/codes/<code>/pay`, JSON in and out, with the
machines' bearer token (docs/counter.md). A machine has a drawer of its own, named by `machine`.
"""

from collections.abc import Callable
from typing import Annotated

from flask import Blueprint, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from payments.counter import cash, codes, reading, shifts
from payments.counter.cash import Handed
from portal import formats, words
from portal.access import service_token
from portal.errors import status_of
from portal.security import exempt_from_form_token
from runtime.errors import Refused

MOST_FEN = 1_000_000_00
Machine = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,16}$")]


class Asked(BaseModel):
    """Which machine asks."""

    model_config = ConfigDict(extra="forbid", strict=True)

    machine: Machine


class Paid(Asked):
    """What the machine has counted, in fen, and given back as change."""

    idempotency_key: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{8,40}$")]
    given_fen: Annotated[int, Field(gt=0, le=MOST_FEN)]
    change_fen: Annotated[int, Field(ge=0, le=MOST_FEN)] = 0


def _token() -> SecretStr:
    token: SecretStr = current_app.extensions["settings"].kiosk_token
    return token


blueprint = exempt_from_form_token(
    service_token(Blueprint("kiosk", __name__, url_prefix="/kiosk/v1"), _token)
)


@blueprint.post("/codes/<code>")
def look_up(code: str) -> ResponseReturnValue:
    """What is to be paid with a code, and for whom."""
    return _answer(lambda: _look_up(code))


@blueprint.post("/codes/<code>/pay")
def pay(code: str) -> ResponseReturnValue:
    """The machine has taken the cash: it is kept once, however often it is said."""
    return _answer(lambda: _pay(code))


def _look_up(code: str) -> dict[str, object]:
    asked = Asked.model_validate_json(request.get_data())
    order = cash.payable(g.session, _found(code, asked.machine))
    account_nos = {item.account_no for item in order.items}
    return {
        "amount_fen": order.amount_fen,
        "valid_until": order.expires_at.isoformat(),
        "accounts": [
            {"account_no": each.account_no, "holder": formats.masked_name(each.holder_name)}
            for each in reading.accounts(g.session, account_nos)
        ],
    }


def _pay(code: str) -> dict[str, object]:
    paid = Paid.model_validate_json(request.get_data())
    order_no = _found(code, paid.machine)
    key = f"{paid.machine}:{paid.idempotency_key}"
    box = shifts.of_machine(g.session, paid.machine)
    handed = Handed(box, paid.given_fen, key, None, paid.change_fen)
    kept = cash.take_for_code(g.session, order_no, handed)
    return {
        "receipt_no": kept.receipt_no,
        "amount_fen": kept.amount_fen,
        "paid_at": kept.taken_at.isoformat(),
    }


def _found(code: str, machine: str) -> str:
    return codes.find(g.session, code, asker=f"machine {machine}")


def _answer(act: Callable[[], dict[str, object]]) -> ResponseReturnValue:
    """What was found or done; or why not, as a code and as a sentence for the machine's screen.

    A refusal is an answer, so that a wrong code stays counted.
    """
    try:
        return jsonify(act())
    except ValidationError as error:
        fields = sorted({".".join(str(part) for part in each["loc"]) for each in error.errors()})
        return jsonify(code="request.malformed", fields=fields), 422
    except Refused as refusal:
        return jsonify(code=refusal.code, message=words.refusal(refusal)), status_of(refusal)
