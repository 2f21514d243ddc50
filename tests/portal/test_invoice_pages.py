"""Pages of invoices: asked for by a form, shown as they come, and nobody else's."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from payments.invoices.models import Invoice
from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.database import Database
from tests.portal.conftest import CoreThatKnows, create_user, post, sign_in
from tests.portal.places import words
from tests.service import builders

FIRM = "91420100MA00000012"


@pytest.fixture
def app(
    settings: PortalSettings,
    database: Database,
    core: CoreThatKnows,
    monkeypatch: pytest.MonkeyPatch,
) -> Flask:
    monkeypatch.setenv("DENGHUO_INVOICE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DENGHUO_INVOICE_TOKEN", "a token")
    return create_app(settings, database, core)


@pytest.fixture
def paid(database: Database) -> str:
    """A customer's paid bill; its number."""
    user = create_user(database)
    with database.unit_of_work() as session:
        account = builders.create_account(session)
        builders.create_link(session, user, account)
        bill = builders.create_bill(session, account)
        bill.settled_fen = bill.total_fen
        return bill.bill_no


def _title(client: FlaskClient, **given: str) -> None:
    told = {"kind": "enterprise", "name": "暖阳纺织有限公司", "tax_no": FIRM} | given
    assert post(client, "/invoices/titles/new", **told).status_code == 303


def _state(database: Database, request_no: str, **change: object) -> None:
    with database.unit_of_work() as session:
        invoice = session.query(Invoice).filter_by(request_no=request_no).one()
        for name, value in change.items():
            setattr(invoice, name, value)


def test_the_first_invoice_begins_with_a_title(client: FlaskClient, paid: str) -> None:
    sign_in(client)
    assert "有 1 张缴清的账单还没开过票" in words(client.get("/invoices").text)
    away = client.get(f"/invoices/new?bill={paid}").headers["Location"]
    assert away.startswith("/invoices/titles/new?next=/invoices/new?bill")
    wrong = post(client, away, kind="enterprise", name="暖阳纺织", tax_no="91420100MA00000013")
    assert wrong.status_code == 422
    assert "最后一位对不上" in words(wrong.text)
    back = post(client, away, kind="enterprise", name="暖阳纺织", tax_no=FIRM).headers["Location"]
    assert back == f"/invoices/new?bill={paid}"
    page = client.get(back).text
    assert f'value="{paid}"' in page
    assert "增值税专用发票" in words(page)


def test_an_invoice_is_asked_for_and_shown_as_it_comes(
    client: FlaskClient, database: Database, paid: str
) -> None:
    sign_in(client)
    _title(client)
    form = {"bill": paid, "title": "1", "form": "special", "email": "a@example.com", "key": "k1"}
    away = post(client, "/invoices", **form).headers["Location"]
    assert post(client, "/invoices", **form).headers["Location"] == away
    request_no = away.rsplit("/", 1)[1]
    page = client.get(away)
    assert "正在开票" in words(page.text)
    assert client.get(f"{away}/state?seen=asked").status_code == 204
    assert client.get(f"{away}/invoice.pdf").status_code == 404
    _state(
        database,
        request_no,
        state="issued",
        invoice_no="26420000000000000001",
        issued_at=clock.now(),
        pdf=b"%PDF-1.7",
        xml=b"<EInvoice/>",
    )
    assert "发票开好了" in client.get(f"{away}/state?seen=asked").text
    file = client.get(f"{away}/invoice.pdf")
    assert (file.data, file.mimetype) == (b"%PDF-1.7", "application/pdf")
    assert 'filename="26420000000000000001.pdf"' in file.headers["Content-Disposition"]
    assert client.get(f"{away}/invoice.xml").data == b"<EInvoice/>"
    assert client.get(f"{away}/invoice.exe").status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bill": ""}, "请至少选一张账单"),
        ({"title": "99"}, "您没有这个抬头"),
        ({"title": "x" * 30}, "您没有这个抬头"),
        ({"email": "nobody"}, "不像是对的"),
        ({"form": "special", "title": "2"}, "专用发票只能开给单位"),
    ],
)
def test_what_cannot_be_is_said_on_the_form(
    client: FlaskClient, paid: str, change: dict[str, str], said: str
) -> None:
    sign_in(client)
    _title(client)
    _title(client, kind="personal", name="王建华", tax_no="")
    answer = post(client, "/invoices", **({"bill": paid, "title": "1"} | change))
    assert answer.status_code == 409
    assert said in words(answer.text)


def test_whose_last_title_is_gone_adds_one_first(client: FlaskClient, paid: str) -> None:
    sign_in(client)
    _title(client)
    assert post(client, "/invoices/titles/1/remove").status_code == 303
    answer = post(client, "/invoices", bill=paid, title="1")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/invoices/titles/new?next=/invoices/new?bill%3D{paid}"


def test_the_neighbour_sees_none_of_it(
    client: FlaskClient, app: Flask, database: Database, paid: str
) -> None:
    sign_in(client)
    _title(client)
    away = post(client, "/invoices", bill=paid, title="1").headers["Location"]
    create_user(database, "13900000001")
    stranger = app.test_client()
    sign_in(stranger, "13900000001")
    for path in (away, f"{away}/state", f"{away}/invoice.pdf", f"{away}/invoice.xml"):
        assert stranger.get(path).status_code == 404
    for path in ("/invoices/titles/1/remove", "/invoices/titles/1/prefer"):
        assert post(stranger, path).status_code == 404
    _title(stranger, kind="personal", name="邻居", tax_no="")
    assert post(stranger, "/invoices", bill=paid, title="2").status_code == 404


def test_without_a_platform_there_are_no_invoices(
    settings: PortalSettings, database: Database, core: CoreThatKnows
) -> None:
    client = create_app(settings, database, core).test_client()
    create_user(database)
    sign_in(client)
    assert client.get("/invoices").status_code == 404
    assert "/invoices" not in client.get("/profile").text
