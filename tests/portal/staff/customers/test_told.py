"""What a customer was sent stands on their page: when, how, in which words, and masked."""

from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from notifications import composing, dispatching, figures, notices
from runtime.database import Database
from tests.notifications.senders import Sender, sending_by
from tests.portal.places import words
from tests.portal.staff.customers.conftest import ACCOUNT, BASE, HOLDER

PARAMS = {"tail": "5603", "left": "3.20", "below": "50.00", "link": "https://denghuo.example/p"}


@pytest.fixture
def told(
    house: SimpleNamespace, database: Database, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """The owner was told by SMS that the balance is used up."""
    monkeypatch.setattr(figures, "_readers", {})
    with database.unit_of_work() as session:
        to = {"user_id": house.owner.id, "account_no": ACCOUNT}
        notices.tell(session, "balance.spent", key="k", params=PARAMS, **to)
    with sending_by(Sender("aliyun")):
        composing.compose()
        dispatching.dispatch("sms", 0)
    return house


def test_what_was_sent_stands_there(told: SimpleNamespace, opened: FlaskClient) -> None:
    page = opened.get(BASE).text
    said = words(page)
    assert "138 **** 8000 · 阿里云短信 · 原来的措辞" in said
    assert "户号尾号 5603 的余额用完了" in said
    assert "发出去了" in said
    assert HOLDER not in page


def test_nothing_sent_says_so(opened: FlaskClient) -> None:
    assert "还没有发过什么。" in words(opened.get(BASE).text)
