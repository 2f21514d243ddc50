"""A platform that issues fully digital electronic invoices (数电票): JSON in, PDF and XML out.

`POST /invoice/v1/invoices`, `GET …/<request_no>`, `GET …/<request_no>/paper.pdf` and `.xml`, with a
bearer token; see docs/invoices.md. Issuing takes a moment. A request number is issued once.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any

from flask import Blueprint, Response, request

from sandbox import box, clock
from sandbox.json_answers import in_json
from sandbox.numbers import digits

invoices = Blueprint("invoices", __name__, url_prefix="/invoice/v1/invoices")

ISSUE_SECONDS = 1.0
REQUEST_NO = re.compile(r"[0-9A-Za-z]{6,40}", re.ASCII)
PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
UNWANTED = "拒开"
"""A buyer whose name holds this is refused after a while, as a firm with a revoked code is."""


class RejectedError(Exception):
    """The platform does not take a request: HTTP status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Invoice:
    """A request, and what follows from its age. Money in fen."""

    request_no: str
    invoice_no: str
    red_of: str | None
    content: dict[str, Any]
    created_at: float

    @property
    def status(self) -> str:
        """accepted, then issued or refused."""
        if clock.now() < self.created_at + ISSUE_SECONDS:
            return "accepted"
        return "refused" if UNWANTED in self.content["buyer"]["name"] else "issued"


@invoices.errorhandler(RejectedError)
def reject(error: RejectedError) -> Response:
    return in_json({"code": error.code}, error.status)


@invoices.before_request
def authenticate() -> None:
    if box.current().faults.refuses("invoices"):
        raise RejectedError(500, "unavailable")
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(
        given.encode(), f"Bearer {box.current().papers.invoice_token}".encode()
    ):
        raise RejectedError(401, "unauthorised")


@invoices.after_request
def lose(response: Response) -> Response:
    """An answer that never comes in time, when that is ordered."""
    box.current().faults.lose("invoices")
    return response


@invoices.post("")
def ask() -> Response:
    content = request.get_json(silent=True)
    if not isinstance(content, dict):
        raise RejectedError(400, "invalid_body")
    _check(content)
    with box.current().store.transaction() as db:
        invoice = _store(db, content)
    return in_json({"request_no": invoice.request_no, "status": invoice.status}, 202)


@invoices.get("/<request_no>")
def progress(request_no: str) -> Response:
    invoice = _found(request_no)
    told = {"request_no": request_no, "status": invoice.status}
    if invoice.status == "issued":
        told["invoice_no"] = invoice.invoice_no
    if invoice.status == "refused":
        told["reason"] = "buyer_refused"
    return in_json(told)


@invoices.get("/<request_no>/paper.<any(pdf, xml):kind>")
def paper(request_no: str, kind: str) -> Response:
    from sandbox import invoice_papers  # here, so that the sandbox starts fast

    invoice = _found(request_no)
    if invoice.status != "issued":
        raise RejectedError(409, "not_issued")
    told = invoice_papers.Told(
        invoice.invoice_no, invoice.red_of, clock.wall(invoice.created_at), invoice.content
    )
    content = invoice_papers.xml(told) if kind == "xml" else invoice_papers.pdf(told)
    answer = Response(content, content_type=f"application/{kind}")
    answer.headers["X-Content-SHA256"] = hashlib.sha256(content).hexdigest()
    return answer


def _check(content: dict[str, Any]) -> None:
    """Everything the tax authority would look at first. Raises RejectedError."""
    if not REQUEST_NO.fullmatch(str(content.get("request_no", ""))):
        raise RejectedError(400, "invalid_request_no")
    _check_party(content.get("seller"), needs_number=True)
    buyer = content.get("buyer")
    firm = isinstance(buyer, dict) and buyer.get("kind") == "enterprise"
    _check_party(buyer, needs_number=firm)
    if content.get("form") not in (("ordinary", "special") if firm else ("ordinary",)):
        raise RejectedError(400, "invalid_form")
    _check_lines(content)


def _check_party(party: Any, *, needs_number: bool) -> None:
    if not isinstance(party, dict) or not isinstance(party.get("name"), str) or not party["name"]:
        raise RejectedError(400, "invalid_party")
    if needs_number and not _is_code(str(party.get("tax_no"))):
        raise RejectedError(400, "invalid_tax_no")


def _is_code(text: str) -> bool:
    """A unified social credit code: 17 signs and the one that makes their weighted sum fit."""
    if len(text) != 18 or not set(text) <= set(SIGNS):
        return False
    weighted = sum(SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(text[:17]))
    return (weighted + SIGNS.index(text[17])) % 31 == 0


def _check_lines(content: dict[str, Any]) -> None:
    lines = content.get("lines")
    if not isinstance(lines, list) or not 0 < len(lines) <= 200:
        raise RejectedError(400, "invalid_lines")
    for line in lines:
        amount, tax = line.get("amount_fen"), line.get("tax_fen")
        if type(amount) is not int or type(tax) is not int or amount <= 0:
            raise RejectedError(400, "invalid_amount")
        if abs(tax * 113 - amount * 13) > 113:
            raise RejectedError(400, "invalid_tax")
        if not PERIOD.fullmatch(str(line.get("period"))):
            raise RejectedError(400, "invalid_period")
    for name in ("amount_fen", "tax_fen"):
        if sum(line[name] for line in lines) != content.get(name):
            raise RejectedError(400, "invalid_total")


def _store(db: Connection, content: dict[str, Any]) -> Invoice:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    known = db.execute(
        "select * from invoice where request_no = ?", (content["request_no"],)
    ).fetchone()
    if known is not None:
        if known["content"] != text:
            raise RejectedError(409, "request_no_used")
        return _invoice(known)
    if content.get("red_of"):
        _check_red(db, content)
    number = "26420" + digits(15)
    row = (content["request_no"], number, content.get("red_of"), text, clock.now())
    db.execute("insert into invoice values (?, ?, ?, ?, ?)", row)
    return Invoice(*row[:3], content, row[4])


def _check_red(db: Connection, content: dict[str, Any]) -> None:
    """A red invoice is as large as its blue one, which has no other."""
    blue = db.execute(
        "select * from invoice where invoice_no = ? and red_of is null", (content["red_of"],)
    ).fetchone()
    if blue is None:
        raise RejectedError(404, "unknown_invoice")
    if json.loads(blue["content"])["amount_fen"] != content["amount_fen"]:
        raise RejectedError(400, "invalid_total")
    if db.execute("select 1 from invoice where red_of = ?", (content["red_of"],)).fetchone():
        raise RejectedError(409, "taken_back")


def _found(request_no: str) -> Invoice:
    with box.current().store.reading() as db:
        row = db.execute("select * from invoice where request_no = ?", (request_no,)).fetchone()
    if row is None:
        raise RejectedError(404, "unknown_request")
    return _invoice(row)


def _invoice(row: Any) -> Invoice:
    return Invoice(**(dict(row) | {"content": json.loads(row["content"])}))
