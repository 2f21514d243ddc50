"""Unusual use and a tier that ends, told to those who may see the use."""

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from notifications import usage
from service.events import TierNear, UnusualUsage
from tests.notifications.said import assert_said_everywhere, notices, said
from tests.service.builders import create_customer, create_link, create_user

DAY = date(2026, 11, 11)


def _near(account_no: str, extra: Decimal | None) -> TierNear:
    return TierNear(account_no, "SP1", "2027-01", 1, Decimal("40.00"), date(2026, 11, 13), extra)


def test_a_day_is_told_to_those_who_may_see_it(session: Session) -> None:
    owner, account = create_customer(session, account_no="420011870042")
    create_link(session, create_user(session), account, "payer")
    event = UnusualUsage(account.account_no, "SP1", DAY, 14_200, 5_100)
    usage.on_unusual(session, event)
    usage.on_unusual(session, event)
    assert [each.user_id for each in notices(session, "usage.unusual")] == [owner.id]
    assert said(session, "usage.unusual", channel="push") == [
        "户号尾号 0042，平常一天 5.1 度左右。看看是不是有电器忘了关。"
    ]
    assert_said_everywhere(session, "usage.unusual")


def test_a_tier_says_when_and_how_much_dearer(session: Session) -> None:
    _owner, account = create_customer(session, account_no="420011870042")
    usage.on_tier_near(session, _near(account.account_no, Decimal("0.05")))
    assert said(session, "usage.tier_near", channel="push") == [
        "户号尾号 0042，11 月 13 日前后会到，到了每度贵 0.05 元，前面用的不变。"
    ]
    assert_said_everywhere(session, "usage.tier_near")


def test_where_the_hour_decides_no_sum_is_named(session: Session) -> None:
    _owner, account = create_customer(session, account_no="420011870042")
    usage.on_tier_near(session, _near(account.account_no, None))
    assert said(session, "usage.tier_near", "en", "push") == [
        "Account ending 0042, about 13 November. From there it is a little dearer per kWh; "
        "what you used so far stays."
    ]


def test_a_tier_is_told_once_for_each_count(session: Session) -> None:
    _owner, account = create_customer(session)
    for _day in range(2):
        usage.on_tier_near(session, _near(account.account_no, None))
    assert len(notices(session, "usage.tier_near")) == 1
