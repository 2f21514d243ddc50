"""Where the money is, in one sentence, whatever the three sides say."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient

from payments.models import Order
from payments.whereabouts import AtGateway, InCore, Whereabouts, WithUs
from portal.payments.where import RULES, sentence
from runtime import clock
from runtime.database import Database
from runtime.errors import Unavailable
from service.core_client import Booked
from service.models import Bill, User
from tests.portal.conftest import CoreThatKnows, form_token, post
from tests.portal.payments.conftest import NUMBER
from tests.portal.places import started, words

pytestmark = pytest.mark.usefixtures("december")


FOUND = Whereabouts(
    gateway=AtGateway.PAID,
    ours=WithUs.POSTED,
    core=InCore.ALL,
    way="wechat",
    paid_at=datetime(2026, 12, 11, 1, 14, tzinfo=UTC),
    received_at=datetime(2026, 12, 11, 1, 14, 1, tzinfo=UTC),
    posted_at=datetime(2026, 12, 11, 1, 14, 2, tzinfo=UTC),
    returned_at=datetime(2026, 12, 11, 1, 50, tzinfo=UTC),
    posted=(NUMBER,),
    waiting=("420011875604", "420011875605"),
    expires_at=datetime(2026, 12, 11, 3, tzinfo=UTC),
    credited_by=datetime(2026, 12, 11, 2, 24, tzinfo=UTC),
    certain_by=datetime(2026, 12, 11, 2, 30, tzinfo=UTC),
)
EVERY = [*product(AtGateway, WithUs, InCore)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_combination_has_its_sentence(app: Flask, language: str) -> None:
    end, said = {"zh": "。", "en": "."}[language], set()
    with app.test_request_context(f"/?lang={language}"):
        for gateway, ours, core in EVERY:
            text = sentence(replace(FOUND, gateway=gateway, ours=ours, core=core))
            said.add(text)
            assert text.endswith(end), text
            assert text.count("。") == (language == "zh"), text
            assert not re.search(r"%\(|None|  ", text), text
            assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh"), text
    assert len(said) == len(RULES)  # no rule that is never reached, none that says the same


def test_nothing_is_promised_that_is_not_true(app: Flask) -> None:
    """Money that we hold is never to be paid again; nobody reads that it was taken when not."""
    with app.test_request_context("/"):
        for gateway, ours, core in EVERY:
            text = sentence(replace(FOUND, gateway=gateway, ours=ours, core=core))
            before = ours in (WithUs.OPEN, WithUs.LAPSED, WithUs.CLOSED)
            assert ("重新付" in text) <= (before and gateway is not AtGateway.PAID), text
            assert ("钱没有扣" in text) <= (before and core in (InCore.NONE, InCore.AWAY)), text
            if ours in (WithUs.RECEIVED, WithUs.DELAYED) and core is not InCore.ALL:
                assert "不用再付" in text, text


@pytest.mark.parametrize(
    ("gateway", "ours", "core", "said"),
    [
        (
            "paid",
            "posted",
            "all",
            "微信说 09:14 付成了，我们 09:14 收到，09:14:02 记进了户号 …5603 的账上。",
        ),
        ("unpaid", "open", "none", "微信说这笔还没有付，钱没有扣，11:00 前付都有效。"),
        (
            "paid",
            "received",
            "away",
            "钱在我们这里，账务系统暂时没有回音，最迟 10:24 会记上，不用再付。",
        ),
        (
            "away",
            "received",
            "some",
            "钱我们 09:14 收到了，1 个户号已经记上，还有 2 个正在记，最迟 10:24 记好，不用再付。",
        ),
    ],
)
def test_the_sentence(app: Flask, gateway: str, ours: str, core: str, said: str) -> None:
    found = replace(FOUND, gateway=AtGateway(gateway), ours=WithUs(ours), core=InCore(core))
    with app.test_request_context("/"):
        assert sentence(found) == said


class CoreWithBooks(CoreThatKnows):
    """A core that has posted nothing, or does not answer."""

    away = False

    def booked(self, order_no: str) -> Booked:
        if self.away:
            raise Unavailable("core.unavailable")
        return Booked((), ())


@pytest.fixture
def core() -> CoreWithBooks:
    return CoreWithBooks()


def test_asking_says_it_on_the_page(client: FlaskClient, core: CoreWithBooks, paid: Order) -> None:
    """No gateway is set up here: it counts as away."""
    answer = post(client, f"/payments/{paid.order_no}/where")
    assert "钱我们 12 月 6 日 20:14 收到了" in words(answer.text)
    core.away = True
    answer = post(client, f"/payments/{paid.order_no}/where")
    assert "钱在我们这里，账务系统一直没有回音" in words(answer.text)


@pytest.mark.parametrize(
    ("status", "badge", "said"),
    [
        ("awaiting", "还没有付", "微信暂时没有回音，付没付成还不知道，先别再付"),
        ("closed", "没有付成", "这一笔已经关上，我们没有收到钱，微信暂时没有回音"),
    ],
)
def test_what_was_not_paid_can_be_asked_about_too(
    client: FlaskClient,
    database: Database,
    user: User,
    bill: Bill,
    status: str,
    badge: str,
    said: str,
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill)
        order.status = status
    page = post(client, f"/payments/{order.order_no}/where").text
    assert f"付款{badge} ¥132.20 {said}" in words(page)
    assert f'href="/pay/{order.order_no}">回到付款页' in page


def test_nobody_asks_without_end(client: FlaskClient, paid: Order) -> None:
    token = form_token(client, f"/payments/{paid.order_no}")
    asked = [
        client.post(f"/payments/{paid.order_no}/where", data={"csrf_token": token}).status_code
        for _ in range(21)
    ]
    assert asked == [200] * 20 + [429]


def test_an_unknown_result_offers_to_ask(
    client: FlaskClient, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        order = started(session, user, bill, created_at=clock.now() - timedelta(hours=1))
    for path in (f"/pay/{order.order_no}", f"/payments/{order.order_no}"):
        assert f'action="/payments/{order.order_no}/where"' in client.get(path).text
