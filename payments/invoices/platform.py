"""The platform that issues invoices, as a port, and the one that speaks JSON over HTTP.

Every provider of electronic invoices has an interface of its own; what they share is here
(docs/invoices.md): a request has a number of ours and is issued once, issuing takes a while,
and the result is a number of the tax authority with a PDF and an XML file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Protocol

import httpx
import msgspec
from msgspec import Meta

from payments.settings import PaymentSettings
from runtime.http import Outbound, OutboundError

LARGEST_PAPER = 4 * 1024 * 1024
"""Bytes; a PDF with its fonts has some ten thousand."""


class PlatformUnavailable(Exception):  # noqa: N818 - an answer, not a fault
    """It could not be reached, or its answer could not be trusted; ask again later."""


class PlatformRefused(Exception):  # noqa: N818 - an answer, not a fault
    """It will not issue this, now or later; `reason` is its code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Line:
    """A line of an invoice: hundredths of a kWh would be lost in Wh, so `wh` is exact. Fen."""

    name: str
    period: str
    wh: int
    amount_fen: int
    tax_fen: int


@dataclass(frozen=True)
class Request:
    """An invoice to be issued. `red_of` is the number of the one that is taken back."""

    request_no: str
    form: str
    buyer_kind: str
    buyer_name: str
    buyer_tax_no: str | None
    lines: Sequence[Line]
    remark: str
    red_of: str | None = None
    reason: str | None = None

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)

    @property
    def tax_fen(self) -> int:
        return sum(line.tax_fen for line in self.lines)


class Progress(msgspec.Struct, frozen=True):
    """What has become of a request: accepted, issued (with its number) or refused."""

    status: str
    invoice_no: Annotated[str, Meta(pattern=r"^[0-9]{20}\Z")] | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Papers:
    """The files of an issued invoice; `xml` is the original, `pdf` the picture of it."""

    pdf: bytes
    xml: bytes


class InvoicePlatform(Protocol):
    """What issues invoices. All methods raise PlatformUnavailable; `send` PlatformRefused too."""

    def send(self, request: Request) -> None:
        """Ask for an invoice; the same `request_no` is issued once."""

    def progress(self, request_no: str) -> Progress:
        """What has become of it."""

    def papers(self, request_no: str) -> Papers:
        """The files of an issued one."""


class HttpInvoices:
    """A platform that takes requests as JSON and a bearer token. Safe to share."""

    def __init__(self, settings: PaymentSettings) -> None:
        token = settings.invoice_token.get_secret_value() if settings.invoice_token else ""
        self._seller = {"name": settings.seller_name, "tax_no": settings.seller_tax_no}
        self._http = Outbound(
            settings.invoice_url or "",
            timeout=settings.gateway_timeout,
            headers={"Authorization": f"Bearer {token}"},
            name="invoices",
        )

    def send(self, request: Request) -> None:
        try:
            self._http.post(
                "/invoice/v1/invoices", idempotent=True, json=_wire(request, self._seller)
            )
        except OutboundError as error:
            raise _answer(error) from error

    def progress(self, request_no: str) -> Progress:
        response = self._get(f"/invoice/v1/invoices/{request_no}")
        try:
            return msgspec.json.decode(response.content, type=Progress)
        except msgspec.MsgspecError as error:
            raise PlatformUnavailable("unreadable_answer") from error

    def papers(self, request_no: str) -> Papers:
        return Papers(self._paper(request_no, "pdf"), self._paper(request_no, "xml"))

    def close(self) -> None:
        self._http.close()

    def _paper(self, request_no: str, kind: str) -> bytes:
        response = self._get(f"/invoice/v1/invoices/{request_no}/paper.{kind}")
        told = response.headers.get("X-Content-SHA256", "")
        if len(response.content) > LARGEST_PAPER or sha256(response.content).hexdigest() != told:
            raise PlatformUnavailable("unreadable_paper")
        return response.content

    def _get(self, path: str) -> httpx.Response:
        try:
            return self._http.get(path)
        except OutboundError as error:
            raise PlatformUnavailable(str(error)) from error


class _Refusal(msgspec.Struct):
    code: str


def _answer(error: OutboundError) -> PlatformRefused | PlatformUnavailable:
    """4xx is a no with a code; all else may pass, and so may a token that is not taken."""
    if not error.refused or error.status in (401, 403):
        return PlatformUnavailable(str(error))
    try:
        return PlatformRefused(msgspec.json.decode(error.body, type=_Refusal).code)
    except msgspec.MsgspecError:
        return PlatformRefused(f"http_{error.status}")


def _wire(request: Request, seller: dict[str, str]) -> dict[str, Any]:
    return {
        "request_no": request.request_no,
        "form": request.form,
        "seller": seller,
        "buyer": {
            "kind": request.buyer_kind,
            "name": request.buyer_name,
            "tax_no": request.buyer_tax_no,
        },
        "lines": [
            {
                "name": line.name,
                "period": line.period,
                "quantity_wh": line.wh,
                "amount_fen": line.amount_fen,
                "tax_fen": line.tax_fen,
            }
            for line in request.lines
        ],
        "amount_fen": request.amount_fen,
        "tax_fen": request.tax_fen,
        "remark": request.remark,
        "red_of": request.red_of,
        "reason": request.reason,
    }


def from_settings(settings: PaymentSettings) -> InvoicePlatform | None:
    """The platform that is set up; None when invoices are not offered."""
    return HttpInvoices(settings) if settings.invoice_url else None
