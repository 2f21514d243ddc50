"""Binding, naming and letting go of accounts, and what a neighbour gets to see: nothing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.pool import QueuePool

from runtime.database import Database
from runtime.errors import Unavailable
from service.models import Link
from service.people.events import CodeIssued
from tests.portal.conftest import (
    CoreThatKnows,
    create_account,
    create_user,
    post,
    sign_in,
)

NUMBER = "420011875603"
PROOF = {"account_no": "4200 1187 5603", "holder_name": "王建华", "phone_last4": "2046"}


@pytest.fixture
def home(client: FlaskClient, database: Database, core: CoreThatKnows) -> FlaskClient:
    """A signed-in customer, and an account that the core knows."""
    create_user(database)
    create_account(database, balance_fen=14951)
    core.known.add((NUMBER, "王建华", "2046"))
    sign_in(client)
    return client


def bind(client: FlaskClient, **fields: str):  # type: ignore[no-untyped-def]
    return post(client, "/accounts/bind", **{**PROOF, "role": "owner", **fields})


def guess_ten_times(app: Flask, database: Database) -> None:
    """Two strangers use up a day's tries at the account."""
    for number in range(2):
        phone = f"1370000000{number}"
        create_user(database, phone=phone)
        guesser = app.test_client()
        sign_in(guesser, phone=phone)
        for _ in range(5):
            bind(guesser, phone_last4="0000")


def links(database: Database) -> list[Link]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Link).order_by(Link.id)))


def test_an_account_is_bound_by_what_stands_on_the_bill(
    home: FlaskClient, database: Database
) -> None:
    assert bind(home, role="family_helper", alias="爸妈家").headers["Location"] == "/accounts"
    page = home.get("/accounts").text
    assert "绑定好了：梧桐里 12 栋 502。" in page
    assert "爸妈家" in page
    assert "4200 1187 5603" in page
    assert "王*华" in page
    assert "王建华" not in page
    assert "待缴 ¥149.51" in page
    assert [(link.role, link.alias) for link in links(database)] == [("family_helper", "爸妈家")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"holder_name": "王建"},
        {"phone_last4": "0000"},
        {"account_no": "420011875604"},
    ],
)
def test_what_does_not_match_says_the_same_whatever_is_wrong(
    home: FlaskClient, database: Database, wrong: dict[str, str]
) -> None:
    answer = bind(home, **wrong)
    assert answer.status_code == 422
    assert "户号、户名和手机尾号对不上" in answer.text
    assert links(database) == []


def test_a_malformed_number_stands_at_its_field(home: FlaskClient, core: CoreThatKnows) -> None:
    answer = bind(home, account_no="4200 1187 560")
    assert 'id="account_no-error">户号是 12 位数字' in answer.text
    assert 'value="4200 1187 560"' in answer.text
    assert core.asked == 0


def test_what_cannot_be_four_digits_costs_no_try(home: FlaskClient, core: CoreThatKnows) -> None:
    for wrong in ("20", "20x6", "20466"):
        for _ in range(3):
            answer = bind(home, phone_last4=wrong)
            assert 'id="phone_last4-error">请填 4 位数字' in answer.text
    assert core.asked == 0
    assert bind(home, phone_last4="２０４６").status_code == 302


def test_tries_end(home: FlaskClient, database: Database, core: CoreThatKnows) -> None:
    for _ in range(8):
        bind(home, phone_last4="0000")
    asked = core.asked
    answer = bind(home)
    assert "对不上的次数太多了" in answer.text
    assert core.asked == asked
    assert links(database) == []


def test_many_users_cannot_guess_at_one_account(
    app: Flask, home: FlaskClient, database: Database
) -> None:
    guess_ten_times(app, database)
    create_user(database, phone="13700000009")
    another = app.test_client()
    sign_in(another, phone="13700000009")
    assert "对不上的次数太多了" in bind(another).text


def test_guesses_of_others_do_not_keep_out_who_holds_the_registered_phone(
    app: Flask, home: FlaskClient, database: Database, core: CoreThatKnows
) -> None:
    guess_ten_times(app, database)
    assert bind(home).status_code == 302


def test_an_own_account_does_not_wipe_out_guesses_at_others(
    home: FlaskClient, database: Database, core: CoreThatKnows
) -> None:
    create_account(database, "420011875604", phone="13911112222")
    for _ in range(7):
        bind(home, account_no="420011875604", phone_last4="0000")
    assert bind(home).status_code == 302
    assert "对不上" in bind(home, account_no="420011875604", phone_last4="0001").text
    asked = core.asked
    assert "对不上的次数太多了" in bind(home, account_no="420011875604", phone_last4="0002").text
    assert core.asked == asked


def test_a_firm_binds_account_after_account(
    home: FlaskClient, database: Database, core: CoreThatKnows
) -> None:
    for number in range(12):
        account_no = f"4200118757{number:02d}"
        create_account(database, account_no)
        core.known.add((account_no, "王建华", "2046"))
        assert bind(home, account_no=account_no).status_code == 302
    assert len(links(database)) == 12


def test_an_account_on_its_way_is_said_so(
    home: FlaskClient, database: Database, core: CoreThatKnows
) -> None:
    core.known.add(("420011875699", "王建华", "2046"))
    answer = bind(home, account_no="420011875699")
    assert "这一户的账单还在送来的路上" in answer.text
    assert links(database) == []


def test_a_core_that_is_down_is_said_so(
    home: FlaskClient, core: CoreThatKnows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: str) -> bool:
        raise Unavailable("core.unavailable")

    monkeypatch.setattr(core, "verify", down)
    assert "电费系统在维护，现在核对不了" in bind(home).text


def test_an_account_is_bound_once(home: FlaskClient, database: Database) -> None:
    bind(home)
    assert "这个户号您已经绑定了" in bind(home).text
    assert len(links(database)) == 1


def test_enterprise_roles_are_not_taken_by_proof(home: FlaskClient, database: Database) -> None:
    assert bind(home, role="enterprise_admin").status_code == 422
    assert links(database) == []


def test_no_connection_waits_for_the_core(
    home: FlaskClient, database: Database, core: CoreThatKnows, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_use() -> int:
        pools = database.engine.pool, database.reading_engine.pool
        return sum(pool.checkedout() for pool in pools if isinstance(pool, QueuePool))

    held = []

    def verify(account_no: str, holder_name: str, phone_last4: str) -> bool:
        held.append(in_use())
        return False

    monkeypatch.setattr(core, "verify", verify)
    others = in_use()
    bind(home)
    assert held == [others]


def test_a_code_to_the_registered_phone_binds_too(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    create_account(database, phone="13911112222")
    sign_in(client)
    asked = post(client, "/accounts/bind/code", account_no=NUMBER, action="send")
    assert "户号没写错的话" in asked.text
    assert "13911112222" not in asked.text
    assert [(each.phone, each.purpose) for each in codes_sent] == [("13911112222", "bind")]
    wrong = post(client, "/accounts/bind/code", account_no=NUMBER, code="12345", role="owner")
    assert "验证码不对" in wrong.text
    done = post(
        client,
        "/accounts/bind/code",
        account_no=NUMBER,
        code=codes_sent[0].code,
        role="family_helper",
    )
    assert done.status_code == 302
    assert [link.role for link in links(database)] == ["family_helper"]


def test_asking_for_a_code_tells_nothing_about_an_account(
    client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    create_account(database)
    sign_in(client)
    said = []
    for number in (NUMBER, "420011879999"):
        pages = [
            post(client, "/accounts/bind/code", account_no=number, action="send") for _ in range(2)
        ]
        texts = [page.text.replace(number, "").split("<form", 1)[1] for page in pages]
        said.append([text.split("csrf_token", 1)[1].split(">", 1)[1] for text in texts])
    first, second = said
    assert first[0].split("</p>")[1] == second[0].split("</p>")[1]
    assert "刚发过一条" in first[1]
    assert "刚发过一条" in second[1]
    assert len(codes_sent) == 1


def test_a_code_asked_by_one_user_is_worth_nothing_to_another(
    app: Flask, client: FlaskClient, database: Database, codes_sent: list[CodeIssued]
) -> None:
    create_user(database)
    create_user(database, phone="13700000001")
    create_account(database)
    sign_in(client)
    post(client, "/accounts/bind/code", account_no=NUMBER, action="send")
    thief = app.test_client()
    sign_in(thief, phone="13700000001")
    fields = {"account_no": NUMBER, "code": codes_sent[0].code, "role": "owner"}
    assert post(thief, "/accounts/bind/code", **fields).status_code == 422
    assert links(database) == []


def test_accounts_are_named_chosen_and_let_go(home: FlaskClient, database: Database) -> None:
    create_account(database, "420011875604")
    with database.unit_of_work() as session:
        session.add(Link(user_id=1, account_no="420011875604", role="payer"))
    bind(home)
    post(home, f"/accounts/{NUMBER}/name", alias=" 自己住 ")
    assert "自己住" in home.get("/accounts").text
    chosen = post(home, f"/accounts/{NUMBER}/choose", next="/accounts")
    assert chosen.headers["Location"] == "/accounts"
    question = home.get(f"/accounts/{NUMBER}/unbind").text
    assert "解绑这个户号？" in question
    assert len([link for link in links(database) if link.ended_at is None]) == 2
    post(home, f"/accounts/{NUMBER}/unbind")
    assert [link.account_no for link in links(database) if link.ended_at is None] == [
        "420011875604"
    ]
    assert bind(home).status_code == 302


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", f"/accounts/{NUMBER}/choose"),
        ("get", f"/accounts/{NUMBER}/name"),
        ("post", f"/accounts/{NUMBER}/name"),
        ("get", f"/accounts/{NUMBER}/unbind"),
        ("post", f"/accounts/{NUMBER}/unbind"),
    ],
)
def test_for_a_neighbour_an_account_does_not_exist(
    app: Flask, home: FlaskClient, database: Database, method: str, path: str
) -> None:
    bind(home, alias="我家")
    create_user(database, phone="13700000001")
    neighbour = app.test_client()
    sign_in(neighbour, phone="13700000001")
    unknown = path.replace(NUMBER, "420011879999")
    answers = [
        neighbour.get(each) if method == "get" else post(neighbour, each, alias="mine")
        for each in (path, unknown)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "梧桐里" not in answers[0].text
    assert [(link.alias, link.ended_at) for link in links(database)] == [("我家", None)]
    assert "梧桐里" not in neighbour.get("/accounts").text
