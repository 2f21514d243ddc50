"""Electronic invoices, from the wish to the papers and back in red, against the sandbox."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from pydantic import SecretStr
from pypdf import PdfReader
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from payments.invoices import asking, issuing, listing, reversing, titles
from payments.invoices.asking import Wish, tax_in
from payments.invoices.events import InvoiceIssued
from payments.invoices.models import Invoice, InvoiceLine
from payments.invoices.platform import HttpInvoices, InvoicePlatform, PlatformUnavailable
from payments.invoices.tax_no import is_tax_no
from payments.settings import PaymentSettings
from runtime import events
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from runtime.settings import load
from service.models import Bill
from tests.payments.builders import ACCOUNT, BILL, create_account, create_bill, create_user, link
from tests.sandbox.server import SandboxServer
from tests.waiting import eventually, until_done

FIRM = "91420100MA00000012"
SELLER = "江城供电有限公司"


@pytest.fixture
def user_id(database: Database) -> int:
    """A customer with a paid bill of 149.51 yuan."""
    with database.unit_of_work() as session:
        user_id = create_user(session)
        create_account(session)
        link(session, user_id)
        create_bill(session, settled_fen=14_951)
    return user_id


@pytest.fixture
def platform(sandbox: SandboxServer) -> Iterator[HttpInvoices]:
    settings = load(
        PaymentSettings,
        environment="test",
        invoice_url=sandbox.base_url,
        invoice_token=SecretStr(sandbox.paper("invoice_token")),
        gateway_timeout=2,
    )
    platform = HttpInvoices(settings)
    yield platform
    platform.close()


def _wish(session: Session, user_id: int, **given: object) -> Wish:
    made_out = titles.add_title(session, user_id, "enterprise", "暖阳纺织有限公司", FIRM)
    told = {"bill_nos": (BILL,), "title_id": made_out.id, "email": "books@example.com"} | given
    return Wish(**told)  # type: ignore[arg-type]


def _ask(database: Database, user_id: int, key: str = "form-1", **given: object) -> str:
    with database.unit_of_work() as session:
        return asking.ask(session, user_id, _wish(session, user_id, **given), key).request_no


def _bring_on(database: Database, platform: InvoicePlatform, request_no: str) -> None:
    until_done(
        lambda: issuing.bring_on(database, platform, request_no, seller=SELLER), issuing.NotIssued
    )


def _state(database: Database, request_no: str) -> tuple[str, str | None]:
    with database.unit_of_work() as session:
        row = select(Invoice.state, Invoice.reason).where(Invoice.request_no == request_no)
        state, reason = session.execute(row).one()
    return state, reason


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (FIRM, True),
        ("914201003000000011", True),
        ("91420100MA00000013", False),
        ("91420100MA0000001", False),
        ("91420100IA00000012", False),
        ("", False),
    ],
)
def test_a_tax_number_has_its_check_sign(number: str, right: bool) -> None:
    assert is_tax_no(number) is right


@pytest.mark.parametrize(
    ("fen", "tax"), [(11_300, 1_300), (14_951, 1_720), (1, 0), (4, 0), (5, 1), (113, 13)]
)
def test_the_tax_in_an_amount_is_rounded_half_up(fen: int, tax: int) -> None:
    assert tax_in(fen) == tax


def test_titles_are_checked_kept_once_and_the_users_own(session: Session) -> None:
    mine, other = create_user(session), create_user(session, "13900000001")
    first = titles.add_title(session, mine, "personal", " 王建华 ", "")
    firm = titles.add_title(session, mine, "enterprise", "暖阳纺织", "9142 0100-ma0000 0012")
    again = titles.add_title(session, mine, "enterprise", "暖阳纺织", FIRM)
    assert (firm.tax_no, again.id, first.preferred, firm.preferred) == (FIRM, firm.id, True, False)
    titles.prefer(session, mine, firm.id)
    assert [each.id for each in titles.titles(session, mine)] == [firm.id, first.id]
    with pytest.raises(NotFound):
        titles.prefer(session, other, firm.id)
    with pytest.raises(NotFound):
        titles.remove(session, other, firm.id)
    titles.remove(session, mine, firm.id)
    assert [each.id for each in titles.titles(session, mine)] == [first.id]


@pytest.mark.parametrize(
    ("kind", "name", "number", "code"),
    [
        ("enterprise", "暖阳纺织", "91420100MA00000013", "title.tax_no_wrong"),
        ("enterprise", "暖阳纺织", "", "title.tax_no_wrong"),
        ("personal", "  ", "", "title.name_missing"),
    ],
)
def test_a_title_that_cannot_be_right_is_refused(
    session: Session, kind: str, name: str, number: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        titles.add_title(session, create_user(session), kind, name, number)
    assert refused.value.code == code


def test_only_what_is_paid_and_was_sold_may_be_invoiced(session: Session, user_id: int) -> None:
    create_bill(session, "B-unpaid", period="2026-09")
    create_bill(session, "B-part", period="2026-08", settled_fen=14_950)
    create_bill(session, "B-solar", period="2026-07", total_fen=3_000, settled_fen=3_000)
    session.execute(update(Bill).where(Bill.bill_no == "B-solar").values(export_fen=-2_000))
    session.execute(
        update(Bill).where(Bill.bill_no == "B-part").values(status="cancelled", settled_fen=14_951)
    )
    found = [(each.bill_no, each.amount_fen) for each in asking.invoiceable(session, user_id)]
    assert found == [(BILL, 14_951), ("B-solar", 5_000)]


def test_a_wish_is_asked_once_and_takes_its_bill(database: Database, user_id: int) -> None:
    request_no = _ask(database, user_id)
    assert _ask(database, user_id) == request_no
    with pytest.raises(Conflict) as taken:
        _ask(database, user_id, "form-2")
    assert taken.value.code == "invoice.bill_taken"
    with database.unit_of_work() as session:
        assert asking.invoiceable(session, user_id) == []
        jobs = session.scalar(text("select count(*) from procrastinate_jobs"))
        invoice = listing.invoice(session, user_id, request_no)
        assert (invoice.amount_fen, invoice.tax_fen, invoice.state, jobs) == (
            14_951,
            1_720,
            "asked",
            1,
        )


def test_a_bill_stands_on_one_invoice_by_constraint(database: Database, user_id: int) -> None:
    _ask(database, user_id)
    with pytest.raises(Exception, match="uq_invoice_line_live"), database.unit_of_work() as session:
        session.execute(
            text(
                "insert into invoice_line (invoice_id, bill_no, period, wh, amount_fen, tax_fen,"
                " live) select invoice_id, bill_no, period, wh, amount_fen, tax_fen, true"
                " from invoice_line"
            )
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bill_nos": ()}, "invoice.nothing_chosen"),
        ({"bill_nos": tuple(f"B{each}" for each in range(41))}, "invoice.too_many"),
        ({"form": "proforma"}, "invoice.form_wrong"),
        ({"email": "nobody"}, "mail.malformed"),
        ({"email": "a@b.com\nbcc: c@d.com"}, "mail.malformed"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(
    database: Database, user_id: int, change: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        _ask(database, user_id, **change)
    assert refused.value.code == code


def test_a_person_gets_no_special_invoice(database: Database, user_id: int) -> None:
    with database.unit_of_work() as session:
        own = titles.add_title(session, user_id, "personal", "王建华", "").id
    with pytest.raises(Refused) as refused:
        _ask(database, user_id, title_id=own, form="special")
    assert refused.value.code == "invoice.form_wrong"


def test_the_neighbour_gets_nothing(database: Database, user_id: int) -> None:
    request_no = _ask(database, user_id)
    with database.unit_of_work() as session:
        neighbour = create_user(session, "13900000001")
        energy = create_user(session, "13900000002")
        link(session, energy, role="enterprise_energy")
    for call in (listing.invoice, lambda *args: listing.paper(*args, "pdf")):
        with database.unit_of_work() as session, pytest.raises(NotFound):
            call(session, neighbour, request_no)
    with pytest.raises(NotFound):
        _ask(database, neighbour)
    with pytest.raises(Forbidden):
        _ask(database, energy)


def test_an_invoice_is_issued_with_its_papers(
    database: Database, user_id: int, platform: HttpInvoices
) -> None:
    heard: list[InvoiceIssued] = []
    request_no = _ask(database, user_id, form="special")
    with events.subscribed(InvoiceIssued, lambda _session, event: heard.append(event)):
        _bring_on(database, platform, request_no)
        issuing.bring_on(database, platform, request_no, seller=SELLER)
    with database.unit_of_work() as session:
        invoice = listing.invoice(session, user_id, request_no)
        pdf = listing.paper(session, user_id, request_no, "pdf")
        xml = listing.paper(session, user_id, request_no, "xml").decode()
    assert invoice.invoice_no
    assert len(invoice.invoice_no) == 20
    assert [(each.invoice_no, each.email, each.red) for each in heard] == [
        (invoice.invoice_no, "books@example.com", False)
    ]
    for part in (invoice.invoice_no, "暖阳纺织有限公司", FIRM, "<AmountFen>14951</AmountFen>"):
        assert part in xml
    assert pdf.startswith(b"%PDF-")


def test_the_pdf_can_be_read(database: Database, user_id: int, platform: HttpInvoices) -> None:
    request_no = _ask(database, user_id)
    _bring_on(database, platform, request_no)
    with database.unit_of_work() as session:
        pdf = listing.paper(session, user_id, request_no, "pdf")
    page = PdfReader(BytesIO(pdf)).pages[0].extract_text()
    for part in ("电子发票（普通发票）", "暖阳纺织有限公司", "149.51", "17.20", ACCOUNT):
        assert part in page


@pytest.mark.parametrize("kind", ["error", "timeout", "lost_answer"])
def test_a_platform_that_is_away_is_asked_again(
    database: Database, user_id: int, platform: HttpInvoices, sandbox: SandboxServer, kind: str
) -> None:
    request_no = _ask(database, user_id)
    sandbox.outage("invoices", kind, 3600)
    with pytest.raises(issuing.NotIssued):
        issuing.bring_on(database, platform, request_no, seller=SELLER)
    sandbox.heal()
    _bring_on(database, platform, request_no)
    assert _state(database, request_no) == ("issued", None)


def test_what_the_platform_refuses_frees_its_bills(
    database: Database, user_id: int, platform: HttpInvoices
) -> None:
    with database.unit_of_work() as session:
        bad = titles.add_title(session, user_id, "personal", "拒开先生", "").id
    request_no = _ask(database, user_id, title_id=bad)
    _bring_on(database, platform, request_no)
    assert _state(database, request_no) == ("refused", "buyer_refused")
    again = _ask(database, user_id, "form-2")
    _bring_on(database, platform, again)
    assert _state(database, again) == ("issued", None)


def test_money_that_went_back_takes_the_invoice_back_in_red(
    database: Database, user_id: int, platform: HttpInvoices
) -> None:
    blue = _ask(database, user_id)
    _bring_on(database, platform, blue)
    with database.unit_of_work() as session:
        assert reversing.take_back(session) == 0
        session.execute(update(Bill).values(settled_fen=4_951))
    for expected in (1, 0):
        with database.unit_of_work() as session:
            assert reversing.take_back(session) == expected
    _bring_on(database, platform, f"{blue}R")
    with database.unit_of_work() as session:
        red = listing.red_of(session, listing.invoice(session, user_id, blue))
        assert red is not None
        assert (red.state, red.reason, red.amount_fen) == ("issued", "payment_returned", 14_951)
        xml = listing.paper(session, user_id, red.request_no, "xml").decode()
        assert "<AmountFen>-14951</AmountFen>" in xml
        assert session.scalars(select(InvoiceLine).where(InvoiceLine.live)).all() == []
        session.execute(update(Bill).values(settled_fen=14_951))
    again = _ask(database, user_id, "form-2")
    _bring_on(database, platform, again)
    assert _state(database, again) == ("issued", None)


def test_papers_of_another_invoice_are_not_kept(
    database: Database, user_id: int, platform: HttpInvoices
) -> None:
    first = _ask(database, user_id)
    _bring_on(database, platform, first)
    with database.unit_of_work() as session:
        create_bill(
            session,
            "B-older",
            period="2026-09",
            settled_fen=14_951,
        )
    second = _ask(database, user_id, "form-2", bill_nos=("B-older",))

    class Mixed(HttpInvoices):
        def papers(self, _request_no: str):  # type: ignore[no-untyped-def]
            return platform.papers(first)

    mixed = object.__new__(Mixed)
    mixed.__dict__ = platform.__dict__

    def comes_to_papers() -> bool:
        return platform.progress(second).status == "issued"

    with pytest.raises(issuing.NotIssued):
        issuing.bring_on(database, mixed, second, seller=SELLER)
    eventually(comes_to_papers)
    with pytest.raises(issuing.NotIssued) as refused:
        issuing.bring_on(database, mixed, second, seller=SELLER)
    assert isinstance(refused.value.__cause__, PlatformUnavailable)
    assert _state(database, second) == ("sent", None)
