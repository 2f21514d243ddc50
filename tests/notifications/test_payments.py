"""Money that arrived, or was taken off again, is told once to everybody who pays."""

from datetime import timedelta

from sqlalchemy.orm import Session

from notifications import payments
from runtime import clock
from service.events import PaymentPosted, PaymentReversed
from tests.notifications.said import assert_said_everywhere, in_the_inbox, notices, said
from tests.service.builders import create_customer, create_link, create_posting, create_user


def _posted(account_no: str, posting_no: str, days_ago: int = 0) -> PaymentPosted:
    at = clock.now() - timedelta(days=days_ago)
    return PaymentPosted(posting_no, account_no, "O1", 14951, at)


def test_everybody_who_pays_reads_that_it_has_arrived(session: Session) -> None:
    owner, account = create_customer(session, account_no="420011870042")
    payer = create_user(session)
    create_link(session, payer, account, "payer")
    posting = create_posting(session, account, 14951, channel="alipay")
    payments.on_posted(session, _posted(account.account_no, posting.posting_no))
    assert (
        said(session, "payment.received")
        == ["收到了：户号尾号 0042 用支付宝缴的 149.51 元，已经记上账。"] * 2
    )
    for user in (owner, payer):
        assert in_the_inbox(session, user.id) == ["payment.received"]
    assert_said_everywhere(session, "payment.received")


def test_the_same_posting_twice_is_told_once(session: Session) -> None:
    _owner, account = create_customer(session)
    posting = create_posting(session, account)
    for _time in range(2):
        payments.on_posted(session, _posted(account.account_no, posting.posting_no))
    assert len(notices(session, "payment.received")) == 1


def test_money_of_long_ago_is_no_news(session: Session) -> None:
    owner, account = create_customer(session)
    payments.on_posted(session, _posted(account.account_no, "P1", days_ago=3))
    assert in_the_inbox(session, owner.id) == []


def test_money_taken_off_again_is_told(session: Session) -> None:
    owner, account = create_customer(session)
    event = PaymentReversed("R1", "P1", account.account_no, "O1", 14951, "paid_twice", clock.now())
    payments.on_reversed(session, event)
    assert in_the_inbox(session, owner.id) == ["payment.reversed"]
    assert_said_everywhere(session, "payment.reversed")
