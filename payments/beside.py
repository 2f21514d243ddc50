"""What stands beside a bill that is to be paid, asked in one question: its page is seen all day."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, literal_column, select
from sqlalchemy.orm import Session

from payments.agreements.models import AgreementDebit
from runtime.questions import Question, asked
from service.models import Reversal


@dataclass(frozen=True)
class Beside:
    """`taken_back`: whether the core ever took money of the account's payments back; `debit_on`:
    on which day the bill is debited under an agreement."""

    taken_back: bool
    debit_on: date | None


def beside(session: Session, account_no: str, bill_no: str) -> Beside:
    """The caller has checked that the asker may see the bill."""
    [row] = _BESIDE.ask(session, account_no=account_no, bill_no=bill_no)
    return Beside(*row)


_BESIDE = Question(
    select(
        exists().where(Reversal.account_no == asked("account_no")),
        select(AgreementDebit.day)
        .where(
            AgreementDebit.bill_no == asked("bill_no"),
            AgreementDebit.state == literal_column("'planned'"),  # said plainly, the index is found
        )
        .scalar_subquery(),
    )
)
