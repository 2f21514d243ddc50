"""Postings: money received, money that went back, and the daily file of both."""

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, StringConstraints

from core import published
from core.api.errors import CONFLICT, NOT_FOUND
from core.api.forms import (
    AccountNo,
    BillNo,
    Day,
    Given,
    IdempotencyKey,
    Instant,
    PositiveFen,
    Told,
    Unit,
)
from core.billing.of_order import booked
from core.billing.postings import Payment, post
from core.billing.reversals import Withdrawal, reverse
from core.billing.settlement_file import settlement_file

router = APIRouter(tags=["postings"])

OrderNo = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$"),
    Field(description="The payer's order, by which both sides reconcile", examples=["P26110"]),
]
PostingPath = Annotated[
    str,
    Path(pattern=r"^[0-9A-Za-z-]{1,24}$", examples=["P000000000001"]),
]


class PaymentGiven(Given):
    """Money received for an account."""

    account_no: Annotated[AccountNo, Field(examples=["420011875603"])]
    amount_fen: Annotated[PositiveFen, Field(examples=[12345])]
    channel: Annotated[
        str, StringConstraints(pattern=r"^[a-z_]{1,16}$"), Field(examples=["wechat"])
    ]
    order_no: OrderNo
    paid_at: Annotated[Instant, Field(description="When the customer paid; late charges end here")]
    bill_nos: list[BillNo] = Field(
        default=[], max_length=500, description="Bills to settle before all others"
    )


class Allocation(Told):
    """What went to one bill, or came from it."""

    bill_no: str
    principal_fen: int
    late_fee_fen: int


class PostingTold(Told):
    """A payment as it was posted."""

    posting_no: str = Field(examples=["P000000000001"])
    account_no: str
    amount_fen: int
    channel: str
    order_no: str
    paid_at: datetime
    posted_at: datetime
    allocations: list[Allocation]
    credit_fen: int = Field(description="What was left, and is credit for later bills")


@router.post(
    "/v1/postings",
    status_code=201,
    response_model=PostingTold,
    responses={200: {"model": PostingTold, "description": "Posted before"}} | NOT_FOUND | CONFLICT,
)
def postings(
    unit: Unit, response: Response, payment: PaymentGiven, idempotency_key: IdempotencyKey
) -> dict[str, Any]:
    """Post money received, once. Named bills are settled first, then the one due first."""
    bills = tuple(payment.bill_nos)
    received = Payment(**payment.model_dump(exclude={"bill_nos"}), bill_nos=bills)
    done = post(unit, received, idempotency_key)
    response.status_code = 200 if done.replayed else 201
    return published.posting_data(done.posting, done.account_no)


class WithdrawalGiven(Given):
    """Money of a posting that went back to who paid it."""

    amount_fen: Annotated[PositiveFen, Field(examples=[12345])]
    reason: Annotated[
        str,
        StringConstraints(pattern=r"^[a-z_]{1,32}$"),
        Field(description="A code of the caller's own", examples=["paid_twice"]),
    ]
    order_no: Annotated[OrderNo, Field(description="That of the posting")]


class ReversalTold(Told):
    """A reversal as it was booked."""

    reversal_no: str = Field(examples=["R000000000001"])
    posting_no: str
    account_no: str
    amount_fen: int
    reason: str
    order_no: str
    reversed_at: datetime
    allocations: list[Allocation] = Field(
        description="What is owed again of each bill, and what of its late charges was given back"
    )
    credit_fen: int = Field(description="What of it was unspent credit")


@router.post(
    "/v1/postings/{posting_no}/reversals",
    status_code=201,
    response_model=ReversalTold,
    responses={200: {"model": ReversalTold, "description": "Reversed before"}}
    | NOT_FOUND
    | CONFLICT,
)
def reversals(
    unit: Unit,
    response: Response,
    posting_no: PostingPath,
    withdrawal: WithdrawalGiven,
    idempotency_key: IdempotencyKey,
) -> dict[str, Any]:
    """Take a posting back, whole or in part, once: unspent credit first, then what it settled."""
    done = reverse(unit, Withdrawal(posting_no, **withdrawal.model_dump()), idempotency_key)
    response.status_code = 200 if done.replayed else 201
    return published.reversal_data(done.reversal, done.posting, done.account_no)


class BookedTold(Told):
    """What was posted for an order, and what of it went back."""

    postings: list[PostingTold]
    reversals: list[ReversalTold]


@router.get("/v1/postings", response_model=BookedTold)
def postings_of_order(
    unit: Unit,
    order_no: Annotated[
        str,
        Query(
            pattern=r"^[0-9A-Za-z_-]{1,64}$",
            description="The payer's order",
            examples=["P26110"],
        ),
    ],
) -> dict[str, Any]:
    """Where the money of an order is: both lists are empty while nothing was posted."""
    found = booked(unit, order_no)
    return {
        "postings": [published.posting_data(*each) for each in found.postings],
        "reversals": [published.reversal_data(*each) for each in found.reversals],
    }


class Table(StreamingResponse):
    """Comma-separated values in UTF-8."""

    media_type = "text/csv"


_FILE = {
    "description": "A header, a row for each posting and, with a negative amount, for each "
    "reversal, by the time of booking; last the row `total,<count>,<sum in fen>`.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
    "headers": {
        "X-Count": {"schema": {"type": "integer"}, "description": "Rows between first and last"},
        "X-Sum-Fen": {"schema": {"type": "integer"}, "description": "Their sum"},
        "X-Content-SHA256": {
            "schema": {"type": "string"},
            "description": "SHA-256 of the body, hexadecimal",
        },
    },
}
PIECE = 65_536


@router.get("/v1/settlements/{day}", response_class=Table, responses={200: _FILE})
def settlements(
    request: Request, day: Annotated[Day, Path(description="Civil day in China")]
) -> Response:
    """The postings and reversals of a civil day, to reconcile against. Today's still grows."""
    file = settlement_file(request.app.state.database, day)
    headers = {
        "Content-Length": str(file.size),
        "X-Count": str(file.count),
        "X-Sum-Fen": str(file.sum_fen),
        "X-Content-SHA256": file.sha256,
    }
    return Table(_pieces(file.content), headers=headers)


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        while piece := content.read(PIECE):
            yield piece
