"""Blind indexes of accounts that came before there were any."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from runtime.crypto import blind_index
from runtime.database import Database
from service.models import ACCOUNT_PHONE, HOLDER_NAME, Account

PIECE = 1000
"""Accounts of one transaction."""


def fill(database: Database) -> int:
    """Index every account that has no index yet; returns how many there were.

    It costs one look at an empty index when there are none.
    """
    filled = 0
    while True:
        with database.unit_of_work() as session:
            piece = _fill_piece(session)
        filled += piece
        if piece < PIECE:
            return filled


def _fill_piece(session: Session) -> int:
    """Index some. A row that the sync writes just now is left to it."""
    found = session.scalars(
        select(Account)
        .where(Account.phone_index.is_(None))
        .order_by(Account.account_no)
        .limit(PIECE)
        .with_for_update(skip_locked=True)
    ).all()
    for account in found:
        account.phone_index = blind_index(account.phone, ACCOUNT_PHONE)
        account.holder_name_index = blind_index(account.holder_name, HOLDER_NAME)
    return len(found)
