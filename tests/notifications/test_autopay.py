"""What the payer of an agreement is told: the whole text, in the payer's language."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from notifications import autopay
from service.events import AutoPayNews
from tests.notifications.said import assert_said_everywhere, in_the_inbox, said
from tests.service.builders import create_user

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


@pytest.mark.parametrize(("kind", "language"), TOLD)
def test_the_payer_reads_what_happened(session: Session, kind: str, language: str) -> None:
    user = create_user(session)
    autopay.on_news(session, _news(kind, user.id))
    assert said(session, f"autopay.{kind}", language) == [TOLD[kind, language]]
    assert in_the_inbox(session, user.id) == [f"autopay.{kind}"]


@pytest.mark.parametrize("kind", autopay.KINDS)
def test_every_channel_can_say_it(session: Session, kind: str) -> None:
    autopay.on_news(session, _news(kind, create_user(session).id))
    assert_said_everywhere(session, f"autopay.{kind}")


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
