"""How figures, dates and names look."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import time_machine
from flask import Flask

from portal import formats

DAY = date(2026, 12, 18)
NOW = datetime(2026, 12, 11, 12, 14, tzinfo=UTC)


@pytest.fixture(params=["zh", "en"])
def language(app: Flask, request: pytest.FixtureRequest):  # type: ignore[no-untyped-def]
    with app.test_request_context(f"/?lang={request.param}"), time_machine.travel(NOW, tick=False):
        yield request.param


@pytest.mark.parametrize(
    ("fen", "amount", "change"),
    [
        (14951, "¥149.51", "+149.51"),
        (123450, "¥1,234.50", "+1,234.50"),
        (-216, "−¥2.16", "−2.16"),
        (0, "¥0.00", "0.00"),
        (5, "¥0.05", "+0.05"),
    ],
)
def test_money(fen: int, amount: str, change: str) -> None:
    assert formats.amount(fen) == amount
    assert formats.change(fen) == change


@pytest.mark.parametrize(
    ("wh", "digits", "said"),
    [
        (286_000, None, "286"),
        (11_800, None, "11.8"),
        (2_439_000, None, "2,439"),
        (1_234_567, None, "1,235"),
        (-1_500, None, "−1.5"),
        (1_554, 2, "1.55"),
        (0, None, "0"),
    ],
)
def test_energy(wh: int, digits: int | None, said: str) -> None:
    assert formats.kwh(wh, digits) == said


@pytest.mark.parametrize(
    ("price", "said"),
    [("0.588", "0.588"), ("0.05", "0.050"), ("0.97162", "0.97162"), ("38.40", "38.400")],
)
def test_prices_are_never_rounded(price: str, said: str) -> None:
    assert formats.price(Decimal(price)) == said


def test_days_and_months(language: str) -> None:
    english = language == "en"
    assert formats.day(DAY) == ("18 December" if english else "12 月 18 日")
    assert formats.day(date(2025, 1, 2)) == ("2 January 2025" if english else "2025 年 1 月 2 日")
    assert formats.month("2026-11") == ("November" if english else "11 月")
    assert formats.month("2025-11") == ("November 2025" if english else "2025 年 11 月")
    assert formats.full_month("2026-11") == ("November 2026" if english else "2026 年 11 月")


def test_moments_are_in_beijing_time(language: str) -> None:
    english = language == "en"
    assert formats.clock_time(NOW) == "20:14"
    assert formats.moment(NOW) == ("today 20:14" if english else "今天 20:14")
    late = datetime(2026, 12, 10, 16, 5, tzinfo=UTC)  # past midnight in Beijing
    assert formats.moment(late) == ("today 00:05" if english else "今天 00:05")
    before = datetime(2026, 12, 9, 16, 5, tzinfo=UTC)
    assert formats.moment(before) == ("10 December 00:05" if english else "12 月 10 日 00:05")


@pytest.mark.parametrize(
    ("due", "chinese", "english"),
    [
        (date(2026, 12, 18), "还有 7 天", "7 days left"),
        (date(2026, 12, 12), "还有 1 天", "1 day left"),
        (date(2026, 12, 11), "就在今天", "today"),
        (date(2026, 12, 8), "晚了 3 天", "3 days late"),
    ],
)
def test_days_left(language: str, due: date, chinese: str, english: str) -> None:
    assert formats.days_left(due) == (english if language == "en" else chinese)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王建华", "王*华"),
        ("王华", "王*"),
        ("欧阳建国", "欧*国"),
        ("王", "王"),
        ("", ""),
        (None, ""),
        ("江城暖阳纺织有限公司", "江城暖阳纺织有限公司"),
        ("柳荫路小学食堂管理中心", "柳荫路小学食堂管理中心"),
        ("王国银行", "王*行"),
        ("Warm Sun Textile Co., Ltd.", "Warm Sun Textile Co., Ltd."),
        ("Marco Franco", "Marco F."),
        ("Jane Doe", "Jane D."),
        ("Jane", "J***"),
    ],
)
def test_names_are_masked(name: str | None, masked: str) -> None:
    assert formats.masked_name(name) == masked


def test_numbers_are_grouped_and_masked() -> None:
    assert formats.grouped("420011875603") == "4200 1187 5603"
    assert formats.masked_phone("13800002046") == "138 **** 2046"


@pytest.mark.parametrize(
    ("channel", "chinese", "english"),
    [
        ("wechat", "微信支付", "WeChat Pay"),
        ("alipay", "支付宝", "Alipay"),
        ("unionpay", "云闪付 / 银联", "UnionPay"),
        ("counter", "营业厅现金", "Cash at a counter"),
        ("bank", "银行代扣", "Bank direct debit"),
        ("hall", "营业厅", "Service counter"),
        ("agent", "代收点", "Collection point"),
        ("carrier_pigeon", "其他方式", "Another way"),
    ],
)
def test_ways_to_pay_have_names(language: str, channel: str, chinese: str, english: str) -> None:
    assert formats.channel_name(channel) == (english if language == "en" else chinese)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("2026-12-11T12:14:00Z", "20:14"),
        ("2026-12-11T16:00:00Z", "今天 24:00"),
        ("2026-12-12T16:00:00Z", "12 月 12 日 24:00"),
        ("2026-12-12T02:00:00Z", "12 月 12 日 10:00"),
    ],
)
def test_a_deadline_at_midnight_is_the_days_end(
    app: Flask, december: None, when: str, said: str
) -> None:
    with app.test_request_context():
        assert formats.deadline(datetime.fromisoformat(when)) == said
