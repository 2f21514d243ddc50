"""The core's HTTP interface, typed. What the core refuses and what it cannot do are told apart.

Refusals become `runtime.errors` with codes of our own; a core that does not answer, or answers
what nobody can read, is `Unavailable("core.unavailable")`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Meta, Struct

from runtime import files
from runtime.errors import Conflict, NotFound, Refused, Unavailable
from runtime.http import Outbound, OutboundError, TooLarge
from runtime.settings import Settings, load
from service import settlement
from service.settings import ServiceSettings

Instant = Annotated[datetime, Meta(tz=True)]

ASKING_SECONDS = 3.0
"""A person waits for the answer to a question: it is asked once, and given up after this."""

SETTLEMENT_SECONDS = 120.0
"""How long the core may be silent while it writes the file of a day."""


class Outstanding(Struct, frozen=True):
    """A bill not wholly paid; `late_fee_fen` is what the charge has come to today."""

    bill_no: str
    period: str
    due: date
    outstanding_fen: int
    late_fee_fen: int


class Balance(Struct, frozen=True):
    """Where an account stands: `balance_fen` > 0 is owed, < 0 is credit."""

    account_no: str
    balance_fen: int
    at: Instant
    outstanding: tuple[Outstanding, ...] = ()


class Allocation(Struct, frozen=True):
    """What a posting paid of one bill."""

    bill_no: str
    principal_fen: int
    late_fee_fen: int


class Posted(Struct, frozen=True):
    """A posting as the core keeps it; `credit_fen` is what was left for the balance."""

    posting_no: str
    account_no: str
    amount_fen: int
    channel: str
    order_no: str
    paid_at: Instant
    posted_at: Instant
    allocations: tuple[Allocation, ...]
    credit_fen: int


class Reversed(Struct, frozen=True):
    """A posting that the core took back, in whole or in part."""

    reversal_no: str
    posting_no: str
    account_no: str
    amount_fen: int
    reversed_at: Instant


class Booked(Struct, frozen=True):
    """What the core posted for an order, and what of it went back."""

    postings: tuple[Posted, ...]
    reversals: tuple[Reversed, ...]


class ServiceOrder(Struct, frozen=True):
    """Work that the core has in hand, and how far it is."""

    service_order_no: str
    status: str


class _Bill(Struct):
    bill_no: str


class _Verdict(Struct):
    verified: bool


class _Problem(Struct):
    code: str
    message: str
    field: str | None = None


class _Answer(Struct):
    error: _Problem


@dataclass(frozen=True)
class Feed:
    """A piece of the change feed: NDJSON lines, where to go on, and the newest number there is."""

    lines: bytes
    next_after: int
    latest: int


T = TypeVar("T")


class CoreClient:
    """A client of the core, safe to share between threads."""

    def __init__(self, base_url: str, token: str, *, timeout: float = 5.0) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
        self._http = Outbound(base_url, timeout=timeout, headers=headers, name="core")
        self._asking_seconds = min(timeout, ASKING_SECONDS)

    @classmethod
    def from_settings(cls, settings: Settings) -> "CoreClient":
        """The client that the settings describe. Raises SettingsError."""
        if not isinstance(settings, ServiceSettings):
            settings = load(ServiceSettings, var=settings.var)
        token = settings.core_token.get_secret_value()
        return cls(settings.core_url, token, timeout=settings.core_timeout)

    def verify(self, account_no: str, holder_name: str, phone_last4: str) -> bool:
        """Whether name and last four of the phone are those of the account's holder.

        An account that the core does not know is not verified either. A customer waits for the
        answer: one try, `ASKING_SECONDS` at most. Raises Unavailable.
        """
        body = {"holder_name": holder_name, "phone_last4": phone_last4}
        try:
            response = self._http.post(
                f"/v1/accounts/{quote(account_no, safe='')}/verify",
                json=body,
                timeout=self._asking_seconds,
            )
        except OutboundError as error:
            if error.status in (404, 422):
                return False
            raise _refusal(error) from error
        return _read(response, _Verdict).verified

    def balance(self, account_no: str) -> Balance:
        """The account's balance and outstanding bills now. Raises NotFound, Unavailable."""
        try:
            response = self._http.get(f"/v1/accounts/{quote(account_no, safe='')}/balance")
        except OutboundError as error:
            raise _refusal(error, account_no=account_no) from error
        return _read(response, Balance)

    def post(
        self,
        *,
        key: str,
        account_no: str,
        amount_fen: int,
        channel: str,
        order_no: str,
        paid_at: datetime,
        bill_nos: Sequence[str] = (),
    ) -> Posted:
        """Post a payment once for `key`, however often it is asked; `bill_nos` are settled first.

        Raises NotFound (account), Conflict (the key was used for something else), Refused (the
        core takes no such posting), Unavailable (not known whether it was posted: ask again with
        the same key).
        """
        body: dict[str, Any] = {
            "account_no": account_no,
            "amount_fen": amount_fen,
            "channel": channel,
            "order_no": order_no,
            "paid_at": paid_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        if bill_nos:
            body["bill_nos"] = list(bill_nos)
        try:
            response = self._http.post(
                "/v1/postings", idempotent=True, json=body, headers={"Idempotency-Key": key}
            )
        except OutboundError as error:
            raise _refusal(error, account_no=account_no, order_no=order_no) from error
        return _read(response, Posted)

    def reverse(
        self, *, key: str, posting_no: str, amount_fen: int, reason: str, order_no: str
    ) -> Reversed:
        """Take a posting back once for `key`, however often it is asked, whole or in part.

        `reason` is a code of lower-case letters and `_`. Raises NotFound (posting), Conflict
        ("reversal.too_much": more than is left of the posting; "reversal.key_reused"), Refused (the
        core takes no such reversal), Unavailable (not known whether it was reversed: ask again
        with the same key).
        """
        body = {"amount_fen": amount_fen, "reason": reason, "order_no": order_no}
        try:
            response = self._http.post(
                f"/v1/postings/{quote(posting_no, safe='')}/reversals",
                idempotent=True,
                json=body,
                headers={"Idempotency-Key": key},
            )
        except OutboundError as error:
            raise _no_reversal(error, posting_no=posting_no, order_no=order_no) from error
        return _read(response, Reversed)

    def booked(self, order_no: str) -> Booked:
        """What the core has of an order now. A customer waits for the answer: one try,
        `ASKING_SECONDS` at most. Raises Unavailable.
        """
        try:
            response = self._http.get_once(
                "/v1/postings", params={"order_no": order_no}, timeout=self._asking_seconds
            )
        except OutboundError as error:
            raise Unavailable("core.unavailable") from error
        return _read(response, Booked)

    def open_order(
        self, *, key: str, kind: str, account_no: str | None, details: dict[str, Any]
    ) -> str:
        """The number of a service order, made once for `key`, however often it is asked.

        Raises NotFound (account), Conflict ("service_order.key_reused"), Refused (the core takes
        no such order), Unavailable (not known whether it was made: ask again with the same key).
        """
        body = {"kind": kind, "account_no": account_no, "details": details}
        try:
            response = self._http.post(
                "/v1/service-orders",
                idempotent=True,
                json=body,
                headers={"Idempotency-Key": key},
            )
        except OutboundError as error:
            raise _no_order(error) from error
        return _read(response, ServiceOrder).service_order_no

    def order(self, service_order_no: str) -> ServiceOrder:
        """A service order as it is now. Raises NotFound and Unavailable."""
        try:
            response = self._http.get(_order_path(service_order_no))
        except OutboundError as error:
            raise _no_order(error) from error
        return _read(response, ServiceOrder)

    def move_order(
        self, service_order_no: str, status: str, details: dict[str, Any] | None = None
    ) -> ServiceOrder:
        """Bring a service order to a status; one that has it stays so.

        Raises NotFound (order), Conflict ("service_order.cannot_move": it has gone another way)
        and Unavailable: ask again.
        """
        body: dict[str, Any] = {"status": status} | ({"details": details} if details else {})
        try:
            response = self._http.patch(_order_path(service_order_no), json=body)
        except OutboundError as error:
            raise _no_order(error) from error
        return _read(response, ServiceOrder)

    def rebill(self, bill_no: str) -> list[str]:
        """Have a bill made again from the readings as they now are; the numbers of all new bills.

        Raises NotFound (bill), Conflict("bill.cannot_rebill": the bill was replaced already),
        Refused (it cannot be billed), Unavailable (not known whether it was made: asked again, the
        core says that it was replaced).
        """
        try:
            response = self._http.post(f"/v1/bills/{quote(bill_no, safe='')}/rebill")
        except OutboundError as error:
            raise _no_rebill(error, bill_no=bill_no) from error
        return [bill.bill_no for bill in _read(response, list[_Bill])]

    def settlement(self, day: date, folder: Path) -> Path:
        """The core's file of a civil day, `core-<day>.csv` in a folder (see `service.settlement`).

        It comes piece by piece and stands there whole and checked, or not at all. Raises
        Unavailable, and Refused("settlement.malformed") when it is not what its headers say.
        """
        final = folder / f"core-{day}.csv"
        with files.draft(final) as draft, draft.open("w+b") as file:
            headers = self._save(day, file)
            file.seek(0)
            settlement.check(file, headers)
        return final

    def _save(self, day: date, file: BinaryIO) -> httpx.Headers:
        try:
            return self._http.save(
                f"/v1/settlements/{day}",
                file,
                most=settlement.LARGEST_BYTES,
                timeout=SETTLEMENT_SECONDS,
            )
        except TooLarge as error:
            raise Refused("settlement.malformed", reason="too_large") from error
        except OutboundError as error:
            raise Unavailable("core.unavailable") from error

    def changes(self, after: int, limit: int) -> Feed:
        """Up to `limit` changes that come after a number. Raises Unavailable."""
        try:
            response = self._http.get("/v1/changes", params={"after": after, "limit": limit})
        except OutboundError as error:
            raise _refusal(error) from error
        return Feed(
            response.content, _number(response, "X-Next-After"), _number(response, "X-Latest")
        )

    def close(self) -> None:
        self._http.close()


def _read(response: httpx.Response, form: type[T]) -> T:
    try:
        return msgspec.json.decode(response.content, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unavailable("core.unavailable") from error


def _order_path(service_order_no: str) -> str:
    return f"/v1/service-orders/{quote(service_order_no, safe='')}"


def _number(response: httpx.Response, header: str) -> int:
    try:
        return int(response.headers[header])
    except (KeyError, ValueError) as error:
        raise Unavailable("core.unavailable") from error


def _refusal(error: OutboundError, **params: Any) -> Refused:
    if error.status == 404:
        return NotFound("account.not_found", **params)
    if error.status == 409:
        return Conflict("posting.key_reused", **params)
    if error.status == 422:
        return Refused("posting.refused", reason=_reason(error.body), **params)
    return Unavailable("core.unavailable")


def _no_reversal(error: OutboundError, **params: Any) -> Refused:
    if error.status == 404:
        return NotFound("posting.not_found", **params)
    if error.status == 409:
        too_much = _reason(error.body) == "reversal.too_much"
        return Conflict("reversal.too_much" if too_much else "reversal.key_reused", **params)
    if error.status == 422:
        return Refused("reversal.refused", reason=_reason(error.body), **params)
    return Unavailable("core.unavailable")


def _no_order(error: OutboundError) -> Refused:
    if error.status == 404:
        return NotFound("service_order.not_found")
    if error.status == 409:
        moved_on = _reason(error.body) == "service_order.cannot_move"
        return Conflict("service_order.cannot_move" if moved_on else "service_order.key_reused")
    if error.status == 422:
        return Refused("service_order.refused", reason=_reason(error.body))
    return Unavailable("core.unavailable")


def _no_rebill(error: OutboundError, **params: Any) -> Refused:
    if error.status == 404:
        return NotFound("bill.not_found", **params)
    if error.status == 409:
        return Conflict("bill.cannot_rebill", **params)
    if error.status == 422:
        return Refused("bill.rebill_failed", reason=_reason(error.body), **params)
    return Unavailable("core.unavailable")


def _reason(body: str) -> str:
    """The core's own code for its refusal, for the log; never shown to a customer."""
    try:
        return msgspec.json.decode(body, type=_Answer).error.code
    except msgspec.MsgspecError:
        return "unknown"
