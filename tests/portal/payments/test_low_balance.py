"""A threshold for a balance that may sink: whose it is, and what makes one."""

import re

import pytest
from flask.testing import FlaskClient

from runtime.database import Database
from service.models import Bill, User
from tests.portal.conftest import post
from tests.portal.payments.conftest import NUMBER
from tests.portal.places import move_in, says, words

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def prepaid(database: Database, user: User) -> str:
    """An account that pays ahead, with ¥60.00 left."""
    with database.unit_of_work() as session:
        return move_in(session, user, settlement="prepaid", balance_fen=-6000).account_no


def test_a_threshold_is_chosen_kept_and_taken_back(client: FlaskClient, prepaid: str) -> None:
    path = f"/payments/low-balance/{prepaid}"
    assert f'href="{path}">余额低了提醒我' in client.get("/").text
    assert post(client, path, below="5000").status_code == 303
    assert f'href="{path}">低于 ¥50.00 提醒' in client.get("/").text
    assert "低于您定的" not in says(client, "/")
    assert post(client, path, below="own", own="66.60").status_code == 303
    assert "低于您定的 ¥66.60，请尽快充值。" in says(client, "/")
    page = client.get(path).text
    assert 'value="66.60"' in page
    assert re.search(r'<input checked[^>]*value="own"', page)
    assert post(client, path, below="off").status_code == 303
    assert "低于您定的" not in says(client, "/")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"below": "own", "own": "0.50"}, "提醒的数从 ¥1.00 到 ¥10,000.00。"),
        ({"below": "own", "own": "a lot"}, "金额照 80 或 149.51 这样写"),
        ({"below": "own", "own": ""}, "金额照 80 或 149.51 这样写"),
    ],
)
def test_what_makes_no_threshold_is_said(
    client: FlaskClient, prepaid: str, given: dict[str, str], said: str
) -> None:
    answer = post(client, f"/payments/low-balance/{prepaid}", **given)
    assert answer.status_code == 422
    assert said in words(answer.text)


def test_an_account_that_pays_afterwards_has_no_threshold(client: FlaskClient, bill: Bill) -> None:
    assert client.get(f"/payments/low-balance/{NUMBER}").status_code == 400
    assert "low-balance" not in client.get("/").text


def test_an_energy_manager_has_none(client: FlaskClient, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        number = move_in(session, user, "enterprise_energy", settlement="prepaid").account_no
    assert client.get(f"/payments/low-balance/{number}").status_code == 403
    assert "low-balance" not in client.get("/").text
