"""The desk sees the pages of a customer as they do, and can only look."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from service.audit.models import AuditEntry
from service.models import Link, SignInSession
from tests.portal.conftest import form_token, post, sign_in, staff
from tests.portal.places import says
from tests.portal.staff.customers.conftest import ACCOUNT, BASE, HOLDER

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)


@pytest.fixture
def seen(opened, house):
    """The address under which the agent sees the owner's pages."""
    answer = post(opened, f"{BASE}/as", user=str(house.owner.id))
    address = f"{BASE}/as/{house.owner.id}"
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{address}/")
    return address


@pytest.fixture
def owner(app, house):
    """The owner's own browser."""
    browser = app.test_client()
    sign_in(browser, HOLDER)
    return browser


def pages(database):
    with database.unit_of_work() as session:
        query = select(AuditEntry).where(AuditEntry.deed == "customer.page")
        return [
            (e.subject, e.reason, e.about) for e in session.scalars(query.order_by(AuditEntry.id))
        ]


@pytest.mark.parametrize("path", ["/", "/bills", "/usage", "/usage/2026-11", "/requests"])
def test_every_page_is_the_customers_own(opened, seen, owner, path):
    own = says(owner, path)
    assert own in says(opened, f"{seen}{path}")
    page = opened.get(f"{seen}{path}").text
    assert "您在以客户的身份看" in page
    assert "只能看，每一页都记下来。看到 10:15。" in page


def test_a_bill_is_seen_and_its_links_stay_inside(opened, seen, owner, database):
    page = opened.get(f"{seen}/bills").text
    links = [part.split('"')[0] for part in page.split('href="')[1:]]
    bills = [link for link in links if link.startswith(f"{seen}/bills/2") or "/bills/B" in link]
    assert bills
    assert all(link.startswith(seen) for link in bills)
    inside = says(opened, bills[0])
    assert says(owner, bills[0].removeprefix(seen)) == inside


def test_the_owners_own_page_keeps_its_own_links(opened, seen, owner):
    """What a process keeps ready for one must not be given to the other."""
    for _turn in range(2):
        opened.get(f"{seen}/bills")
        assert "/desk/" not in owner.get("/bills").text
        assert f"{seen}/bills" in opened.get(f"{seen}/").text
    bill = next(
        p.split('"')[0] for p in owner.get("/bills").text.split('href="') if "/bills/B" in p
    )
    opened.get(f"{seen}{bill}")
    assert "/desk/" not in owner.get(bill).text


def test_each_page_is_written_down_before_it_is_shown(opened, seen, house, database):
    opened.get(f"{seen}/bills")
    opened.get(f"{seen}/usage/2026-11")
    reason, who = "客户来电问 10 月的账单", f"user {house.owner.id}"
    assert pages(database) == [
        (ACCOUNT, reason, f"{who} /bills"),
        (ACCOUNT, reason, f"{who} /usage/2026-11"),
    ]


def test_nothing_can_be_done(opened, seen, house, database):
    token = form_token(opened, BASE)
    for path in ("/accounts/bind", "/display", f"/accounts/{ACCOUNT}/name", "/sign-out", "/pay"):
        answer = opened.post(f"{seen}{path}", data={"csrf_token": token, "alias": "换了"})
        assert answer.status_code == 403, path
        assert "不能替客户办事" in answer.text
    with database.unit_of_work() as session:
        assert set(session.scalars(select(Link.alias))) == {None}
    assert opened.get("/desk/customers").status_code == 200  # still signed in as oneself


@pytest.mark.parametrize(
    "path", ["/profile", "/passkeys", "/chat", "/accounts", "/pay", "/inbox", "/desk/refunds"]
)
def test_what_is_not_for_the_desk_is_not_shown(opened, seen, path):
    answer = opened.get(f"{seen}{path}")
    assert answer.status_code in (403, 404), path
    assert "13800138000" not in answer.text


def test_the_pay_button_says_whose_it_is(opened, seen):
    answer = opened.get(f"{seen}/pay")
    assert answer.status_code == 403
    assert "黄色的付款按钮只有客户自己能用" in answer.text
    other = opened.get(f"{seen}/profile").text
    assert "账单、用电、付款记录、停电、营业厅和办事" in other


def test_data_leave_the_house_only_as_an_export(opened, seen):
    assert opened.get(f"{seen}/usage/2026-11").status_code == 200
    answer = opened.get(f"{seen}/usage/2026-11.csv")
    assert (answer.status_code, answer.content_type) == (403, "text/html; charset=utf-8")


def test_nothing_seen_stays_in_the_browser(opened, seen):
    for path in ("/bills", "/profile", "/halls"):
        assert opened.get(f"{seen}{path}").headers["Cache-Control"] == "no-store"


def test_it_is_over_after_a_quarter_of_an_hour(opened, seen):
    with time_machine.travel(NOW + timedelta(minutes=14, seconds=59), tick=False):
        assert opened.get(f"{seen}/bills").status_code == 200
    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        answer = opened.get(f"{seen}/bills")
        assert (answer.status_code, answer.headers["Location"]) == (303, BASE)


def test_it_ends_when_the_agent_says_so(opened, seen):
    answer = post(opened, f"{BASE}/as/end")
    assert (answer.status_code, answer.headers["Location"]) == (303, BASE)
    assert opened.get(f"{seen}/bills").status_code == 303


def test_it_ends_with_the_link_and_with_the_sign_in(opened, seen, house, database):
    with database.unit_of_work() as session:
        session.execute(update(Link).where(Link.user_id == house.owner.id).values(ended_at=NOW))
    assert opened.get(f"{seen}/bills").headers["Location"] == BASE
    with database.unit_of_work() as session:
        session.execute(update(SignInSession).values(revoked_at=NOW))
    door = opened.get(f"{seen}/bills").headers["Location"]
    assert door == "/sign-in"


def test_only_who_began_sees(opened, seen, house, app, database, owner):
    other = staff(app, database, "13800009609", "agent")
    assert other.get(f"{seen}/bills").headers["Location"] == BASE
    field = staff(app, database, "13800009604", "field")
    assert field.get(f"{seen}/bills").status_code == 404
    assert owner.get(f"{seen}/bills").status_code == 404
    stranger = app.test_client()
    assert stranger.get(f"{seen}/bills").headers["Location"] == "/sign-in"
    assert pages(database) == []


def test_nobody_begins_without_a_reason(agent, house):
    answer = post(agent, f"{BASE}/as", user=str(house.owner.id))
    assert answer.headers["Location"] == BASE
    assert agent.get(f"{BASE}/as/{house.owner.id}/").headers["Location"] == BASE


def test_nobody_is_seen_who_does_not_see_the_account(opened, house, database):
    from tests.service.builders import create_user

    with database.unit_of_work() as session:
        stranger = create_user(session)
    assert post(opened, f"{BASE}/as", user=str(stranger.id)).status_code == 404
    assert post(opened, f"{BASE}/as", user="").status_code == 404


def test_large_letters_are_seen_large_whatever_the_agent_chose(opened, house):
    post(opened, "/display", view="plain", next="/desk/customers")
    post(opened, f"{BASE}/as", user=str(house.helper.id))
    assert 'data-mode="elder"' in opened.get(f"{BASE}/as/{house.helper.id}/bills").text
