"""One contract for every gateway: whatever is wrong with a message, it is answered, kept, and moves
nothing; and the true one still pays, once. Each case goes to the notify address and to `take`.
"""

import importlib
import io
import pkgutil
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from payments import callbacks, gateways
from payments.callbacks import KEPT_BODY, LARGEST_BODY, Message
from payments.gateways import Gateways
from payments.gateways.base import Answer, NotificationRefused
from payments.models import Order
from payments.receipts import TAKEN
from payments.settings import PaymentSettings
from portal.app import create_app
from portal.settings import PortalSettings
from runtime import clock
from runtime.crypto import KeyRing
from runtime.database import Database
from runtime.settings import load
from tests.payments.bent import AFTER, COMMON, OWN, Case
from tests.payments.builders import World
from tests.payments.fingerprint import everything

CLASSES = {
    made.name: made
    for found in pkgutil.iter_modules(gateways.__path__, "payments.gateways.")
    for made in vars(importlib.import_module(found.name)).values()
    if isinstance(made, type) and made.__module__ == found.name
    if {"name", "verify_notification", "create", "query", "refund"} <= set(vars(made))
}
NAMES = sorted(CLASSES)
HEARD = {
    "wechat": Answer(200, "application/json", b'{"code":"SUCCESS","message":""}'),
    "alipay": Answer(200, "text/plain", b"success"),
    "unionpay": Answer(200, "text/plain", b"ok"),
}
REFUSED = {
    "wechat": Answer(400, "application/json", b'{"code":"FAIL","message":"refused"}'),
    "alipay": Answer(400, "text/plain", b"failure"),
    "unionpay": Answer(400, "text/plain", b"fail"),
}
WINDOW = {
    "wechat": (timedelta(seconds=300), timedelta(seconds=300)),
    "alipay": (timedelta(hours=26), timedelta(seconds=300)),
    "unionpay": (timedelta(hours=26), timedelta(seconds=300)),
}
"""How old the stamp of a message may be, and how far ahead of our clock."""


MUST_HAVE = {
    *("unknown key", "a field twice", "a field more", "refund before payment"),
    *("three decimals", "negative", "exponent", "full-width digits", "huge", "another type"),
    *("another currency", "another merchant"),
}


def test_no_gateway_is_left_out(world: World, both: Gateways) -> None:
    for table in (HEARD, REFUSED, WINDOW, OWN, AFTER, both):
        assert sorted(table) == NAMES
    for name in NAMES:
        assert type(both[name]) is CLASSES[name]
        assert callable(getattr(world, f"{name}_message"))
        assert set(OWN[name]) >= MUST_HAVE
        assert set(AFTER[name]) == {"closed", "older", "in other words", "refund"}


@dataclass(frozen=True)
class Shop:
    """An order that waits for its payment, and both doors for messages about it."""

    database: Database
    world: World
    gateway: Any
    app: Flask
    order_no: str

    def message(self, **change: Any) -> Message:
        """A true message, bent: `cut` changes its bytes, `signed_for` has it signed as another."""
        true = {"order_no": self.order_no, "amount_fen": 14951}
        if "signed_for" in change:
            true["notification_id"] = "n1"
        make = getattr(self.world, f"{self.gateway.name}_message")
        headers, body = make(**true | change)
        if "signed_for" in change:
            headers, signed = make(**true | change["signed_for"])
            for sign in re.findall(rb"&sign(?:ature)?=[^&]+", signed):
                body = re.sub(rb"&sign(?:ature)?=[^&]+", lambda _, sign=sign: sign, body)
        return Message(headers, change.get("cut", bytes)(body))

    def take(self, message: Message) -> Answer:
        return callbacks.take(self.database, self.gateway, message)

    def post(self, message: Message, **options: Any) -> Answer:
        given = {"data": message.body, "headers": dict(message.headers)} | options
        answer = self.app.test_client().post(f"/callbacks/{self.gateway.name}", **given)
        return Answer(answer.status_code, answer.headers["Content-Type"], answer.data)

    def kept(self) -> list[tuple[str, str, int, bytes]]:
        """The messages that were stored, and forget them."""
        with self.database.unit_of_work() as session:
            rows = session.execute(text(_KEPT)).all()
        return [tuple(row) for row in rows]

    def everything(self) -> list[Any]:
        return everything(self.database, "payment_callback")

    def judged(self, case: Case, answer: Answer, message: Message, before: object) -> object:
        """What is wrong with how a message was dealt with; nothing, if all is as it must be."""
        verdict = case[1]
        expected = (HEARD if verdict in TAKEN else REFUSED)[self.gateway.name]
        body = message.body[:KEPT_BODY]
        kept, wanted = self.kept(), [(self.gateway.name, verdict, len(message.body), body)]
        if (answer, kept) != (expected, wanted):
            return answer, [row[:3] for row in kept]
        return None if self.everything() == before else "something moved"


_KEPT = """
    WITH gone AS (DELETE FROM payment_callback RETURNING *)
    SELECT gateway, verdict, size, body FROM gone ORDER BY id
"""


@pytest.fixture(scope="module")
def app(
    _one_database: Database, world: World, keys: KeyRing, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The portal, with the papers of every gateway."""
    papers = world.settings()
    with pytest.MonkeyPatch.context() as env:
        env.setenv("DENGHUO_VAR", str(tmp_path_factory.mktemp("var")))
        for name in PaymentSettings.model_fields:
            value = getattr(papers, name)
            if value is not None and name.startswith(("wechatpay", "alipay", "unionpay")):
                plain = value.get_secret_value() if isinstance(value, SecretStr) else value
                env.setenv(f"DENGHUO_{name.upper()}", plain)
        secret = SecretStr("for tests alone")
        yield create_app(
            load(PortalSettings, secret_key=secret, environment="test"), _one_database, Silent()
        )


class Silent:
    """A core that nobody asks."""

    def verify(self, account_no: str, holder_name: str, phone_last4: str) -> bool:
        raise AssertionError("no message asks the core")


@pytest.fixture(params=NAMES)
def shop(
    request: pytest.FixtureRequest,
    database: Database,
    world: World,
    both: Gateways,
    app: Flask,
    order: Callable[..., Order],
) -> Shop:
    name = request.param
    return Shop(database, world, both[name], app, order(name).order_no)


@pytest.fixture(params=["take", "post"])
def door(request: pytest.FixtureRequest, shop: Shop) -> Callable[[Message], Answer]:
    return getattr(shop, request.param)  # type: ignore[no-any-return]


def _pays_once(shop: Shop, door: Callable[[Message], Answer]) -> None:
    """The true message pays, and said again at once it is absorbed: the first one stands."""
    true, name = shop.message(), shop.gateway.name
    assert door(true) == HEARD[name]
    after = shop.everything()
    assert door(true) == HEARD[name]
    assert [row[1] for row in shop.kept()] == ["accepted"]
    assert shop.everything() == after
    with shop.database.unit_of_work() as session:
        paid = session.execute(text(_PAID)).one()
    assert tuple(paid) == ("paid", 14951, 14951, 1)


_PAID = """
    SELECT status, (SELECT sum(amount_fen) FROM ledger_entry),
           (SELECT sum(amount_fen) FROM posting_task),
           (SELECT count(*) FROM procrastinate_jobs) FROM payment_order
"""


def test_what_is_wrong_moves_nothing_and_the_true_message_still_pays(
    shop: Shop, door: Callable[[Message], Answer]
) -> None:
    before, faults = shop.everything(), {}
    for name, case in (COMMON | OWN[shop.gateway.name]).items():
        message = shop.message(**case[0])
        faults[name] = shop.judged(case, door(message), message, before)
    assert {name: fault for name, fault in faults.items() if fault} == {}
    _pays_once(shop, door)


def test_what_comes_after_the_payment_changes_nothing(
    shop: Shop, door: Callable[[Message], Answer]
) -> None:
    _pays_once(shop, door)
    before = shop.everything()
    for name, case in AFTER[shop.gateway.name].items():
        message = shop.message(**case[0])
        assert shop.judged(case, door(message), message, before) is None, name


def test_a_stamp_counts_within_its_window_and_no_second_longer(
    shop: Shop, door: Callable[[Message], Answer]
) -> None:
    old, ahead = WINDOW[shop.gateway.name]
    second = timedelta(seconds=1)
    with time_machine.travel(clock.now().replace(microsecond=0), tick=False):
        now, before = clock.now(), shop.everything()
        for stamp in (now - old - second, now + ahead + second):
            message = shop.message(stamp=stamp)
            assert shop.judged(({}, "stale"), door(message), message, before) is None
        for stamp in (now - old, now + ahead):
            assert door(shop.message(stamp=stamp)) == HEARD[shop.gateway.name]
    assert [row[1] for row in shop.kept()] == ["accepted", "duplicate"]


def test_a_true_message_is_refused_when_it_is_replayed_after_its_window(
    shop: Shop, door: Callable[[Message], Answer]
) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        true = shop.message()
        door(true)
        shop.kept()
        before = shop.everything()
        traveller.shift(WINDOW[shop.gateway.name][0] + timedelta(seconds=61))
        assert shop.judged(({}, "stale"), door(true), true, before) is None


def test_a_message_that_was_cut_off_anywhere_is_refused(shop: Shop) -> None:
    true, before = shop.message(), shop.everything()
    for end in range(1, len(true.body), len(true.body) // 40):
        assert shop.take(Message(true.headers, true.body[:end])) == REFUSED[shop.gateway.name], end
    kept = shop.kept()
    assert len(kept) >= 40
    assert {row[1] for row in kept} <= {"bad_signature", "malformed"}
    assert shop.everything() == before
    _pays_once(shop, shop.post)


class Endless(io.RawIOBase):
    """Ten million bytes on their way; counts those that were asked for."""

    left, given = 10_000_000, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = b"9" * count
        self.left, self.given = self.left - count, self.given + count
        return count


@pytest.mark.parametrize("length", [None, "10000000", "99999999999999999999"])
def test_of_ten_megabytes_little_is_read_and_less_is_kept(shop: Shop, length: str | None) -> None:
    stream, before = Endless(), shop.everything()
    said = {"wsgi.input_terminated": True} if length is None else {"CONTENT_LENGTH": length}
    answer = shop.post(shop.message(), environ_overrides=said | {"wsgi.input": stream})
    assert answer == REFUSED[shop.gateway.name]
    assert stream.given <= 2 * LARGEST_BODY
    wanted = (shop.gateway.name, "too_large", LARGEST_BODY + 1, b"9" * KEPT_BODY)
    assert shop.kept() == [wanted]
    assert shop.everything() == before


@pytest.mark.parametrize("length", ["50", "-1", "x"])
def test_a_length_that_says_less_cuts_the_message_off(shop: Shop, length: str) -> None:
    before = shop.everything()
    answer = shop.post(shop.message(), environ_overrides={"CONTENT_LENGTH": length})
    assert answer == REFUSED[shop.gateway.name]
    assert [(row[1], row[2]) for row in shop.kept()] in (
        [("bad_signature", 50 if length == "50" else 0)],
        [("malformed", 50)],
    )
    assert shop.everything() == before


def test_a_sender_who_dies_while_speaking_is_not_taken_for_a_forger(shop: Shop) -> None:
    """What it said is refused by its own name, and the whole message, said again, is heard."""
    before, message = shop.everything(), shop.message()
    longer = {"CONTENT_LENGTH": str(len(message.body) + 1)}
    assert shop.post(message, environ_overrides=longer) == REFUSED[shop.gateway.name]
    heard = (len(message.body), message.body)
    assert shop.kept() == [(shop.gateway.name, "cut_short", *heard)]
    assert shop.everything() == before
    assert shop.post(message) == HEARD[shop.gateway.name]


def test_the_content_type_is_not_what_is_signed(shop: Shop) -> None:
    """Whatever stands there, the bytes are read as they came."""
    for kind in ("multipart/form-data; boundary=x", "text/html; charset=GBK", "", "\xff/\xff"):
        true = shop.message()
        message = Message(dict(true.headers) | {"Content-Type": kind}, true.body)
        assert shop.post(message) == HEARD[shop.gateway.name], kind
    assert [row[1] for row in shop.kept()] == ["accepted"] + ["duplicate"] * 3


def test_there_is_one_way_in(shop: Shop, app: Flask) -> None:
    assert app.test_client().get(f"/callbacks/{shop.gateway.name}").status_code == 405
    assert app.test_client().post("/callbacks/nobody", data=b"{}").status_code == 404


@st.composite
def bent(draw: st.DrawFn, true: Message) -> Message:
    """Flipped bits, cuts, splices, other headers: one to three of them."""
    headers, body = dict(true.headers), true.body
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(body) - 1, 0)))
        to = draw(st.integers(at, len(body)))
        match draw(st.sampled_from(["flip", "cut", "splice", "double", "header"])):
            case "flip" if body:
                flipped = bytes([body[at] ^ 1 << draw(st.integers(0, 7))])
                body = body[:at] + flipped + body[at + 1 :]
            case "cut":
                body = body[:at] + body[to:]
            case "splice":
                body = body[:at] + draw(st.binary(max_size=40)) + body[at:]
            case "double":
                body = body[:to] + body[at:to] + body[to:]
            case "header":
                name = draw(st.sampled_from(sorted(headers)))
                headers[name] = draw(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
    return Message(headers, body)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # a bent certificate may have any
def test_no_change_by_chance_is_taken_for_the_truth(shop: Shop) -> None:
    """What is believed says to the letter what was signed; all else is refused, whatever it is."""
    true, before = shop.message(), shop.everything()
    truth = shop.gateway.verify_notification(true.headers, true.body)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(bent(true), st.booleans())
    def hear(message: Message, over_http: bool) -> None:
        try:
            assert shop.gateway.verify_notification(message.headers, message.body) == truth
        except NotificationRefused:
            answer = (shop.post if over_http else shop.take)(message)
            assert answer == REFUSED[shop.gateway.name]

    hear()
    assert {row[1] for row in shop.kept()} <= {
        "bad_signature",
        "malformed",
        "stale",
        "unknown_serial",
        "too_large",
    }
    assert shop.everything() == before
    _pays_once(shop, shop.take)
