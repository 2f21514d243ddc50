"""Payments as their customer looks back on them: the list, and one of them."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from payments.models import Order
from payments.refunds import making
from runtime import clock
from runtime.database import Database
from service.models import Account, Bill, User
from tests.portal.conftest import create_user as register
from tests.portal.conftest import post, sign_in
from tests.portal.payments.conftest import NUMBER, PAID, posted
from tests.portal.places import move_in, named, part, pay, says, started, words
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")


def test_a_payment_stands_under_its_month_with_its_state(
    client: FlaskClient, database: Database, paid: Order
) -> None:
    assert part(client, "/payments?account=all", "m2026-12") == (
        "2026 年 12 月 12 月 6 日 20:14微信支付梧桐里 12 栋 502¥132.20到账中"
    )
    posted(database, paid)
    assert "¥132.20已记账" in says(client, "/payments?account=all")
    assert f'href="/payments/{paid.order_no}"' in client.get("/payments").text


def test_who_else_paid_for_the_account_is_named_and_leads_nowhere(
    client: FlaskClient, database: Database, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        son = builders.create_user(session, name="王小明")
        order = pay(session, son, bill, at=PAID)
    page = client.get(f"/payments?account={NUMBER}").text
    assert "微信支付 · 王*明付的" in words(page)
    assert order.order_no not in page
    assert "您还没有付过" in says(client, "/payments?account=all")


def test_what_is_unknown_is_called_so_and_what_failed_is_news_for_three_days(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill, created_at=clock.now() - timedelta(hours=1))
    assert "¥132.20还没结果" in says(client, "/payments?account=all")
    with database.unit_of_work() as session:
        row = session.get_one(Order, order.id)
        row.status, row.close_reason = "closed", "gateway_failed"
    assert "¥132.20没有付成" in says(client, "/payments?account=all")
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        sign_in(client)
        assert "您还没有付过" in says(client, "/payments?account=all")


def test_an_order_that_nobody_paid_is_no_payment(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill)
    assert "您还没有付过" in says(client, "/payments?account=all")
    answer = client.get(f"/payments/{order.order_no}")
    assert (answer.status_code, answer.location) == (303, f"/pay/{order.order_no}")


def test_a_long_list_comes_in_pages(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        for number in range(23):
            bill = builders.create_bill(session, account, "2026-11")
            pay(session, user, bill, at=PAID - timedelta(days=number))
    first = client.get("/payments?account=all").text
    assert first.count('href="/payments/D') == 20
    assert 'href="/payments?account=all&amp;page=2">更早的' in first
    second = client.get("/payments?account=all&page=2").text
    assert second.count('href="/payments/D') == 3
    assert 'href="/payments?account=all">更近的' in second
    assert "没有更早的了" in says(client, "/payments?account=all&page=9")


@pytest.mark.parametrize("path", ["/payments?account=420099999999", "/payments?page=0"])
def test_an_address_that_is_nobodys_is_none(client: FlaskClient, bill: Bill, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_page_says_what_was_paid_and_when_it_was_credited(
    client: FlaskClient, database: Database, paid: Order
) -> None:
    posted(database, paid)
    page = says(client, f"/payments/{paid.order_no}")
    assert "方式微信支付 付款时间2026 年 12 月 6 日 20:14" in page
    assert "11 月电费" in page
    assert "12 月 6 日 20:14记账" in page
    assert "已记账" in page


def test_a_refund_shows_how_far_it_is(client: FlaskClient, database: Database, paid: Order) -> None:
    with database.unit_of_work() as session:
        making.give_back_whole(session, session.get_one(Order, paid.id), "paid_elsewhere")
    page = client.get(f"/payments/{paid.order_no}").text
    said = words(page)
    assert "退款 ¥132.20" in said
    assert "定了要退今天 10:00" in said
    assert "交给微信正在办" in said
    assert "从账上取出" not in said  # it never was there
    assert page.count('data-state="done"><b>定了要退') == 1


@pytest.mark.parametrize("path", ["", "/receipt.pdf"])
def test_for_a_neighbour_there_is_no_payment(
    app: Flask, client: FlaskClient, database: Database, paid: Order, path: str
) -> None:
    assert client.get(f"/payments/{paid.order_no}{path}").status_code == 200
    register(database, "13800002047")
    neighbour = app.test_client()
    sign_in(neighbour, "13800002047")
    there = neighbour.get(f"/payments/{paid.order_no}{path}")
    none = neighbour.get(f"/payments/D0{path}")
    assert (there.status_code, none.status_code) == (404, 404)
    assert there.text.replace(paid.order_no, "D0") == none.text
    assert post(neighbour, f"/payments/{paid.order_no}/where").status_code == 404
    assert neighbour.get(f"/payments?account={NUMBER}").status_code == 404
    assert neighbour.get(f"/payments/low-balance/{NUMBER}").status_code == 404
    assert post(neighbour, f"/payments/low-balance/{NUMBER}", below="5000").status_code == 404


def test_who_sees_the_account_does_not_see_the_payment_of_another(
    app: Flask, database: Database, paid: Order
) -> None:
    helper = register(database, "13800002047")
    with database.unit_of_work() as session:
        order = session.get_one(Order, paid.id)
        account = session.get_one(Account, order.items[0].account_no)
        builders.create_link(session, session.get_one(User, helper.id), account, "family_helper")
    client = app.test_client()
    sign_in(client, "13800002047")
    assert client.get(f"/payments/{paid.order_no}").status_code == 404
    assert "¥132.20" in says(client, f"/payments?account={NUMBER}")


def test_the_child_sees_whose_account_and_the_parent_who_paid(
    app: Flask, client: FlaskClient, database: Database, user: User
) -> None:
    parent = register(database, "13800002047")
    with database.unit_of_work() as session:
        session.get_one(User, user.id).name = "王小明"
        home = move_in(session, session.get_one(User, parent.id), phone="13800002047")
        builders.create_link(session, user, home, "family_helper")
        named(session, user, home, "爸妈家")
        bill = builders.create_bill(session, home, "2026-11")
    assert "爸妈家" in says(client, f"/pay/confirm?bill={bill.bill_no}")
    with database.unit_of_work() as session:
        order = pay(session, session.get_one(User, user.id), bill, at=PAID)
    assert "爸妈家" in says(client, f"/pay/{order.order_no}")
    assert "爸妈家" in says(client, f"/payments/{order.order_no}")
    assert "爸妈家" in says(client, "/payments?account=all")
    theirs = app.test_client()
    sign_in(theirs, "13800002047")
    assert "王*明缴了 ¥132.20" in part(theirs, "/", "news")
    theirs.set_cookie("view", "elder")
    assert "王*明 12 月 6 日替您缴了 ¥132.20。" in says(theirs, "/")
    assert "王*明付的" in says(theirs, "/payments")
    client.set_cookie("view", "elder")
    assert "替您缴了" not in says(client, "/")
