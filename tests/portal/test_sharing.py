"""Who sees an account: shown to its owner, ended by its owner, and by nobody else."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs

from runtime.database import Database
from service.models import Link
from service.people.events import CodeIssued
from tests.portal.conftest import CoreThatKnows, create_account, create_user, post, sign_in
from tests.portal.places import says
from tests.service import builders

NUMBER = "420011875603"
OWNER, HELPER, NEIGHBOUR, REGISTERED = "13700000001", "13700000002", "13700000003", "13700000004"
PEOPLE = f"/accounts/{NUMBER}/people"


class Home:
    """An account whose owner and helper have signed in, and a neighbour who has nothing."""

    def __init__(self, app: Flask, database: Database) -> None:
        self.app, self.database = app, database
        create_account(database, NUMBER, phone=REGISTERED)
        self.owner = self.move_in(OWNER, "owner", "赵秀禾")
        self.helper = self.move_in(HELPER, "family_helper", "李晓兰")
        self.neighbour = self.move_in(NEIGHBOUR, None)

    def move_in(self, phone: str, role: str | None, name: str | None = None) -> FlaskClient:
        user = create_user(self.database, phone=phone)
        with self.database.unit_of_work() as session:
            session.merge(user).name = name
            if role:
                session.add(Link(user_id=user.id, account_no=NUMBER, role=role))
        client = self.app.test_client()
        sign_in(client, phone=phone)
        return client

    def links(self) -> list[Link]:
        with self.database.unit_of_work() as session:
            return list(session.scalars(select(Link).order_by(Link.id)))

    def end_of(self, number: int) -> str:
        """The address at which a link is ended, by its place in the order of binding."""
        return f"{PEOPLE}/{self.links()[number].id}/end"


@pytest.fixture
def home(app: Flask, database: Database) -> Home:
    return Home(app, database)


def test_an_owner_sees_who_sees_the_account(home: Home) -> None:
    assert f'href="{PEOPLE}"' in home.owner.get("/accounts").text
    page = says(home.owner, PEOPLE)
    assert "赵*禾 · 137 **** 0001户主看账单和用电、缴费、办事" in page
    assert "李*兰 · 137 **** 0002家人看账单和用电，也能替他缴费" in page
    assert page.index("赵*禾") < page.index("您自己") < page.index("李*兰") < page.index("结束")
    assert "晓" not in page
    assert HELPER not in home.owner.get(PEOPLE).text
    assert home.owner.get(PEOPLE).text.count("/end") == 1


def test_an_owner_ends_a_link_and_it_is_worth_nothing_at_once(home: Home) -> None:
    with home.database.unit_of_work() as session:
        account = session.get_one(builders.Account, NUMBER)
        bill = builders.create_bill(session, account).bill_no
    assert home.helper.get(f"/bills/{bill}").status_code == 200
    end = home.end_of(1)
    question = says(home.owner, end)
    assert "李*兰 · 137 **** 0002" in question
    assert "对方看不到这一户的账单和用电" in question
    assert home.helper.get(f"/bills/{bill}").status_code == 200
    with capture_logs() as logs:
        done = post(home.owner, end)
    assert (done.status_code, done.headers["Location"]) == (302, PEOPLE)
    owners, helpers = home.links()
    assert (owners.ended_at, owners.ended_by) == (None, None)
    assert helpers.ended_at is not None
    assert helpers.ended_by == owners.user_id
    assert logs == [
        {
            "event": "link_ended",
            "log_level": "info",
            "link": helpers.id,
            "role": "family_helper",
            "user": helpers.user_id,
            "by": owners.user_id,
        }
    ]
    paths = (f"/bills/{bill}", f"/bills/{bill}.pdf", f"/accounts/{NUMBER}/name")
    assert [home.helper.get(path).status_code for path in paths] == [404] * 3
    assert "梧桐里" not in home.helper.get("/accounts").text
    assert "只有您一个人看得到" in says(home.owner, PEOPLE)
    assert post(home.owner, end).status_code == 404


def test_a_form_without_its_token_ends_nothing(home: Home) -> None:
    assert home.owner.post(home.end_of(1)).status_code == 400
    assert [link.ended_at for link in home.links()] == [None, None]


@pytest.mark.parametrize("who", ["helper", "neighbour"])
def test_for_all_others_the_page_does_not_exist(home: Home, who: str) -> None:
    client: FlaskClient = getattr(home, who)
    assert PEOPLE not in client.get("/accounts").text
    owners_end, helpers_end = home.end_of(0), home.end_of(1)
    for path in (PEOPLE, owners_end, helpers_end):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "赵" not in answer.text
    assert [post(client, path).status_code for path in (owners_end, helpers_end)] == [404, 404]
    assert [link.ended_at for link in home.links()] == [None, None]


def test_an_owner_ends_neither_the_own_link_here_nor_one_of_another_account(home: Home) -> None:
    create_account(home.database, "420011875699")
    with home.database.unit_of_work() as session:
        helper = home.links()[1].user_id
        session.add(Link(user_id=helper, account_no="420011875699", role="owner"))
    for number in (0, 2):
        assert home.owner.get(home.end_of(number)).status_code == 404
        assert post(home.owner, home.end_of(number)).status_code == 404
    assert [link.ended_at for link in home.links()] == [None] * 3


def test_whoever_holds_the_registered_phone_stays(home: Home) -> None:
    home.move_in(REGISTERED, "family_helper", "王建华")
    page = home.owner.get(PEOPLE).text
    assert page.count("/end") == 1
    assert "登记的手机" in page
    answer = post(home.owner, home.end_of(2))
    assert answer.status_code == 403
    assert "不能在这里结束" in answer.text
    assert home.links()[2].ended_at is None


def test_whoever_was_ended_comes_back_by_the_code_alone(
    home: Home, core: CoreThatKnows, codes_sent: list[CodeIssued]
) -> None:
    core.known.add((NUMBER, "王建华", "0004"))
    post(home.owner, home.end_of(1))
    proof = {"holder_name": "王建华", "phone_last4": "0004"}
    again = post(home.helper, "/accounts/bind", account_no=NUMBER, role="owner", **proof)
    assert again.status_code == 422
    assert "这一户的户主结束过您的查看" in again.text
    assert core.asked == 0
    post(home.helper, "/accounts/bind/code", account_no=NUMBER, action="send")
    assert [each.phone for each in codes_sent] == [REGISTERED]
    fields = {"account_no": NUMBER, "code": codes_sent[0].code, "role": "family_helper"}
    assert post(home.helper, "/accounts/bind/code", **fields).status_code == 302
    assert [link.ended_at is None for link in home.links()] == [True, False, True]


def test_who_unbinds_comes_back_as_before(home: Home, core: CoreThatKnows) -> None:
    core.known.add((NUMBER, "王建华", "0004"))
    post(home.helper, f"/accounts/{NUMBER}/unbind")
    gone = home.links()[1]
    assert gone.ended_by == gone.user_id
    proof = {"holder_name": "王建华", "phone_last4": "0004"}
    again = post(home.helper, "/accounts/bind", account_no=NUMBER, role="payer", **proof)
    assert again.status_code == 302


def test_an_admin_manages_the_links_of_a_firm(home: Home) -> None:
    admin = home.move_in("13700000005", "enterprise_admin")
    home.move_in("13700000006", "enterprise_energy")
    page = says(admin, PEOPLE)
    assert "137 **** 0006企业能源管理" in page
    post(admin, home.end_of(3))
    assert [link.ended_at is None for link in home.links()] == [True, True, True, False]
