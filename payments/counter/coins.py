"""Cash as it is handed over: the smallest coin in use is one jiao, so sums end in whole jiao.

What a sum lacks to the next jiao is taken too and becomes credit of the account, because no coin
could be given back for it. An order for cash therefore holds a further item of 1 to 9 fen.
"""

from collections.abc import Mapping

from payments.models import OrderItem

SMALLEST_FEN = 10
DENOMINATIONS = (100_00, 50_00, 20_00, 10_00, 5_00, 1_00, 50, 10)
"""Notes of 100 to 1 yuan and coins of 5 and 1 jiao, in fen."""

MOST_PIECES = 100_000
"""Notes of one kind in a drawer; more is a slip of the finger."""


def in_coins(fen: int) -> bool:
    """Whether a sum can be handed over in coins and notes."""
    return fen % SMALLEST_FEN == 0


def rest_fen(fen: int) -> int:
    """What a sum lacks to the next whole jiao, 0 to 9 fen."""
    return -fen % SMALLEST_FEN


def rounded(items: list[OrderItem]) -> list[OrderItem]:
    """The items, and what their sum lacks to whole jiao as credit of the first account."""
    rest = rest_fen(sum(item.amount_fen for item in items))
    if not rest:
        return items
    account_no = items[0].account_no
    credit = OrderItem(account_no=account_no, principal_fen=rest, late_fen=0, amount_fen=rest)
    return [*items, credit]


def counted_fen(pieces: Mapping[int, int]) -> int:
    """What so many pieces of each denomination come to."""
    return sum(denomination * count for denomination, count in pieces.items())
