"""Early signs, as finance reads them."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.staff.insight import saying
from runtime import clock
from runtime.database import Database
from service.audit import AuditEntry
from service.insight import measuring
from service.insight.measuring import Bin, Measured
from service.insight.models import LateModel, LateObjection, LateScore, UsageWarning
from service.insight.scoring import Model
from tests.portal.conftest import post, staff
from tests.portal.places import part, says, words
from tests.service import builders

NOW = "2026-11-21T02:00:00Z"
ROOM = "/desk/insight"
HOME, SHOP, FIRM = "420011875603", "420015268840", "420096000017"
HISTORY = {"code": "history", "bills": 6, "late": 2, "days": 5}


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def finance(app: Flask, database: Database) -> FlaskClient:
    return staff(app, database, "13900000001", "finance")


def measured() -> Measured:
    tenth = Bin(90, 0.034, 0.04)
    return Measured(
        bills=900,
        late=90,
        auc=0.849,
        brier=0.0765,
        brier_base=0.09,
        ece=0.0162,
        lift=4.53,
        bins=(*[tenth] * (measuring.BINS - 1), Bin(90, 0.575, 0.517)),
    )


def learned(database: Database, *, metrics: Measured | None, method: str = "logistic") -> None:
    numbers = Model(method="counted", base=0.1, prior_bills=4).as_json()
    with database.unit_of_work() as session:
        session.add(
            LateModel(
                method=method,
                trained_at=clock.now(),
                bills=72_000,
                late=7_200,
                numbers=numbers,
                metrics=metrics.as_json() if metrics else None,
            )
        )


def scored(
    database: Database, number: str, score: float, band: str, *reasons: dict[str, Any]
) -> None:
    """An account with its score, and a bill of ¥120 past due when it is in the high band."""
    with database.unit_of_work() as session:
        account = builders.create_account(session, number)
        if band == "high":
            builders.create_bill(session, account, "2026-09", total_fen=12_000)
        builders.create_bill(session, account, "2026-10", total_fen=9_000, due=date(2026, 12, 1))
        session.add(
            LateScore(
                account_no=number,
                score=score,
                band=band,
                reasons=list(reasons) or [HISTORY],
                model_no=1,
                at=clock.now(),
            )
        )


def listed(client: FlaskClient, query: str = "") -> list[str]:
    page = client.get(f"{ROOM}{query}").text
    return re.findall(r'href="/desk/insight/(\d+)"><b>', page)


@pytest.mark.parametrize(
    ("role", "status"), [("finance", 200), ("lead", 200), ("agent", 404), ("field", 404)]
)
def test_finance_and_leads_enter(app: Flask, database: Database, role: str, status: int) -> None:
    client = staff(app, database, "13900000002", role)
    assert client.get(ROOM).status_code == status
    assert (ROOM in client.get("/desk", follow_redirects=True).text) == (status == 200)


def test_before_the_first_night(finance: FlaskClient) -> None:
    page = says(finance, ROOM)
    assert "还没有估过：今天夜里开始。" in page
    assert "估得准不准" not in page


def test_accounts_by_risk_with_what_is_past_due(finance: FlaskClient, database: Database) -> None:
    learned(database, metrics=measured())
    scored(database, SHOP, 0.034, "low")
    scored(database, HOME, 0.62, "high")
    assert listed(finance) == [HOME, SHOP]
    page = part(finance, ROOM, "accounts")
    assert "很可能晚1¥120.00" in page
    assert "可能晚0¥0.00" in page
    assert "多半按时1¥0.00" in page
    assert "很可能晚：50% 以上；可能晚：20% 以上。" in page
    assert "最近 6 张账单里有 2 张晚缴，平均晚 5 天。" in page
    assert "62%" in page
    assert "3.4%" in page
    assert "王" not in page
    assert listed(finance, "?band=low") == [SHOP]
    assert listed(finance, "?owing=yes") == [HOME]
    assert listed(finance, "?band=low&owing=yes") == []


def test_how_well_it_is_foretold_in_words_and_figures(
    finance: FlaskClient, database: Database
) -> None:
    learned(database, metrics=measured())
    page = part(finance, ROOM, "how")
    assert "逻辑回归" in page
    assert "今天 10:00学的，看了 72,000 张账单，其中 7,200 张晚缴。最近到期的 900 张" in page
    assert "一百次里有 85 次把晚缴的排在前面" in page
    assert "平均差 1.6 个百分点" in page
    assert "里面晚缴的是平常的 4.5 倍" in page
    assert "真晚了的 1903.4%4.0%2903.4%4.0%" in page
    assert "109057%52%" in page
    assert "不看年龄、性别" in page


def test_too_little_history_is_said(finance: FlaskClient, database: Database) -> None:
    learned(database, metrics=None, method="counted")
    page = part(finance, ROOM, "how")
    assert "数数：" in page
    assert "还太少，考不了准不准" in page


def test_a_page_begins_after_a_mark(finance: FlaskClient, database: Database) -> None:
    numbers = [f"4200110000{at:02}" for at in range(53)]
    for number in numbers:
        scored(database, number, 0.5 if number < numbers[30] else 0.25, "middle")
    assert listed(finance, "?band=middle") == numbers[:50]
    page = finance.get(f"{ROOM}?band=middle").text
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    address = following[1].replace("&amp;", "&")
    assert listed(finance, address.removeprefix(ROOM)) == numbers[50:]
    for wrong in ("x", "1~", "nan~420011000001", "1~%00"):
        assert listed(finance, f"?after={wrong}") == numbers[:50]


def test_why_one_account_may_be_late_stands_in_the_trail(
    finance: FlaskClient, database: Database
) -> None:
    scored(
        database,
        HOME,
        0.62,
        "high",
        {"code": "unpaid", "count": 1, "weight": 1.2},
        HISTORY | {"weight": 0.8},
        {"code": "use_year", "percent": -30, "weight": -0.2},
    )
    page = says(finance, f"{ROOM}/{HOME}")
    assert "62% 下一张账单可能晚缴" in page
    assert "有 1 张账单过了期还没缴。 更可能晚" in page
    assert "这张账单比去年同月少用 30%。 更可能按时" in page
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.deed, entry.subject, entry.about) == ("seen", HOME, "insight")
    assert finance.get(f"{ROOM}/429999999999").status_code == 404


def test_whoever_objects_is_not_estimated_any_more(
    finance: FlaskClient, database: Database
) -> None:
    scored(database, HOME, 0.62, "high")
    here = f"{ROOM}/{HOME}"
    answer = _send(finance, here, f"{here}/objection", reason="来电说不愿意")
    assert (answer.status_code, answer.headers["Location"]) == (303, here)
    assert "客户不愿意被估，今天 10:00起不估了。" in says(finance, here)
    assert listed(finance) == []
    _send(finance, here, f"{here}/objection/end", reason="")
    with database.reading() as session:
        assert session.get(LateObjection, HOME) is not None
    _send(finance, here, f"{here}/objection/end", reason="又愿意了")
    assert "这一户没有估" in says(finance, here)
    assert _send(finance, here, f"{ROOM}/429999999999/objection", reason="谁").status_code == 404


def _send(client: FlaskClient, page: str, path: str, **fields: str) -> Any:
    """Submit a form of a page with its token."""
    token = client.get(page).get_data(as_text=True).split('name="csrf_token" value="')[1]
    return client.post(path, data={"csrf_token": token.split('"')[0], **fields})


def test_a_fall_is_shown_until_somebody_says_what_it_is(
    finance: FlaskClient, database: Database
) -> None:
    with database.unit_of_work() as session:
        builders.create_account(session, FIRM, holder_name="江城纺织有限公司", kind="industrial")
        session.add(
            UsageWarning(
                account_no=FIRM,
                day=date(2026, 11, 20),
                days=7,
                usual_wh=1_000_000,
                recent_wh=400_000,
                year_ago_percent=41,
                found_at=clock.now(),
            )
        )
    falls = part(finance, ROOM, "falls")
    assert "江城纺织有限公司 4200 9600 0017 少了 60%" in falls
    assert "到11 月 20 日的 7 天，平均一天 400 度，平常 1,000 度。是去年同期的 41%。" in falls
    post(finance, f"{ROOM}/warnings/1", note="在检修")
    page = says(finance, ROOM)
    assert "记下了。" in page
    assert "用电突然少了" not in page
    assert finance.get(f"{ROOM}/warnings/1").status_code == 405
    assert post(finance, f"{ROOM}/warnings/1", note="又").status_code == 404


def test_every_reason_has_its_sentence(app: Flask) -> None:
    reasons = [
        {"code": "history", "bills": 0, "late": 0},
        {"code": "history", "bills": 6, "late": 0, "weight": -0.4},
        {"code": "margin", "days": 0, "weight": 0.1},
        {"code": "margin", "days": 9, "weight": -0.1},
        {"code": "reversals", "count": 2, "weight": 0.3},
        {"code": "debit", "percent": 92, "weight": -0.3},
        {"code": "use_year", "percent": 172, "beyond": True, "weight": 0.3},
        {"code": "use_lately", "percent": 30, "weight": 0.1},
        {"code": "use_lately", "percent": -30, "weight": -0.1},
        {"code": "season", "season": "winter", "weight": 0.1},
        {"code": "season", "season": "summer", "weight": -0.1},
    ]
    with app.test_request_context():
        said = saying.sentences(reasons)
    assert [(each.text, each.raises) for each in said] == [
        ("还没有到过期的账单，按全体的比例估。", None),
        ("最近 6 张账单都按时缴了。", False),
        ("按时缴的，一般最后一天才缴。", True),
        ("按时缴的，一般提前 9 天。", False),
        ("一年里有 2 笔付款退了回去。", True),
        ("由银行代扣的占 92%。", False),
        ("这张账单比去年同月多用 172%以上。", True),
        ("这张账单比前三个月平均多用 30%。", True),
        ("这张账单比前三个月平均少用 30%。", False),
        ("冬天的账单，晚缴的多一些。", True),
        ("夏天的账单，晚缴的少一些。", False),
    ]


def test_it_is_told_in_english_too(finance: FlaskClient, database: Database) -> None:
    learned(database, metrics=measured())
    scored(database, HOME, 0.62, "high")
    page = finance.get(ROOM, headers={"Accept-Language": "en"})
    assert "Late among the last 6 bills: 2. Days late on average: 5." in words(page.text)
