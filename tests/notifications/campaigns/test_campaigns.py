"""A campaign tells each of its people once, at its pace, with leave of a second person."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications import figures, notices
from notifications.campaigns import course, feeding
from notifications.campaigns.course import Plan
from notifications.campaigns.estimating import Estimate, estimate
from notifications.campaigns.models import Campaign
from notifications.campaigns.results import outcomes, results
from notifications.campaigns.segments import Criteria
from notifications.kinds import Level
from notifications.models import Notice
from notifications.posting import message
from runtime import clock
from runtime.errors import Conflict, Refused
from service import approvals
from service.events import ActionApproved, ActionDeclined
from service.models import User
from tests.notifications.said import assert_said_everywhere
from tests.service.builders import create_customer, create_user

WORDS = {
    "zh": {"title": "低谷用电更便宜", "text": "晚上 10 点以后洗衣服，一度便宜 0.30 元。"},
    "en": {"title": "Night power costs less", "text": "After 22:00 a kWh costs 0.30 yuan less."},
}


def _plan(**fields: object) -> Plan:
    values: dict[str, object] = {
        "name": "低谷提醒",
        "kind": "usage.campaign",
        "criteria": Criteria(),
        "words": WORDS,
        "link": "/usage",
        "starts_at": clock.now() - timedelta(minutes=1),
        "per_minute": 2,
    }
    return Plan(**values | fields)  # type: ignore[arg-type]


@pytest.fixture
def writer(session: Session) -> User:
    return create_user(session, staff_role="lead")


def _estimate(session: Session, plan: Plan) -> Estimate:
    return estimate(session, plan.criteria, plan.kind, plan.words, plan.link, plan.per_minute)


def _approved(session: Session, writer: User, plan: Plan) -> Campaign:
    campaign = course.write(session, plan, by=writer.id)
    course.ask(session, campaign.id, _estimate(session, plan), "省电", by=writer.id)
    (asked,) = approvals.waiting(session, [course.APPROVAL])
    second = create_user(session, staff_role="admin")
    facts = approvals._told(asked) | {"decided_by": second.id}
    course.on_approved(session, ActionApproved(**facts))
    return campaign


def _minute(session: Session, campaign: Campaign) -> int:
    feeding.begin_due(session)
    return feeding.feed(session, campaign.id)


def _states(session: Session) -> list[str]:
    return list(session.scalars(select(Notice.state).order_by(Notice.id)))


def test_nobody_sends_alone(session, writer):
    create_customer(session)
    plan = _plan()
    campaign = course.write(session, plan, by=writer.id)
    course.ask(session, campaign.id, _estimate(session, plan), "省电", by=writer.id)
    assert campaign.state == "asked"
    assert _minute(session, campaign) == 0
    (asked,) = approvals.waiting(session, [course.APPROVAL])
    with pytest.raises(Refused, match=r"approval\.own"):
        approvals.approve(session, asked.id, by=writer.id)


def test_a_declined_one_is_a_draft_again(session, writer):
    create_customer(session)
    plan = _plan()
    campaign = course.write(session, plan, by=writer.id)
    course.ask(session, campaign.id, _estimate(session, plan), "省电", by=writer.id)
    (asked,) = approvals.waiting(session, [course.APPROVAL])
    facts = approvals._told(asked) | {"decided_by": create_user(session).id}
    course.on_declined(session, ActionDeclined(**facts, note="太晚"))
    assert course.rewrite(session, campaign.id, _plan(name="早一点")).name == "早一点"


def test_everybody_is_told_once_at_its_pace(session, writer):
    people = {create_customer(session)[0].id for _each in range(5)}
    campaign = _approved(session, writer, _plan())
    assert [_minute(session, campaign) for _each in range(4)] == [2, 2, 1, 0]
    assert campaign.state == "done"
    assert set(session.scalars(select(Notice.user_id))) == people
    assert campaign.people == 5
    assert_said_everywhere(session, "usage.campaign")


def test_before_its_hour_nobody_is_told(session, writer):
    create_customer(session)
    campaign = _approved(session, writer, _plan(starts_at=clock.now() + timedelta(hours=1)))
    assert _minute(session, campaign) == 0
    assert campaign.state == "scheduled"


def test_a_pause_holds_who_waits_and_goes_on(session, writer):
    for _each in range(3):
        create_customer(session)
    campaign = _approved(session, writer, _plan())
    _minute(session, campaign)
    course.pause(session, campaign.id)
    assert _minute(session, campaign) == 0
    assert {each.year for each in session.scalars(select(Notice.not_before))} == {9999}
    course.resume(session, campaign.id)
    assert all(each <= clock.now() for each in session.scalars(select(Notice.not_before)))
    assert _minute(session, campaign) == 1


def test_a_pause_holds_what_is_written_but_not_handed_over(session, writer):
    people = [create_customer(session)[0] for _each in range(2)]
    campaign = _approved(session, writer, _plan())
    _minute(session, campaign)
    first, second = session.scalars(select(Notice).order_by(Notice.id))
    ways = []
    for notice, user, state in zip((first, second), people, ("waiting", "sent"), strict=True):
        way = message("sms", user.phone, campaign.kind, Level.SERVICE, [notice], "zh")
        way.state = state
        session.add(way)
        session.flush()
        notice.state, notice.message_id = "composed" if state == "waiting" else "told", way.id
        ways.append(way)
    session.flush()
    course.pause(session, campaign.id)
    session.expire_all()
    assert [each.state for each in ways] == ["withdrawn", "sent"]
    assert (first.state, first.message_id, first.not_before.year) == ("waiting", None, 9999)
    assert second.state == "told"
    course.resume(session, campaign.id)
    session.expire_all()
    assert first.not_before <= clock.now() < first.expires_at


def test_what_waits_for_the_morning_can_still_be_stopped(session, writer):
    create_customer(session)
    campaign = _approved(session, writer, _plan())
    assert [_minute(session, campaign) for _each in range(2)] == [1, 0]
    assert campaign.state == "done"
    course.stop(session, campaign.id)
    assert _states(session) == ["withdrawn"]


def test_a_stop_takes_back_who_waits_for_good(session, writer):
    for _each in range(3):
        create_customer(session)
    campaign = _approved(session, writer, _plan())
    _minute(session, campaign)
    course.stop(session, campaign.id)
    assert _states(session) == ["withdrawn", "withdrawn"]
    assert _minute(session, campaign) == 0
    with pytest.raises(Conflict):
        course.resume(session, campaign.id)


def test_a_message_on_its_way_says_nothing_once_it_is_stopped(session, writer):
    create_customer(session)
    campaign = _approved(session, writer, _plan())
    _minute(session, campaign)
    course.stop(session, campaign.id)
    waiting = list(session.scalars(select(Notice)))
    assert figures.read(session, waiting, "zh") == [None]


def test_words_are_in_both_languages_and_short(session, writer):
    for words, code in (
        ({"zh": WORDS["zh"]}, "no_words"),
        (WORDS | {"zh": {"title": "好", "text": "长" * 121}}, "words_long"),
    ):
        with pytest.raises(Refused, match=code):
            course.write(session, _plan(words=words), by=writer.id)


def test_a_campaign_for_nobody_is_not_asked_for(session, writer):
    plan = _plan()
    campaign = course.write(session, plan, by=writer.id)
    with pytest.raises(Refused, match=r"campaign\.nobody"):
        course.ask(session, campaign.id, _estimate(session, plan), "省电", by=writer.id)


def test_results_count_each_person_once(session, writer):
    for _each in range(2):
        create_customer(session)
    campaign = _approved(session, writer, _plan())
    _minute(session, campaign)
    first = session.scalars(select(Notice).order_by(Notice.id)).first()
    assert first is not None
    notices.withdraw(session, Notice.id == first.id, reason="stopped")
    found = results(session, campaign.id)
    assert (found.people, found.waiting, found.withdrawn, found.told) == (2, 1, 1, 0)
    assert [each.state for each in outcomes(session, campaign.id)] == ["withdrawn", "waiting"]
