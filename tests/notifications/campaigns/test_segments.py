"""Whom a query finds: by class, tariff, place, habit, arrears and reach; news by consent alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.campaigns import segments
from notifications.campaigns.estimating import estimate
from notifications.campaigns.segments import Criteria
from notifications.preferences.models import NoticeChoice
from runtime import clock
from runtime.errors import Conflict, Refused
from service.insight.models import LateScore
from service.models import Account, User
from tests.service.builders import (
    create_bill,
    create_customer,
    create_link,
    create_service_point,
    create_user,
)

KIND = "usage.campaign"
WORDS = {each: {"title": "t", "text": "x" * 40} for each in ("zh", "en")}


def _found(session: Session, criteria: Criteria, kind: str = KIND) -> set[int]:
    return set(session.scalars(segments.people(criteria, kind)))


def _scored(session: Session, account: Account, band: str) -> None:
    score = {"low": 0.1, "middle": 0.4, "high": 0.8}[band]
    session.add(
        LateScore(
            account_no=account.account_no,
            score=score,
            band=band,
            reasons=[],
            model_no=1,
            at=clock.now(),
        )
    )
    session.flush()


def _agrees(session: Session, user: User, channel: str = "sms") -> None:
    session.add(
        NoticeChoice(user_id=user.id, topic="news", channel=channel, is_on=True, set_at=clock.now())
    )
    session.flush()


def test_an_empty_query_is_everybody_who_pays_once(session):
    user, _account = create_customer(session)
    _second, other = create_customer(session)
    create_link(session, user, other, "payer")
    create_link(session, create_user(session), other, "family_helper")
    assert _found(session, Criteria()) == {user.id, _second.id}


def test_class_tariff_and_place_must_all_fit(session):
    home, at_home = create_customer(session)
    create_service_point(session, at_home, "zj-residential", area="T-1")
    shop, at_shop = create_customer(session, kind="commercial")
    create_service_point(session, at_shop, "zj-business", area="T-1")
    assert _found(session, Criteria(classes=("commercial",))) == {shop.id}
    assert _found(session, Criteria(tariffs=("zj-residential",))) == {home.id}
    assert _found(session, Criteria(areas=("T-1",))) == {home.id, shop.id}
    assert _found(session, Criteria(areas=("T-2",), classes=("commercial",))) == set()


def test_tariff_and_place_are_of_the_same_service_point(session):
    _user, account = create_customer(session)
    create_service_point(session, account, "zj-residential", area="T-1")
    create_service_point(session, account, "zj-residential-tou", area="T-2")
    assert _found(session, Criteria(tariffs=("zj-residential",), areas=("T-2",))) == set()


def test_habit_and_arrears(session):
    often, account = create_customer(session)
    _scored(session, account, "high")
    late = clock.today() - timedelta(days=1)
    create_bill(session, account, due=late)
    never, other = create_customer(session)
    _scored(session, other, "low")
    create_bill(session, other, due=clock.today())
    assert _found(session, Criteria(bands=("high", "middle"))) == {often.id}
    assert _found(session, Criteria(in_arrears=True)) == {often.id}
    assert _found(session, Criteria(bands=("low",))) == {never.id}


def test_news_goes_to_those_alone_who_agreed(session):
    agreed, _account = create_customer(session)
    create_customer(session)
    _agrees(session, agreed)
    assert _found(session, Criteria(), "news.campaign") == {agreed.id}


def test_who_left_is_not_found(session):
    gone, _account = create_customer(session)
    gone.disabled_at = clock.now()
    _user, closed = create_customer(session)
    closed.closed = clock.today()
    session.flush()
    assert _found(session, Criteria()) == set()


def test_an_estimate_counts_people_messages_and_money(session):
    for _each in range(3):
        create_customer(session)
    found = estimate(session, Criteria(), KIND, WORDS, "/usage", 2)
    assert (found.people, found.minutes, found.sampled) == (3, 2, False)
    assert found.by_channel == {"sms": 3}
    assert found.segments == 3 * 2  # 40 letters, the link and the signature are more than 70
    assert found.cost_fen > 0


def test_who_switched_it_off_costs_nothing(session):
    user, _account = create_customer(session)
    session.add(
        NoticeChoice(user_id=user.id, topic="usage", channel="sms", is_on=False, set_at=clock.now())
    )
    session.flush()
    found = estimate(session, Criteria(), KIND, WORDS, "/usage", 2)
    assert (found.by_channel, found.segments, found.cost_fen) == ({"inbox": 1}, 0, 0)


def test_a_kept_query_has_one_name_and_can_be_forgotten(session):
    writer = create_user(session)
    criteria = Criteria(classes=("commercial",), in_arrears=True)
    kept = segments.keep(session, " 商户欠费 ", criteria, by=writer.id)
    assert (kept.name, segments.criteria_of(kept.criteria)) == ("商户欠费", criteria)
    with pytest.raises(Conflict):
        segments.keep(session, "商户欠费", Criteria(), by=writer.id)
    with pytest.raises(Refused, match=r"segment\.no_name"):
        segments.keep(session, "  ", Criteria(), by=writer.id)
    segments.forget(session, kept.id)
    assert segments.segments(session) == []
    assert session.scalars(select(User)).all()
