"""Automatic payment through the real pages and notify addresses, without a script."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select, text, update

from payments.agreements.models import Agreement, AgreementDebit
from payments.agreements.signing import SIGNING_TAKES
from payments.models import Callback
from portal.app import create_app
from portal.current import lifetime
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from runtime.settings import load
from service.models import Account, Bill, Link
from service.people import sessions, users
from tests.payments.agreements.conftest import Wallets
from tests.payments.builders import ACCOUNT, BILL, create_account, create_bill, link
from tests.payments.test_pages import NobodyThere, field, html
from tests.portal.places import pay, words
from tests.sandbox.merchant import Heard, Merchant
from tests.sandbox.server import SandboxServer

PHONE_BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) Mobile Safari/537.36"}
NAMES = {"13800002046": "王建华", "13900001111": "李小芳", "13700007777": "陈默"}


@pytest.fixture
def app(
    database: Database,
    sandbox: SandboxServer,
    merchant: Merchant,
    settings_env: pytest.MonkeyPatch,
) -> Flask:
    """The portal with the sandbox's papers; what the sandbox tells arrives at the merchant."""
    for name, value in sandbox.environment().items():
        settings_env.setenv(name, value)
    for paper in sandbox.secrets.iterdir():
        if paper.is_file():
            settings_env.setenv(paper.name.upper(), paper.read_text())
    settings = load(
        PortalSettings,
        secret_key=SecretStr("for tests alone"),
        environment="test",
        public_url=merchant.url.removesuffix("/notify"),
    )
    return create_app(settings, database, NobodyThere())


@pytest.fixture
def person(app: Flask, database: Database) -> Callable[..., FlaskClient]:
    """A signed-in browser of somebody with a role on the account; None for a neighbour."""

    def come(role: str | None = "owner", phone: str = "13800002046") -> FlaskClient:
        with database.unit_of_work() as session:
            if session.get(Account, ACCOUNT) is None:
                create_account(session)
            user = users.add_user(session, phone, password_hash=None, name=NAMES[phone])
            if role is not None:
                link(session, user.id, role=role)
            token = sessions.open_session(
                session,
                user,
                device="test",
                address="127.0.0.1",
                lifetime=lifetime(app.extensions["settings"]),
            )
        client = app.test_client()
        client.set_cookie("denghuo", token)
        return client

    return come


def begin(client: FlaskClient, way: str = "alipay", limit: str = "500", **options: Any) -> Any:
    page = html(client, f"/agreements/sign?account={ACCOUNT}")
    form = {"csrf_token": field(page, "csrf_token"), "account": ACCOUNT, "way": way}
    return client.post("/agreements/sign", data=form | {"limit": limit}, **options)


def signed(client: FlaskClient, wallets: Wallets, way: str = "alipay") -> str:
    """The address of an agreement that was signed and of which we know."""
    place = str(begin(client, way).headers["Location"])
    address = re.search(r'class="button primary wide" href="([^"]+)"', html(client, place))
    assert address
    wallets.agree(address[1].replace("&amp;", "&"))
    html(client, f"{place}/back", 303)
    return place


def html_of(client: FlaskClient, path: str) -> str:
    return words(html(client, path))


def agreement(database: Database) -> Agreement:
    with database.unit_of_work() as session:
        return session.scalars(select(Agreement).order_by(Agreement.id.desc())).all()[0]


def tell(client: FlaskClient, gateway: str, heard: Heard) -> Any:
    return client.post(
        f"/callbacks/{gateway}/agreements", headers=dict(heard.headers.items()), data=heard.body
    )


@pytest.mark.parametrize("way", ["wechat", "alipay"])
@pytest.mark.parametrize("browser", [{}, PHONE_BROWSER])
def test_signed_by_the_gateways_own_message(
    person: Callable[..., FlaskClient],
    database: Database,
    wallets: Wallets,
    merchant: Merchant,
    way: str,
    browser: dict[str, str],
) -> None:
    client = person()
    said = html_of(client, f"/agreements/sign?account={ACCOUNT}")
    for sentence in (
        "户号 4200 1187 5603",
        "从下一张账单开始，只缴这一户的电费，账单多少扣多少",
        "出账后第 3 天上午 9 点起扣，前一天发短信告诉您数目",
        "钱不够，过 2 天、5 天和到期那天再扣",
        "随时可以结束，一点就停",
    ):
        assert sentence in said
    answer = begin(client, way, headers=browser)
    place = answer.headers["Location"]
    page = html(client, place)
    address = re.search(r'class="button primary wide" href="([^"]+)"', page)
    assert address
    assert "每月最多扣 ¥500.00，签好之前什么都不会扣" in words(page)
    wallets.agree(address[1].replace("&amp;", "&"))
    heard = merchant.wait(1)[0]
    assert heard.path == f"/callbacks/{way}/agreements"
    assert tell(client, way, heard).status_code == 200
    assert "自动缴开通了" in html_of(client, place)
    found = agreement(database)
    assert (found.state, found.limit_fen, found.gateway) == ("active", 500_00, way)
    assert found.contract_no
    assert found.wallet
    with database.unit_of_work() as session:
        sealed = session.execute(text("SELECT contract_no, wallet FROM agreement")).one()
        kept = session.scalars(select(Callback)).one()
    assert found.contract_no.encode() not in sealed.contract_no
    assert found.wallet.encode() not in sealed.wallet
    assert (kept.verdict, kept.gateway) == ("accepted", way)
    assert tell(client, way, heard).status_code == 200
    assert agreement(database).state == "active"


@pytest.mark.parametrize("way", ["wechat", "alipay"])
def test_the_way_back_asks_and_believes_nobody(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets, way: str
) -> None:
    client = person()
    place = begin(client, way).headers["Location"]
    html(client, f"{place}/back?status=NORMAL", 303)
    assert agreement(database).state == "signing"
    page = html(client, place)
    address = re.search(r'class="button primary wide" href="([^"]+)"', page)
    assert address
    wallets.agree(address[1].replace("&amp;", "&"), "lose")
    html(client, f"{place}/back", 303)
    assert agreement(database).state == "active"


@pytest.mark.parametrize("way", ["wechat", "alipay"])
def test_a_forged_message_signs_nothing(
    person: Callable[..., FlaskClient],
    database: Database,
    wallets: Wallets,
    merchant: Merchant,
    way: str,
) -> None:
    client = person()
    place = begin(client, way).headers["Location"]
    address = re.search(r'class="button primary wide" href="([^"]+)"', html(client, place))
    assert address
    wallets.agree(address[1].replace("&amp;", "&"), "forged")
    answer = tell(client, way, merchant.wait(1)[0])
    assert answer.status_code == 400
    assert agreement(database).state == "signing"
    with database.unit_of_work() as session:
        assert session.scalars(select(Callback.verdict)).all() == ["bad_signature"]


def test_ended_in_the_wallet_it_ends_here(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets, merchant: Merchant
) -> None:
    client = person()
    place = signed(client, wallets)
    merchant.wait(1)
    wallets.do(agreement(database).code, "end")
    assert tell(client, "alipay", merchant.wait(2)[1]).status_code == 200
    assert (agreement(database).state, agreement(database).ended_by) == ("ended", "gateway")
    assert "在支付宝里解约了，以后不再自动扣" in html_of(client, place)
    assert tell(client, "alipay", merchant.wait(2)[0]).status_code == 200, "an older message"
    assert agreement(database).state == "ended"


def test_ending_is_asked_once_and_holds_at_once(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets, sandbox: SandboxServer
) -> None:
    client = person()
    place = signed(client, wallets)
    page = html(client, f"{place}/end")
    assert "从现在起不会再扣" in words(page)
    sandbox.outage("alipay")
    answer = client.post(f"{place}/end", data={"csrf_token": field(page, "csrf_token")})
    assert answer.status_code == 303
    assert (agreement(database).state, agreement(database).ended_by) == ("ending", "customer")
    assert "正在通知支付宝解约，不影响您" in html_of(client, place)
    with database.unit_of_work() as session:
        jobs = session.execute(text("SELECT task_name FROM procrastinate_jobs")).scalars().all()
    assert jobs == ["payments.agreement_end"]
    sandbox.heal()


def test_the_helper_signs_for_the_parent_with_the_own_wallet(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets
) -> None:
    helper = person("family_helper", "13900001111")
    place = signed(helper, wallets)
    assert "自动缴开通了" in html_of(helper, place)
    owner = person("owner")
    assert "李*芳开通了，从对方的支付宝扣" in html_of(owner, "/agreements")
    page = html_of(owner, f"/agreements/sign?account={ACCOUNT}")
    assert "李*芳已经给这一户开了自动缴，不用再开。" in page
    for path in ("", "/state", "/end", "/back"):
        assert owner.get(place + path).status_code == 404


def test_for_a_neighbour_nothing_is_there(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets
) -> None:
    place = signed(person(), wallets)
    neighbour = person(None, "13700007777")
    for path in ("", "/state", "/end", "/back"):
        assert neighbour.get(place + path).status_code == 404
    assert neighbour.get(f"/agreements/sign?account={ACCOUNT}").status_code == 404
    token = field(html(neighbour, "/profile/edit"), "csrf_token")
    given = {"csrf_token": token, "account": ACCOUNT, "way": "alipay", "limit": "1"}
    assert neighbour.post("/agreements/sign", data=given).status_code == 404
    for path in ("/end", "/check"):
        answer = neighbour.post(place + path, data={"csrf_token": token})
        assert answer.status_code == 404
    assert agreement(database).state == "active"
    assert "4200 1187 5603" not in html(neighbour, "/agreements")


def test_an_energy_manager_may_not_sign(person: Callable[..., FlaskClient]) -> None:
    manager = person("enterprise_energy")
    assert manager.get(f"/agreements/sign?account={ACCOUNT}").status_code == 403


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("", "这一项要填"),
        ("1.234", "金额照 149.51 这样写，最多两位小数。"),
        ("-5", "金额照 149.51 这样写，最多两位小数。"),
        ("0.99", "最少缴 ¥1.00。"),
        ("50000.01", "一次最多缴 ¥50,000.00，可以分几次缴。"),
    ],
)
def test_a_limit_that_is_none_is_explained(
    person: Callable[..., FlaskClient], database: Database, limit: str, sentence: str
) -> None:
    answer = begin(person(), limit=limit)
    assert answer.status_code == 422
    assert sentence in words(answer.text)
    assert f'value="{limit}"' in answer.text
    with database.unit_of_work() as session:
        assert session.scalars(select(Agreement)).all() == []


def test_another_wish_takes_the_place_of_what_was_not_signed(
    person: Callable[..., FlaskClient], database: Database
) -> None:
    client = person()
    first = begin(client, "alipay").headers["Location"]
    assert begin(client, "alipay").headers["Location"] == first
    assert begin(client, "wechat").headers["Location"] != first
    with database.unit_of_work() as session:
        found = session.scalars(select(Agreement).order_by(Agreement.id)).all()
    assert [(each.state, each.ended_by) for each in found] == [
        ("ending", "replaced"),
        ("signing", None),
    ]


def test_while_one_signs_another_hears_who_and_until_when(
    person: Callable[..., FlaskClient], database: Database
) -> None:
    begin(person())
    answer = begin_blind(person("family_helper", "13900001111"))
    assert answer.status_code == 422
    with database.unit_of_work() as session:
        begun = session.scalars(select(Agreement.created_at)).one()
    until = (begun + SIGNING_TAKES).astimezone(clock.BEIJING)
    today = until.date() == clock.today()
    named = "今天" if today else f"{until.month} 月 {until.day} 日"
    sentence = f"王*华正在给这一户开自动缴，{named} {until:%H:%M} 还没签好"
    assert sentence in words(answer.text)


def begin_blind(client: FlaskClient) -> Any:
    """Somebody whose page is older than what happened since."""
    token = field(html(client, "/profile/edit"), "csrf_token")
    given = {"csrf_token": token, "account": ACCOUNT, "way": "alipay", "limit": "500"}
    return client.post("/agreements/sign", data=given)


def test_who_lost_the_right_to_pay_makes_way(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets
) -> None:
    signed(person("payer", "13900001111"), wallets)
    with database.unit_of_work() as session:
        session.execute(update(Link).values(ended_at=clock.now()))
    assert begin(person()).status_code == 303
    with database.unit_of_work() as session:
        found = session.scalars(select(Agreement).order_by(Agreement.id)).all()
    assert [(each.state, each.ended_by) for each in found] == [
        ("ending", "access"),
        ("signing", None),
    ]


def test_a_gateway_that_is_away_says_so_and_keeps_what_was_typed(
    person: Callable[..., FlaskClient], sandbox: SandboxServer
) -> None:
    client = person()
    sandbox.outage("wechat")
    answer = begin(client, "wechat")
    assert answer.status_code == 422
    assert "付款通道暂时连不上" in words(answer.text)
    assert 'value="500"' in answer.text
    sandbox.heal()


def test_a_prepaid_account_needs_none(
    person: Callable[..., FlaskClient], database: Database
) -> None:
    client = person()
    with database.unit_of_work() as session:
        session.execute(update(Account).values(settlement="prepaid"))
    answer = begin(client)
    assert "先充后用，电费从余额里扣" in words(answer.text)
    assert "先充后用，不用开" in html_of(client, "/agreements")


def test_each_debit_is_one_sentence(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets
) -> None:
    client = person()
    place = signed(client, wallets)
    found = agreement(database)
    cases = [
        ("planned", None, "将于 1 月 2 日自动扣 ¥149.51"),
        ("failed", "not_enough", "1 月 2 日没有扣成：支付宝里的钱不够"),
        ("failed", "undecided", "1 月 2 日没有扣成，钱没有扣"),
        ("failed", "agreement_ended", "1 月 2 日没有扣成：支付宝那边已经解约"),
        ("failed", "over_limit", "¥149.51 超过您定的每月 ¥500.00，没有扣"),
        ("dropped", "paid", "没有扣：已经缴清了"),
        ("dropped", "by_hand", "没有扣：您自己去缴了"),
        ("dropped", "ended", "没有扣：自动缴已经结束"),
    ]
    for at, (state, reason, _sentence) in enumerate(cases):
        with database.unit_of_work() as session:
            session.add(
                AgreementDebit(
                    agreement_id=found.id,
                    bill_no=f"B{at}",
                    period="2026-10",
                    attempt=1,
                    day=date(clock.today().year, 1, 2),
                    state=state,
                    reason=reason,
                    amount_fen=14951,
                    finished_at=None if state == "planned" else clock.now(),
                )
            )
    page = html_of(client, place)
    for _state, _reason, sentence in cases:
        assert sentence in page


def test_a_planned_debit_is_said_at_home_and_before_paying(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets
) -> None:
    client = person()
    signed(client, wallets)
    day = clock.today() + timedelta(days=2)
    with database.unit_of_work() as session:
        create_bill(session)
        session.add(
            AgreementDebit(
                agreement_id=session.scalars(select(Agreement.id)).one(),
                bill_no=BILL,
                period="2026-10",
                attempt=1,
                day=day,
                state="planned",
            )
        )
    said = f"{day.month} 月 {day.day} 日"
    assert f"将于 {said}自动扣，不用自己缴" in html_of(client, "/")
    assert f"将于 {said}自动扣，不用自己缴" in html_of(client, f"/bills/{BILL}")
    assert f"到 {said}会自动扣。现在付了，就不再扣。" in html_of(
        client, f"/pay/confirm?bill={BILL}"
    )
    token = field(html(client, "/profile/edit"), "csrf_token")
    client.post("/display", data={"csrf_token": token, "view": "elder", "next": "/"})
    assert f"将于 {said}自动扣，不用自己缴" in html_of(client, "/")


def test_after_a_payment_there_is_a_way_to_automatic_ones(
    person: Callable[..., FlaskClient], database: Database, wallets: Wallets
) -> None:
    client = person()
    with database.unit_of_work() as session:
        create_bill(session)
    with database.unit_of_work() as session:
        user = users.find_by_phone(session, "13800002046")
        bill = session.get_one(Bill, BILL)
        assert user is not None
        order = pay(session, user, bill)
    page = html(client, f"/pay/{order.order_no}")
    assert f'href="/agreements/sign?account={ACCOUNT}"' in page
    signed(client, wallets)
    assert "以后自动缴" not in html(client, f"/pay/{order.order_no}")
