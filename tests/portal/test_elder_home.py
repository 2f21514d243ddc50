"""Home in large letters: one amount in words, one button, little else, and all of it read aloud."""

import html
import re
from datetime import date

import pytest
import time_machine
from flask.testing import FlaskClient

from runtime.database import Database
from service.models import User
from tests.portal.places import move_in, named, part, pay, says, supply, use
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december", "large")


@pytest.fixture
def large(client: FlaskClient) -> None:
    client.set_cookie("view", "elder")


def aloud(client: FlaskClient) -> str:
    """What the button reads."""
    found = re.search(r'data-read="([^"]*)"', client.get("/").text)
    assert found
    return html.unescape(found[1])


def test_the_amount_stands_in_words_and_the_rest_is_left_out(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user)
        bill = builders.create_bill(session, account, "2026-11")
        _, meter = supply(session, account, "zj-residential")
        use(session, meter, date(2026, 12, 1), date(2026, 12, 10))
    assert "上午好" in says(client, "/")
    owed = part(client, "/", "owed")
    assert owed == "11 月电费，待缴 132 元 2 角一百三十二元二角 12 月 18 日前缴"
    page = client.get("/").text
    assert f'class="button primary wide" href="/pay/confirm?bill={bill.bill_no}">缴电费' in page
    assert page.count("button primary") == 1
    assert '<span aria-hidden="true">132\N{NO-BREAK SPACE}元 2\N{NO-BREAK SPACE}角</span>' in page
    assert "<svg height" not in page  # no chart
    assert 'href="tel:96000"' in page
    # 48 kWh at 0.538 are 25.82.
    assert aloud(client) == (
        "11 月电费，待缴，一百三十二元二角。12 月 18 日前缴。"
        "这个月到 12 月 10 日，用了 48 度，约 26 元。"
    )


@pytest.mark.parametrize(
    ("hour", "words"),
    [(3, "夜深了"), (8, "早上好"), (13, "中午好"), (15, "下午好"), (20, "晚上好")],
)
def test_the_greeting_follows_the_hour_in_china(
    client: FlaskClient, database: Database, user: User, hour: int, words: str
) -> None:
    with database.unit_of_work() as session:
        move_in(session, user)
    with time_machine.travel(f"2026-12-11T{hour:02}:00:00+08:00", tick=False):
        assert words in says(client, "/")


def test_paid_and_being_credited_has_no_button(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        pay(session, user, builders.create_bill(session, move_in(session, user), "2026-11"))
    assert "收到了，正在记账 132 元 2 角" in part(client, "/", "owed")
    assert "button primary" not in client.get("/").text


def test_what_is_late_says_its_charge(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        builders.create_bill(session, move_in(session, user), "2026-11", due=date(2026, 12, 8))
    # 13220 fen x 0.001 x 3 days = 40 fen.
    assert "晚了 3 天，多 4 角 违约金。缴上就停止计算" in part(client, "/", "owed")


def test_what_others_of_the_family_owe_is_said(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        move_in(session, user)
        parents = move_in(session, user, "family_helper")
        named(session, user, parents, "爸妈家")
        bill = builders.create_bill(session, parents, "2026-11")
    owed = part(client, "/", "owed")
    assert "这一户没有要缴的，另有 1 户待缴 132 元 2 角" in owed
    assert "最早的 12 月 18 日前缴" in owed
    assert f'href="/pay/confirm?bill={bill.bill_no}">缴电费' in client.get("/").text
    assert "爸妈家待缴 ¥132.20，12 月 18 日前缴" in part(client, "/", "others")


def test_a_balance_is_topped_up(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        move_in(session, user, settlement="prepaid", balance_fen=-5000)
    assert "余额 50 元五十元 每个月出账时自动扣。" in part(client, "/", "owed")
    assert 'href="/pay?choose=1">充值' in client.get("/").text


def test_in_english(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        builders.create_bill(session, move_in(session, user), "2026-11")
    owed = part(client, "/?lang=en", "owed")
    assert owed == "Electricity for November, due ¥132.20132.20 yuan Due 18 December"
    assert "Good morning" in says(client, "/")
