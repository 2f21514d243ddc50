"""What the payer of an agreement is told: the whole text, in the payer's language."""

import json
from datetime import date

import pytest
from sqlalchemy import select

from notifications import autopay
from notifications.models import Message
from notifications.templates import TEMPLATES
from runtime.database import Database
from service.events import AutoPayNews
from service.people.users import get_user
from tests.payments.builders import create_user

LINK = "https://denghuo.example/pay"
TOLD = {
    ("announced", "zh"): "11 月 23 日将用微信支付自动缴户号尾号 0042 的10 月电费 149.51 元。"
    "不想扣，可以先自己缴，或在网页上结束自动缴。",
    ("announced", "en"): "On 23 November we will take 149.51 yuan by WeChat Pay: electricity for"
    " October, account ending 0042. To stop it, pay before, or end automatic payment online.",
    ("done", "zh"): "微信支付已自动缴户号尾号 0042 的10 月电费 149.51 元，不用再缴。",
    ("done", "en"): "WeChat Pay paid 149.51 yuan for October, account ending 0042."
    " Nothing more to do.",
    ("failed", "zh"): "户号尾号 0042 的10 月电费 149.51 元，微信支付没有扣成，钱没有扣。"
    f"11 月 23 日再扣一次，也可以自己缴：{LINK}",
    ("failed", "en"): "WeChat Pay could not pay 149.51 yuan for October, account ending 0042."
    f" You were not charged. We try again on 23 November, or pay yourself: {LINK}",
    ("given_up", "zh"): "户号尾号 0042 的10 月电费 149.51 元，微信支付没有扣成，"
    f"不再自动扣了。请自己缴：{LINK}",
    ("given_up", "en"): "WeChat Pay could not pay 149.51 yuan for October, account ending 0042."
    f" We will not try again. Please pay yourself: {LINK}",
    ("over_limit", "zh"): "户号尾号 0042 的10 月电费 149.51 元，超过您定的每月 100.00 元，没有扣。"
    f"请自己缴：{LINK}",
    ("over_limit", "en"): "149.51 yuan for October, account ending 0042, is more than your"
    f" monthly limit of 100.00 yuan. We did not take it. Please pay yourself: {LINK}",
    ("ended", "zh"): "户号尾号 0042 的自动缴已经在微信支付里解约，以后不再自动扣。"
    f"要缴就到这里：{LINK}",
    ("ended", "en"): "Automatic payment for the account ending 0042 was ended in WeChat Pay."
    f" From now on please pay here: {LINK}",
}
NEEDED = {
    "announced": {"day", "way", "tail", "month", "amount"},
    "done": {"way", "tail", "month", "amount"},
    "failed": {"way", "tail", "month", "amount", "day", "link"},
    "given_up": {"way", "tail", "month", "amount", "link"},
    "over_limit": {"tail", "month", "amount", "limit", "link"},
    "ended": {"way", "tail", "link"},
}


def test_every_kind_has_its_text() -> None:
    templates = {f"autopay_{kind}_{language}" for kind, language in TOLD}
    assert templates == {name for name in TEMPLATES if name.startswith("autopay_")}
    assert set(TOLD) == {(kind, language) for kind in NEEDED for language in ("zh", "en")}


@pytest.mark.parametrize(("kind", "language"), TOLD)
def test_its_template_gets_what_it_needs_and_no_more(
    database: Database, kind: str, language: str
) -> None:
    with database.unit_of_work() as session:
        user_id = create_user(session)
        get_user(session, user_id).language = language
        autopay.queue_news(session, _news(kind, user_id))
    [message] = _written(database)
    params = json.loads(message.params or "")
    assert (message.recipient, message.template) == ("13800002046", f"autopay_{kind}_{language}")
    assert set(params) == NEEDED[kind]
    assert TEMPLATES[message.template].format(**params) == TOLD[kind, language]


def test_nobody_there_is_not_told(database: Database) -> None:
    with database.unit_of_work() as session:
        autopay.queue_news(session, _news("done", 1))
    assert _written(database) == []


def _news(kind: str, user_id: int) -> AutoPayNews:
    return AutoPayNews(
        kind=kind,
        user_id=user_id,
        account_no="420011870042",
        gateway="wechat",
        pay_url=LINK,
        period="2026-10",
        amount_fen=14951,
        limit_fen=10000,
        day=date(2026, 11, 23),
    )


def _written(database: Database) -> list[Message]:
    with database.unit_of_work() as session:
        return list(session.scalars(select(Message)))
