"""The desk's refunds and approvals, as two people of finance work with them."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from payments import posting, refunds
from payments.gateways.base import Product
from payments.models import Order, Refund
from payments.orders import Selection, start_order
from payments.receipts import record
from runtime import events
from runtime.database import Database
from service import approvals
from service.core_client import CoreClient
from service.events import ActionApproved
from tests.payments.builders import create_bill
from tests.payments.refunds.doubles import Core, Till
from tests.portal.conftest import PASSWORD, create_user, post, staff
from tests.portal.places import move_in, says, words

ACCOUNT, OTHER = "420011875603", "420011875604"
CUSTOMER = "13800002046"


@pytest.fixture
def order_no(database: Database) -> Iterator[str]:
    """A customer's order over two accounts, ¥149.51 and ¥50.00, which the core has posted."""
    customer = create_user(database, CUSTOMER)
    core, till = Core(), Till()
    with database.unit_of_work() as session:
        for account_no, fen in ((ACCOUNT, 14951), (OTHER, 5000)):
            move_in(session, customer, account_no=account_no)
            create_bill(session, f"B{account_no}", account_no=account_no, total_fen=fen)
    with database.unit_of_work() as session:
        order = start_order(
            session, customer.id, Selection(all_due=True), "wechat", Product.NATIVE, "form"
        )
        number, fen = order.order_no, order.amount_fen
    with database.unit_of_work() as session:
        record(session, till, till.pay(number, fen, "4200-1"), "callback")
    posting.post_order(database, cast(CoreClient, core), number)
    with events.subscribed(ActionApproved, refunds.on_approved):
        yield number


@pytest.fixture
def first(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000001", "agent")


@pytest.fixture
def second(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000002", "finance")


def _send(client: FlaskClient, page: str, path: str, **fields: str) -> Any:
    """Submit a form of a page with its token."""
    token = client.get(page).get_data(as_text=True).split('name="csrf_token" value="')[1]
    return client.post(path, data={"csrf_token": token.split('"')[0], **fields})


def _ask(client: FlaskClient, order_no: str, **fields: str) -> Any:
    page = f"/desk/refunds/{order_no}"
    return _send(client, page, page, **fields)


def test_an_order_is_found_by_its_number_as_people_type_it(
    first: FlaskClient, order_no: str
) -> None:
    typed = f" {order_no[:4]} {order_no[4:]} "
    found = first.get("/desk/refunds", query_string={"order": typed})
    assert (found.status_code, found.headers["Location"]) == (303, f"/desk/refunds/{order_no}")
    missing = first.get("/desk/refunds", query_string={"order": "2026"})
    assert missing.status_code == 404
    assert "没有找到付款" in words(missing.text)
    assert 'value="2026"' in missing.text


@pytest.mark.parametrize("typed", ["4200 1187 5603", "138 0000 2046"])
def test_orders_are_found_by_account_and_by_phone(
    database: Database, first: FlaskClient, order_no: str, typed: str
) -> None:
    alone = first.get("/desk/refunds", query_string={"order": typed})
    assert alone.headers["Location"] == f"/desk/refunds/{order_no}"
    with database.unit_of_work() as session:
        customer = session.scalars(select(Order.user_id)).one()
        for key, amount in (("paid", 700), ("not paid", 800)):
            selection = Selection(account_no=ACCOUNT, amount_fen=amount)
            more = start_order(session, customer, selection, "alipay", Product.PAGE, key)
            if key == "paid":
                till = Till(name="alipay")
                record(session, till, till.pay(more.order_no, 700, "2026-1"), "callback")
    page = words(first.get("/desk/refunds", query_string={"order": typed}).text)
    assert "¥7.00 支付宝" in page
    assert "¥199.51 微信支付" in page
    assert "¥8.00" not in page
    for stranger in ("420099999999", "13800009999"):
        assert first.get("/desk/refunds", query_string={"order": stranger}).status_code == 404


def test_the_order_is_seen_with_what_can_go_back(first: FlaskClient, order_no: str) -> None:
    page = says(first, f"/desk/refunds/{order_no}")
    assert "付款 ¥199.51 已记账" in page
    assert "王*华" not in page
    assert "138 **** 2046" in page
    assert "户号 4200 1187 5603 退多少，元 最多 ¥149.51，不退就空着" in page
    shown = first.get(f"/desk/refunds/{order_no}").text
    assert 'name="part-420011875603" value="149.51"' in shown
    assert 'name="part-420011875604" value="50.00"' in shown


def test_one_asks_another_approves_and_the_refund_is_made(
    database: Database, first: FlaskClient, second: FlaskClient, order_no: str
) -> None:
    fields = {f"part-{ACCOUNT}": "100.5", f"part-{OTHER}": "", "reason": "other", "note": "搬走了"}
    assert _ask(first, order_no, **fields).status_code == 303
    assert "有一笔 ¥100.50 的退款正等着批" in says(first, f"/desk/refunds/{order_no}")
    page = says(second, "/desk/approvals")
    assert "退 ¥100.50，其他" in page
    assert "户号 4200 1187 5603¥100.50原付款¥199.51退到微信支付" in page
    assert "说明搬走了 申请人 139 **** 0001" in page
    with database.unit_of_work() as session:
        asked = approvals.waiting(session)[0].id
    path = f"/desk/approvals/{asked}/approve"
    assert _send(second, "/desk/approvals", path).headers["Location"] == "/desk/approvals"
    assert "批了。 审批" in says(second, "/desk/approvals")
    with database.unit_of_work() as session:
        made = session.scalars(select(Refund)).one()
        jobs = session.scalar(
            text("select count(*) from procrastinate_jobs where task_name = 'payments.refund'")
        )
    assert (made.amount_fen, made.reason, made.note, made.approval_id, jobs) == (
        10050,
        "other",
        "搬走了",
        asked,
        1,
    )
    page = says(first, f"/desk/refunds/{order_no}")
    assert "¥100.50 其他：搬走了" in page
    assert "最多 ¥49.01" in page
    _send(second, "/profile", path)
    assert "这一件别人已经办了" in says(second, "/desk/approvals")


def test_ones_own_request_is_not_ones_own_to_approve(
    database: Database, second: FlaskClient, order_no: str
) -> None:
    _ask(second, order_no, **{f"part-{ACCOUNT}": "1"}, reason="paid_too_much")
    page = second.get("/desk/approvals").text
    assert "这是您自己申请的，要请别人批" in words(page)
    assert "/approve" not in page
    with database.unit_of_work() as session:
        asked = approvals.waiting(session)[0].id
    _send(second, "/desk/approvals", f"/desk/approvals/{asked}/approve")
    assert "自己申请的要请别人批" in says(second, "/desk/approvals")
    with database.unit_of_work() as session:
        assert session.scalars(select(Refund)).all() == []
    _send(second, "/desk/approvals", f"/desk/approvals/{asked}/withdraw")
    assert "收回了。 审批" in says(second, "/desk/approvals")


def test_to_decline_a_reason_is_given(
    database: Database, first: FlaskClient, second: FlaskClient, order_no: str
) -> None:
    _ask(first, order_no, **{f"part-{ACCOUNT}": "1"}, reason="paid_too_much")
    with database.unit_of_work() as session:
        asked = approvals.waiting(session)[0].id
    path = f"/desk/approvals/{asked}/decline"
    _send(second, "/desk/approvals", path, note="  ")
    assert "不批要写一句为什么" in says(second, "/desk/approvals")
    _send(second, "/desk/approvals", path, note="金额不对")
    assert "没有等着批的" in says(second, "/desk/approvals")
    with database.unit_of_work() as session:
        decided = session.get_one(approvals.Approval, asked)
    assert (decided.status, decided.decision_note) == ("declined", "金额不对")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({f"part-{ACCOUNT}": "149.52", "reason": "other", "note": "x"}, "最多还能退 ¥149.51"),
        ({f"part-{ACCOUNT}": "1.005", "reason": "other", "note": "x"}, "最多两位小数"),
        ({f"part-{ACCOUNT}": "-1", "reason": "other", "note": "x"}, "最多两位小数"),
        ({f"part-{ACCOUNT}": "1", "reason": "other"}, "选“其他”时写上几个字"),
        ({f"part-{ACCOUNT}": "1"}, "请选一个原因"),
        ({f"part-{ACCOUNT}": "", "reason": "moved_out"}, "至少给一个户号填上"),
        ({"part-420099999999": "1", "reason": "moved_out"}, "最多还能退 ¥0.00"),
    ],
)
def test_what_cannot_go_back_is_said_and_what_was_typed_stays(
    database: Database, first: FlaskClient, order_no: str, fields: dict[str, str], said: str
) -> None:
    answer = _ask(first, order_no, **fields)
    assert answer.status_code == 409
    assert said in words(answer.text)
    typed = fields.get(f"part-{ACCOUNT}")
    if typed:
        assert f'name="part-{ACCOUNT}" value="{typed}"' in answer.text
    with database.unit_of_work() as session:
        assert approvals.waiting(session) == []


def test_a_stuck_refund_is_listed_with_its_reason_and_tried_again(
    database: Database, first: FlaskClient, second: FlaskClient, order_no: str
) -> None:
    _ask(first, order_no, **{f"part-{ACCOUNT}": "149.51"}, reason="wrong_account")
    with database.unit_of_work() as session:
        asked = approvals.waiting(session)[0].id
    _send(second, "/desk/approvals", f"/desk/approvals/{asked}/approve")
    with database.unit_of_work() as session:
        session.execute(update(Refund).values(state="stuck", last_error="not_enough"))
        session.execute(text("delete from procrastinate_jobs"))
    assert "¥149.51" in says(second, "/desk/refunds")
    assert "商户余额不够：充值以后再试" in says(second, "/desk/refunds")
    again = _send(second, "/desk/refunds", f"/desk/refunds/R{order_no}01/retry")
    assert again.headers["Location"] == "/desk/refunds"
    assert "没有卡住的" in says(second, "/desk/refunds")
    with database.unit_of_work() as session:
        jobs = session.scalars(text("select args ->> 'refund_no' from procrastinate_jobs")).all()
    assert jobs == [f"R{order_no}01"]
    _send(second, "/profile", f"/desk/refunds/R{order_no}01/retry")
    assert "不用再试" in says(second, "/desk/refunds")


@pytest.mark.parametrize("path", ["/desk/refunds", "/desk/approvals"])
def test_for_customers_and_field_crews_the_rooms_do_not_exist(
    app: Flask, database: Database, client: FlaskClient, path: str
) -> None:
    create_user(database, CUSTOMER)
    post(client, "/sign-in", phone=CUSTOMER, password=PASSWORD)
    assert client.get(path).status_code == 404
    assert staff(app, database, "13900000003", "field").get(path).status_code == 404


def test_agents_ask_and_do_not_approve(first: FlaskClient, order_no: str) -> None:
    _ask(first, order_no, **{f"part-{ACCOUNT}": "1"}, reason="paid_too_much")
    assert "/desk/approvals" not in first.get(f"/desk/refunds/{order_no}").text
    assert first.get("/desk/approvals").status_code == 404
    assert _send(first, "/profile", "/desk/approvals/1/approve").status_code == 404


def test_what_is_not_there_is_not_found(second: FlaskClient) -> None:
    assert second.get("/desk/refunds/2026nothing").status_code == 404
    assert _send(second, "/profile", "/desk/refunds/2026nothing").status_code == 404
    assert _send(second, "/profile", "/desk/refunds/R1/retry").status_code == 404
    _send(second, "/profile", "/desk/approvals/4711/approve")
    assert "没有这件要批的事" in says(second, "/desk/approvals")


def test_the_customer_reads_how_far_it_is(
    database: Database,
    client: FlaskClient,
    first: FlaskClient,
    second: FlaskClient,
    order_no: str,
) -> None:
    post(client, "/sign-in", phone=CUSTOMER, password=PASSWORD)
    page = f"/pay/{order_no}"
    assert "退" not in says(client, page)
    _approved(database, first, second, order_no, {f"part-{ACCOUNT}": "100.5"})
    assert "¥100.50 正在原路退回，1–3 天到" in says(client, page)
    assert "缴好了，已经记账" in says(client, page)
    _approved(
        database, first, second, order_no, {f"part-{ACCOUNT}": "49.01", f"part-{OTHER}": "50"}
    )
    shown = says(client, page)
    assert "钱正在退回去" in shown
    assert "¥99.01 正在原路退回" in shown
    with database.unit_of_work() as session:
        session.execute(update(Refund).values(state="stuck"))
    assert "退 ¥99.01 慢了一步，我们的人在办，不用再申请" in says(client, page)
    create_user(database, "13800009999")
    stranger = client.application.test_client()
    post(stranger, "/sign-in", phone="13800009999", password=PASSWORD)
    assert stranger.get(page).status_code == 404


def _approved(
    database: Database,
    first: FlaskClient,
    second: FlaskClient,
    order_no: str,
    parts: dict[str, str],
) -> None:
    _ask(first, order_no, **parts, reason="wrong_account")
    with database.unit_of_work() as session:
        asked = approvals.waiting(session)[0].id
    _send(second, "/desk/approvals", f"/desk/approvals/{asked}/approve")
