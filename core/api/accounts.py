"""Accounts: who holds them, what is owed, and corrections by hand."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from core import published
from core.api.errors import CONFLICT, NOT_FOUND
from core.api.forms import (
    AccountPath,
    AccountTold,
    Given,
    IdempotencyKey,
    Name,
    Sentence,
    SignedFen,
    Told,
    Unit,
)
from core.billing import accounts
from core.billing.adjustments import adjust

router = APIRouter(prefix="/v1/accounts/{account_no}", tags=["accounts"])


class Proof(Given):
    """What someone says who claims to be the holder."""

    holder_name: Annotated[Name, Field(examples=["陈大文"])]
    phone_last4: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9]{4}$"),
        Field(description="Last four digits of the registered phone", examples=["5678"]),
    ]


class Verified(Told):
    """Whether the proof holds. An unknown account is told from a wrong proof by nothing."""

    verified: bool


class OpenBillTold(Told):
    """An issued bill that is not settled."""

    bill_no: str
    period: str
    due: date
    outstanding_fen: int = Field(description="What is left of the bill, without late charge")
    late_fee_fen: int = Field(description="The late charge if all of it were paid today")


class BalanceTold(Told):
    """What is owed in all, and by which bills."""

    account_no: str
    balance_fen: int = Field(description="Positive is owed, negative is credit")
    at: datetime
    outstanding: list[OpenBillTold] = Field(description="The bill due first in front")


class Correction(Given):
    """An amount to book on the account, and who answers for it."""

    amount_fen: Annotated[SignedFen, Field(examples=[-500])]
    reason: Annotated[Sentence, Field(examples=["Goodwill for the outage of 3 November"])]
    decided_by: Annotated[Name, Field(examples=["desk-07"])]


class AdjustmentTold(Told):
    """A correction as it was booked."""

    adjustment_no: str
    account_no: str
    amount_fen: int
    reason: str
    decided_by: str
    booked_at: datetime


@router.get("", response_model=AccountTold, responses=NOT_FOUND)
def account(unit: Unit, account_no: AccountPath) -> dict[str, Any]:
    """The account and its holder."""
    return published.account_data(accounts.find_account(unit, account_no))


@router.get("/balance", response_model=BalanceTold, responses=NOT_FOUND)
def balance(unit: Unit, account_no: AccountPath) -> accounts.Balance:
    """What the account owes, its open bills, and their late charges as of today."""
    return accounts.balance_of(unit, account_no)


@router.post("/verify", response_model=Verified)
def verify(unit: Unit, account_no: AccountPath, proof: Proof) -> Verified:
    """Check what someone knows before an account is bound to them. Limit the tries yourself."""
    right = accounts.verify_holder(unit, account_no, proof.holder_name, proof.phone_last4)
    return Verified(verified=right)


@router.post(
    "/adjustments",
    status_code=201,
    response_model=AdjustmentTold,
    responses={200: {"model": AdjustmentTold, "description": "Booked before"}}
    | NOT_FOUND
    | CONFLICT,
)
def adjustments(
    unit: Unit,
    response: Response,
    account_no: AccountPath,
    correction: Correction,
    idempotency_key: IdempotencyKey,
) -> AdjustmentTold:
    """Correct the balance by hand. Credit settles open bills at once."""
    done = adjust(
        unit,
        account_no,
        correction.amount_fen,
        correction.reason,
        correction.decided_by,
        idempotency_key,
    )
    response.status_code = 200 if done.replayed else 201
    row = done.adjustment
    return AdjustmentTold(
        adjustment_no=row.adjustment_no,
        account_no=account_no,
        amount_fen=row.amount_fen,
        reason=row.reason,
        decided_by=row.decided_by,
        booked_at=row.booked_at,
    )
