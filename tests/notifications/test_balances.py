"""A balance below its user's threshold, and one that is used up."""

import pytest
from sqlalchemy.orm import Session

from notifications import balances
from service.events import BalanceSank
from tests.notifications.said import assert_said_everywhere, in_the_inbox, said
from tests.service.builders import create_user

LINK = "https://denghuo.example/pay"


@pytest.mark.parametrize(
    ("balance_fen", "kind", "words"),
    [
        (
            1860,
            "balance.sank",
            f"户号尾号 0042 的余额还有 18.60 元，低于您定的 30.00 元。充值：{LINK}",
        ),
        (-520, "balance.spent", f"户号尾号 0042 的余额用完了，还差 5.20 元。请尽快充值：{LINK}"),
    ],
)
def test_it_says_what_is_left_or_missing(
    session: Session, balance_fen: int, kind: str, words: str
) -> None:
    user = create_user(session)
    balances.on_sank(session, BalanceSank(user.id, "420011870042", balance_fen, 3000, LINK))
    assert said(session, kind) == [words]
    assert in_the_inbox(session, user.id) == [kind]
    assert_said_everywhere(session, kind)
