"""What UnionPay answers, word for word: what of it is believed, and what closing makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from payments import gateways
from payments.gateways.base import Gateway, GatewayRefused, GatewayUnavailable, TradeState
from payments.statements.base import StatementRefused
from payments.statements.unionpay import UnionPayStatements
from tests.payments.builders import World, signature
from tests.sandbox.merchant import Merchant

ORDER = "20261121083000abcdefghjkmnpq"

ANSWERS: list[tuple[dict[str, str], str]] = [
    ({"orderId": "20261121000000another"}, "unreadable_answer"),
    ({"txnTime": "20260101000000"}, "unreadable_answer"),
    ({"txnAmt": "149.51"}, "unreadable_answer"),
    ({"currencyCode": "840"}, "unreadable_answer"),
    ({"traceTime": "9999999999"}, "unreadable_answer"),
    ({"queryId": ""}, "unreadable_answer"),
    ({"respCode": "06"}, "busy"),
    ({"respCode": "05"}, "busy"),
]


@pytest.mark.parametrize(("change", "reason"), ANSWERS)
def test_an_answer_of_unionpay_about_something_else_is_none(
    world: World, change: dict[str, str], reason: str
) -> None:
    with _answering(world, _said(world) | change) as unionpay:
        with pytest.raises(GatewayUnavailable) as caught:
            unionpay.query(ORDER)
        assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("code", "state", "closing"),
    [
        ("00", TradeState.PAID, "paid"),
        ("A6", TradeState.PAID, "paid"),
        ("05", TradeState.AWAITING, "uncertain"),
        ("03", TradeState.AWAITING, "uncertain"),
        ("61", TradeState.AWAITING, None),
    ],
)
def test_what_unionpay_says_of_a_try_decides_whether_an_order_can_be_closed(
    world: World, code: str, state: TradeState, closing: str | None
) -> None:
    with _answering(world, _said(world) | {"origRespCode": code}) as unionpay:
        assert unionpay.query(ORDER).state is state
        if closing is None:
            unionpay.close(ORDER)
            return
        with pytest.raises((GatewayRefused, GatewayUnavailable)) as caught:
            unionpay.close(ORDER)
        assert caught.value.reason == closing


def test_an_answer_that_is_no_set_of_fields_is_none(world: World) -> None:
    for text in ("Invalid request.", "", "respCode=00&respCode=34", "<html>&</html>"):
        with _answering(world, text) as unionpay:
            with pytest.raises(GatewayUnavailable) as caught:
                unionpay.query(ORDER)
            assert caught.value.reason in ("unreadable_answer", "bad_signature")


def test_a_file_that_was_bent_after_signing_is_refused(world: World, tmp_path: Path) -> None:
    said = _signed(world, _said(world) | {"fileContent": "AAAA"})
    text = "&".join(f"{name}={value}" for name, value in said).replace("AAAA", "BBBB")
    with Merchant(answer=(200, text.encode())) as other_side:
        source = UnionPayStatements(world.settings(unionpay_files=other_side.url))
        with pytest.raises(StatementRefused) as refused:
            source.fetch(date(2026, 11, 20), tmp_path)
        source._wire.close()
    assert refused.value.reason == "wrong_hash"
    assert list(tmp_path.iterdir()) == []


def test_a_field_in_braces_may_hold_the_sign_between_fields(world: World) -> None:
    odd = {"customerInfo": "{phone=1&name=2}", "origRespCode": "00"}
    with _answering(world, _said(world) | odd) as unionpay:
        assert unionpay.query(ORDER).state is TradeState.PAID


def _said(world: World) -> dict[str, str]:
    """What UnionPay says of the order when it is asked, unsigned."""
    fields = dict(parse_qsl(world.unionpay_message(ORDER, 14951)[1].decode()))
    return fields | {"origRespCode": "00"}


@contextmanager
def _answering(world: World, said: dict[str, str] | str) -> Iterator[Gateway]:
    """A gateway whose other side always says the same, rightly signed."""
    text = said if isinstance(said, str) else "&".join(f"{n}={v}" for n, v in _signed(world, said))
    with Merchant(answer=(200, text.encode())) as other_side:
        settings = world.settings(unionpay_gateway=other_side.url.removesuffix("/notify"))
        gateway = gateways.from_settings(settings, hurried=True)["unionpay"]
        yield gateway
        gateway._wire.close()  # type: ignore[attr-defined]


def _signed(world: World, fields: dict[str, str]) -> list[tuple[str, str]]:
    plain = {name: value for name, value in sorted(fields.items()) if name != "signature" and value}
    text = "&".join(f"{name}={value}" for name, value in plain.items())
    digest = sha256(text.encode()).hexdigest()
    return [*plain.items(), ("signature", signature(world.unionpay, digest))]
