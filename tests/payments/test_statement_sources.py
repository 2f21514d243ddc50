"""One contract for every source of statements, against gateways that know only the wire."""

import os
import stat
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from payments import statements
from payments.gateways.base import (
    Charge,
    Gateway,
    GatewayRefused,
    GatewayUnavailable,
    Product,
    Refunding,
)
from payments.settings import PaymentSettings
from payments.statements.alipay import AlipayStatements
from payments.statements.base import Reason, StatementRefused, StatementSource
from payments.statements.download import named
from payments.statements.unionpay import UnionPayStatements
from payments.statements.unpacking import Limits
from payments.statements.wechat import WeChatStatements
from runtime import clock
from tests.sandbox.merchant import Merchant
from tests.sandbox.server import SandboxServer
from tests.silence import silence

NAMES = ("wechat", "alipay", "unionpay")
PRODUCTS = {"wechat": Product.NATIVE, "alipay": Product.PAGE, "unionpay": Product.PAGE}
MADE = {
    "wechat": WeChatStatements,
    "alipay": AlipayStatements,
    "unionpay": UnionPayStatements,
}
NOW = clock.now().astimezone(clock.BEIJING).strftime("%Y%m%d%H%M%S")
ORDERS = (f"{NOW}abcdefghjkmnpq", f"{NOW}bcdefghjkmnpqr")
AMOUNTS = (14951, 84)

Pay = Callable[[], date]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def source(name: str, sandbox_settings: PaymentSettings) -> StatementSource:
    return statements.from_settings(sandbox_settings)[name]


@pytest.fixture
def gateway(name: str, offered: dict[str, Gateway]) -> Gateway:
    return offered[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "statements"


@pytest.fixture
def day(gateway: Gateway, sandbox: SandboxServer, merchant: Merchant) -> date:
    """Two orders are paid, a part of the first goes back, and the day is closed."""
    for order_no, amount_fen in zip(ORDERS, AMOUNTS, strict=True):
        destination = gateway.create(_charge(gateway.name, order_no, amount_fen, merchant.url))
        if destination.redirect_url:
            sandbox.open(destination.redirect_url)
        if destination.form:
            sandbox.post(destination.form.action, destination.form.fields)
        sandbox.pay(order_no)
    gateway.refund(Refunding(ORDERS[0], "REFUND01", 5000, AMOUNTS[0], "重复付款"))
    sandbox.close_day()
    return clock.today()


def _charge(name: str, order_no: str, amount_fen: int, url: str) -> Charge:
    return Charge(
        order_no=order_no,
        amount_fen=amount_fen,
        description="江城供电 电费",
        expires_at=clock.now() + timedelta(minutes=15),
        product=PRODUCTS[name],
        notify_url=url,
        return_url="http://127.0.0.1:8000/pay/back",
    )


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _refused(source: StatementSource, day: date, folder: Path) -> StatementRefused:
    with pytest.raises(StatementRefused) as refused:
        source.fetch(day, folder)
    return refused.value


def test_a_statement_says_what_was_paid_and_given_back(
    source: StatementSource, day: date, folder: Path, sandbox: SandboxServer
) -> None:
    statement = source.fetch(day, folder)
    trade_nos = [sandbox.order(order_no)["trade_no"] for order_no in ORDERS]
    lines = list(statement.rows())
    assert [line[:6] for line in lines] == [
        ("payment", ORDERS[0], trade_nos[0], None, 14951, 90),
        ("payment", ORDERS[1], trade_nos[1], None, 84, 1),
        ("refund", ORDERS[0], trade_nos[0], "REFUND01", 5000, 30),
    ]
    assert all(abs(line.at - clock.now()) < timedelta(minutes=1) for line in lines)
    assert (statement.gateway, statement.day, statement.count) == (source.name, day, 3)
    sums = (statement.paid_fen, statement.refunded_fen, statement.fee_fen)
    assert sums == (15035, 5000, 61)


def test_the_file_stays_for_its_owner_only_and_can_be_read_again(
    source: StatementSource, day: date, folder: Path
) -> None:
    statement = source.fetch(day, folder)
    assert _left(folder) == [statement.path.name]
    assert stat.S_IMODE(statement.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert statement.sha256 == sha256(statement.path.read_bytes()).hexdigest()
    assert list(statement.rows()) == list(statement.rows())
    assert source.fetch(day, folder).path == statement.path
    assert _left(folder) == [statement.path.name]


def test_what_a_killed_process_left_is_removed(
    source: StatementSource, day: date, folder: Path
) -> None:
    folder.mkdir()
    old, new = folder / ".wechat-2026-11-18.csv.gz.a.part", folder / ".wechat-2026-11-20.b.part"
    for draft in (old, new):
        draft.touch()
    os.utime(old, (0, clock.now().timestamp() - 86_500))
    statement = source.fetch(day, folder)
    assert _left(folder) == [new.name, statement.path.name]


def test_a_day_without_a_statement(
    source: StatementSource, sandbox: SandboxServer, folder: Path
) -> None:
    for day in (clock.today(), clock.today() - timedelta(days=1)):
        with pytest.raises(GatewayRefused) as refused:
            source.fetch(day, folder)
        assert refused.value.reason == "no_statement"
    assert _left(folder) == []


FAULTS: list[tuple[str, dict[str, Any], Reason]] = [
    ("missing_line", {}, "miscounted"),
    ("missing_line", {"out_trade_no": ORDERS[1]}, "miscounted"),
    ("extra_line", {}, "miscounted"),
    ("amount", {"adjusted": False}, "miscounted"),
    ("repeated_line", {}, "duplicate_line"),
    ("repeated_line", {"adjusted": False}, "miscounted"),
    ("wrong_hash", {}, "wrong_hash"),
    ("wrong_day", {}, "wrong_day"),
    ("wrong_merchant", {}, "wrong_merchant"),
    ("wrong_charset", {}, "wrong_charset"),
    ("truncated", {}, "truncated"),
]


@pytest.mark.parametrize(("kind", "options", "reason"), FAULTS)
def test_a_spoiled_statement_is_refused_and_leaves_nothing_behind(
    source: StatementSource,
    day: date,
    folder: Path,
    sandbox: SandboxServer,
    kind: str,
    options: dict[str, Any],
    reason: Reason,
) -> None:
    if source.name != "wechat" and reason == "wrong_hash":
        pytest.skip("only WeChat Pay names a hash")
    if source.name == "unionpay" and reason == "miscounted":
        pytest.skip("UnionPay's file has no totals: its signature and its checksum keep it whole")
    sandbox.spoil(source.name, kind, **options)
    refused = _refused(source, day, folder)
    assert (refused.gateway, refused.reason) == (source.name, reason)
    assert str(refused) == f"{source.name}: {reason}"
    assert _left(folder) == []


def test_a_spoiled_statement_does_not_take_the_place_of_a_good_one(
    source: StatementSource, day: date, folder: Path, sandbox: SandboxServer
) -> None:
    good = source.fetch(day, folder)
    sandbox.spoil(source.name, "truncated")
    _refused(source, day, folder)
    assert _left(folder) == [good.path.name]
    assert len(list(good.rows())) == 3


def test_a_statement_that_agrees_with_itself_is_believed(
    source: StatementSource, day: date, folder: Path, sandbox: SandboxServer
) -> None:
    """What it says is for reconciliation to compare."""
    sandbox.spoil(source.name, "missing_line", out_trade_no=ORDERS[1], adjusted=True)
    assert [line.order_no for line in source.fetch(day, folder).rows()] == [ORDERS[0]] * 2
    sandbox.spoil(source.name, "unknown")
    stranger = list(source.fetch(day, folder).rows())[-1]
    assert (stranger.order_no, stranger.amount_fen) == (f"{day:%Y%m%d}unknown", 100)
    sandbox.spoil(source.name, "amount", out_trade_no=ORDERS[1])
    statement = source.fetch(day, folder)
    assert [line.amount_fen for line in statement.rows()] == [14951, 85, 5000]
    assert statement.paid_fen == 15036


def test_a_gateway_that_fails_or_is_silent_is_unavailable(
    source: StatementSource, day: date, folder: Path, sandbox: SandboxServer
) -> None:
    sandbox.outage(source.name, "error")
    with pytest.raises(GatewayUnavailable):
        source.fetch(day, folder)
    assert _left(folder) == []


@pytest.mark.silence
def test_nobody_who_is_silent_is_waited_for_long(
    name: str, sandbox_settings: PaymentSettings, folder: Path
) -> None:
    with silence() as nobody:
        settings = sandbox_settings.model_copy(
            update={
                "wechatpay_gateway": nobody.url,
                "alipay_gateway": f"{nobody.url}/gateway.do",
                "unionpay_files": nobody.url,
            }
        )
        with pytest.raises(GatewayUnavailable):
            statements.from_settings(settings)[name].fetch(date(2026, 11, 20), folder)
    assert _left(folder) == []


@pytest.mark.parametrize("limits", [Limits(50, 1 << 20), Limits(1 << 20, 50)])
def test_a_file_larger_than_allowed_is_refused(
    name: str, sandbox_settings: PaymentSettings, day: date, folder: Path, limits: Limits
) -> None:
    source = MADE[name](sandbox_settings, limits)
    assert _refused(source, day, folder).reason == "malformed"
    assert _left(folder) == []


REAL_ALIPAY = "https://openapi.alipay.com/gateway.do"
REAL_WECHAT = "https://api.mch.weixin.qq.com"


@pytest.mark.parametrize(
    ("said", "api", "domain", "followed"),
    [
        ("https://dwbillcenter.alipay.com/x?a=b", REAL_ALIPAY, "alipay.com", True),
        ("http://dwbillcenter.alipay.com/x?a=b", REAL_ALIPAY, "alipay.com", True),
        ("https://evilalipay.com/x", REAL_ALIPAY, "alipay.com", False),
        ("https://alipay.com.evil.example/x", REAL_ALIPAY, "alipay.com", False),
        ("https://alipay.com@evil.example/x", REAL_ALIPAY, "alipay.com", False),
        ("https://me@dwbillcenter.alipay.com/x", REAL_ALIPAY, "alipay.com", False),
        ("https://dwbillcenter.alipay.com:8443/x", REAL_ALIPAY, "alipay.com", False),
        ("http://127.0.0.1/x", REAL_ALIPAY, "alipay.com", False),
        ("http://[::1]:5432/", REAL_ALIPAY, "alipay.com", False),
        ("file:///etc/passwd", REAL_ALIPAY, "alipay.com", False),
        ("/x", REAL_ALIPAY, "alipay.com", False),
        ("", REAL_ALIPAY, "alipay.com", False),
        (None, REAL_ALIPAY, "alipay.com", False),
        ("https://api.mch.weixin.qq.com/v3/f?token=x", REAL_WECHAT, "mch.weixin.qq.com", True),
        ("https://weixin.qq.com/v3/f?token=x", REAL_WECHAT, "mch.weixin.qq.com", False),
        ("http://127.0.0.1:8400/f?t=x", "http://127.0.0.1:8400/gateway.do", "alipay.com", True),
        ("http://127.0.0.1:8401/f?t=x", "http://127.0.0.1:8400/gateway.do", "alipay.com", False),
        ("https://a.alipay.com/f", "http://127.0.0.1:8400/gateway.do", "alipay.com", False),
    ],
)
def test_only_a_gateways_own_addresses_are_followed(
    said: object, api: str, domain: str, followed: bool
) -> None:
    if followed:
        url = named("alipay", said, api, domain)
        assert url.scheme == ("https" if api.startswith("https") else "http")
        assert str(url).partition("://")[2] == str(said).partition("://")[2]
        return
    with pytest.raises(GatewayUnavailable):
        named("alipay", said, api, domain)
