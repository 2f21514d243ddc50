"""The counter through its real pages: scan, sum, change, receipt, count; and who may not."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from payments import history
from payments.counter import codes, shifts
from payments.counter.models import Cash, Shift
from payments.models import Order
from runtime.database import Database
from service.models import User
from tests.payments.builders import ACCOUNT, BILL, create_bill, create_user
from tests.payments.conftest import Home
from tests.payments.counter.browsing import COUNTER, get_code, hidden, said, send, signed_in
from tests.payments.counter.conftest import Desk, create_staff


def test_from_the_pay_page_to_the_printed_receipt(
    customer: FlaskClient, agent: FlaskClient, database: Database, home: Home
) -> None:
    address, number = get_code(customer, database, home)
    page = customer.get(address).text
    groups = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    assert groups in said(page)
    assert "149.60" in said(page)
    assert "里面有 ¥0.09 是凑整的" in said(page)
    assert page.count("<svg viewBox") >= 2, "bars and square"
    assert number not in page.replace(groups, ""), "the drawings are modules, not text"

    assert "autofocus" in agent.get(COUNTER).text
    found = send(agent, f"{COUNTER}/find", number=groups)
    assert found.status_code == 303
    page = agent.get(found.headers["Location"]).text
    assert "请收 ¥ 149.60 户号 4200 1187 5603，王*华，" in said(page)
    fields = hidden(page)
    page = send(agent, found.headers["Location"], given="200", **fields).text
    assert "找给客户 ¥ 50.40" in said(page)
    fields = hidden(page)
    assert fields["given"] == ["200.00"]
    paid = [send(agent, found.headers["Location"], sure="yes", **fields) for _ in range(2)]
    assert {each.status_code for each in paid} == {303}
    assert len({each.headers["Location"] for each in paid}) == 1, "a double click"
    page = agent.get(paid[0].headers["Location"]).text
    assert "10 月电费 ¥149.51 凑整到角，记在余额上 ¥0.09 合计 ¥149.60" in said(page)
    assert "客户给了 ¥200.00 找零 ¥50.40 钱箱 3 收款人 林小满" in said(page)
    assert "收到了，正在记账" in said(customer.get(address).text)
    assert customer.get(f"{address}/state?seen=awaiting").status_code == 200
    again = send(agent, f"{COUNTER}/find", number=number).headers["Location"]
    refused = agent.get(again)
    assert refused.status_code == 409
    assert "已经付过了，不要再收" in said(refused.text)


def test_the_exact_sum_is_one_key(
    customer: FlaskClient, agent: FlaskClient, database: Database, home: Home
) -> None:
    _address, number = get_code(customer, database, home)
    path = send(agent, f"{COUNTER}/find", number=number).headers["Location"]
    page = send(agent, path, given="", **hidden(agent.get(path).text)).text
    assert "找给客户 ¥ 0.00" in said(page)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("149.50", "还差 ¥0.10"),
        ("149.61", "现金最小到角"),
        ("4829137752064183", "金额照 149.51 这样写"),
        ("1.234", "金额照 149.51 这样写"),
        ("-200", "金额照 149.51 这样写"),
        ("2000", "要找 ¥1,850.40，太多了"),
    ],
)
def test_what_was_given_is_looked_at(
    customer: FlaskClient,
    agent: FlaskClient,
    database: Database,
    home: Home,
    given: str,
    words: str,
) -> None:
    _address, number = get_code(customer, database, home)
    path = send(agent, f"{COUNTER}/find", number=number).headers["Location"]
    fields = hidden(agent.get(path).text)
    for sure in ({}, {"sure": "yes"}):
        answer = send(agent, path, given=given, **fields, **sure)
        assert answer.status_code in (400, 409)
        assert words in said(answer.text)
        assert f'value="{given}"' in answer.text, "what was typed stays"
    with database.unit_of_work() as session:
        assert session.scalar(select(Cash)) is None


def test_what_is_no_code_is_said_and_guesses_end(agent: FlaskClient, desk: Desk) -> None:
    assert "付款码是 16 位数字，户号是 12 位" in said(
        send(agent, f"{COUNTER}/find", number="123").text
    )
    guess = "123456789012345"
    guess += codes.check_digit(guess)
    for left in range(19, -1, -1):
        answer = send(agent, f"{COUNTER}/find", number=guess)
        assert answer.status_code == 404
        assert f"还能试 {left} 次" in said(answer.text)
    answer = send(agent, f"{COUNTER}/find", number=guess)
    assert answer.status_code == 429
    assert "对不上的付款码太多了" in said(answer.text)


def test_whoever_has_no_code_pays_by_account(
    agent: FlaskClient, customer: FlaskClient, database: Database, home: Home
) -> None:
    path = send(agent, f"{COUNTER}/find", number="4200 1187 5603").headers["Location"]
    assert path == f"{COUNTER}/accounts/{ACCOUNT}"
    assert "10 月电费" in said(agent.get(path).text)
    page = agent.get(f"{path}/take?bill={BILL}").text
    assert "凑整到角，记在余额上 ¥0.09 合计 ¥149.60" in said(page)
    page = send(agent, f"{path}/take", given="150", **hidden(page)).text
    done = send(agent, f"{path}/take", sure="yes", **hidden(page))
    assert done.status_code == 303
    assert "149.60" in said(agent.get(done.headers["Location"]).text)
    with database.unit_of_work() as session:
        order_no = session.scalars(select(Order.order_no)).one()
        payment = history.payments_of(session, home.user_id, ACCOUNT)[0]
    assert (payment.channel, payment.stage) == ("counter", history.Stage.CREDITING)
    assert customer.get(f"/pay/{order_no}").status_code == 404
    assert agent.get(f"/pay/{order_no}").status_code == 403
    assert "家里人缴了" not in said(customer.get("/").text)


def test_money_for_the_balance(agent: FlaskClient, database: Database, home: Home) -> None:
    path = f"{COUNTER}/accounts/{ACCOUNT}/take"
    page = agent.get(f"{path}?amount=100").text
    assert "存到余额 ¥100.00" in said(page)
    page = send(agent, path, given="100", **hidden(page)).text
    assert f'href="{path}?amount=100"' in page, "the way back to the sum"
    assert send(agent, path, sure="yes", **hidden(page)).status_code == 303
    refused = agent.get(f"{path}?amount=0.5")
    assert refused.status_code == 400
    assert "最少缴 ¥1.00" in said(refused.text)


def test_a_payment_begun_on_line_is_closed_before_cash_is_taken(
    customer: FlaskClient, agent: FlaskClient, database: Database, home: Home
) -> None:
    address, _number = get_code(customer, database, home)
    path = f"{COUNTER}/accounts/{ACCOUNT}"
    page = agent.get(path).text
    assert "有一笔付款开着" in said(page)
    assert agent.get(f"{path}/take?bill={BILL}").status_code == 409
    order_no = hidden(page)["order_no"][0]
    assert address == f"/pay/{order_no}"
    assert send(agent, f"{path}/free", order_no="somebody else's").status_code == 303
    assert "出示下面的码" in said(customer.get(address).text)
    assert send(agent, f"{path}/free", order_no=order_no).status_code == 303
    assert "这一笔取消了" in said(customer.get(address).text)
    assert agent.get(f"{path}/take?bill={BILL}").status_code == 200


def test_a_shift_from_opening_to_its_report(
    customer: FlaskClient, agent: FlaskClient, database: Database, home: Home, desk: Desk
) -> None:
    _address, number = get_code(customer, database, home)
    path = send(agent, f"{COUNTER}/find", number=number).headers["Location"]
    page = send(agent, path, given="150", **hidden(agent.get(path).text)).text
    send(agent, path, sure="yes", **hidden(page))
    with database.unit_of_work() as session:
        shift_no = session.scalars(select(Shift.shift_no)).one()
    count = f"{COUNTER}/shifts/{shift_no}/count"
    assert "149.60" not in said(agent.get(count).text), "the count is blind"
    answer = send(agent, count, **{"10000": "2"})
    assert answer.status_code == 200
    assert "少 ¥49.60" in said(answer.text)
    assert 'name="10000"' in answer.text
    assert 'value="2"' in answer.text
    bad = send(agent, count, **{"10000": "two"})
    assert bad.status_code == 400
    assert "张数只写数字" in said(bad.text)
    pieces = {"10000": "2", "2000": "2", "500": "1", "100": "4", "50": "1", "10": "1"}
    assert send(agent, count, **pieces).headers["Location"] == f"{COUNTER}/shifts/{shift_no}"
    report = said(agent.get(f"{COUNTER}/shifts/{shift_no}").text)
    assert "备用金 ¥100.00 收进 ¥149.60 应该有 ¥249.60 数出来 ¥249.60 差额 ¥0.00" in report
    assert "交银行 ¥149.60" in report
    assert "已交班" in report
    assert "开始收款" in said(agent.get(COUNTER).text)
    opened = send(agent, f"{COUNTER}/shifts", drawer="3", float="100")
    assert opened.status_code == 303


def test_a_difference_goes_to_a_second_person(agent: FlaskClient, database: Database) -> None:
    with database.unit_of_work() as session:
        shift_no = session.scalars(select(Shift.shift_no)).one()
    count = f"{COUNTER}/shifts/{shift_no}/count"
    assert send(agent, count, reason="备用金少给了", **{"5000": "1"}).status_code == 303
    report = said(agent.get(f"{COUNTER}/shifts/{shift_no}").text)
    assert "差额等另一个人看过同意" in report
    assert "差额 −¥50.00" in report


def test_an_opening_that_cannot_be_is_said(agent: FlaskClient) -> None:
    answer = send(agent, f"{COUNTER}/shifts", drawer="4", float="0")
    assert answer.status_code == 409
    assert "您已经打开了一个钱箱" in said(answer.text)


# ---- who may not ---------------------------------------------------------------------------------

PAGES = (
    "",
    "/codes/x",
    f"/accounts/{ACCOUNT}",
    f"/accounts/{ACCOUNT}/take",
    "/receipts/C1",
    "/shifts",
    "/shifts/S1",
    "/shifts/S1/count",
    "/payouts/R1",
)
FORMS = (
    "/find",
    "/shifts",
    "/codes/x",
    f"/accounts/{ACCOUNT}/take",
    f"/accounts/{ACCOUNT}/free",
    "/shifts/S1/empty",
    "/shifts/S1/count",
    "/payouts/R1",
)


@pytest.mark.parametrize("role", [None, "inspector", "field"])
def test_for_others_the_counter_does_not_exist(
    app: Flask, database: Database, home: Home, role: str | None
) -> None:
    with database.unit_of_work() as session:
        staff = create_staff(session, "13800009609", "agent")
        session.get_one(User, staff).staff_role = role
    client = signed_in(app, database, staff)
    for path in PAGES:
        assert client.get(COUNTER + path).status_code == 404, path
    for path in FORMS:
        assert send(client, COUNTER + path).status_code == 404, path
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 0


@pytest.mark.parametrize("role", ["agent", "finance", "lead", "admin"])
def test_a_shift_is_its_own_persons_and_finances(
    app: Flask, database: Database, home: Home, desk: Desk, role: str
) -> None:
    with database.unit_of_work() as session:
        colleague = create_staff(session, "13800009609", role)
        shift_no = session.scalars(select(Shift.shift_no)).one()
        box_no = shifts.of_machine(session, "K01").shift_no
    client = signed_in(app, database, colleague)
    seen = 404 if role == "agent" else 200
    for path in (f"/shifts/{shift_no}", f"/shifts/{shift_no}/count"):
        assert client.get(COUNTER + path).status_code == seen
    assert client.get(f"{COUNTER}/shifts/{box_no}").status_code == 200
    answer = send(client, f"{COUNTER}/shifts/{shift_no}/count", **{"10000": "1"})
    assert answer.status_code == (404 if role == "agent" else 303)
    assert send(client, f"{COUNTER}/shifts/{box_no}/empty").status_code == 303


def test_a_neighbour_gets_nobodys_code(
    app: Flask, database: Database, customer: FlaskClient, home: Home
) -> None:
    address, _number = get_code(customer, database, home)
    with database.unit_of_work() as session:
        neighbour = create_user(session, "13800002047", "李四")
    client = signed_in(app, database, neighbour)
    assert client.get(address).status_code == 404
    assert client.get(f"{address}/state").status_code == 404
    assert send(client, "/pay/counter", bill=BILL, expected="14951").status_code in (404, 409)
    with database.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 1


def test_nobody_notifies_the_counter(app: Flask, database: Database) -> None:
    for path in ("/callbacks/counter", "/callbacks/counter/front/x"):
        assert app.test_client().post(path, data=b"{}").status_code == 404


def test_two_bills_make_one_code(customer: FlaskClient, database: Database, home: Home) -> None:
    with database.unit_of_work() as session:
        create_bill(session, "B202611420011875603", total_fen=1003, period="2026-11")
    page = customer.get(f"/pay/confirm?bill={BILL}&bill=B202611420011875603").text
    answer = send(customer, "/pay/counter", **hidden(page))
    assert "159.60" in said(customer.get(answer.headers["Location"]).text)
