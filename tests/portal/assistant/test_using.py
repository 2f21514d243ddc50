"""Use, tiers, tariffs and advice: from real rows, in exact words."""

from datetime import date

import pytest

from runtime.database import Database
from service.models import Account, ServicePoint
from tests.portal.assistant.conftest import HOME, Asker
from tests.portal.places import move_in, queries, supply, use
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")


@pytest.fixture
def home(customer: Asker, database: Database) -> str:
    """August to November billed at 300 kWh under one price; 9.6 kWh a day to 10 December."""
    with database.unit_of_work() as session:
        account = session.get_one(Account, HOME)
        point, meter = supply(session, account, "zj-residential")
        for number in (8, 9, 10, 11):
            case = {"tariff": "zj-residential", "kwh": {"total": "300"}}
            builders.create_bill(
                session,
                account,
                f"2026-{number:02}",
                case={**case, "year_to_date_kwh": str(300 * (number - 8))},
                service_point_no=point.service_point_no,
            )
        use(session, meter, date(2025, 10, 1), date(2025, 10, 31), 80)
        use(session, meter, date(2026, 8, 1), date(2026, 12, 10), 100)
        return point.service_point_no


def test_a_month(customer: Asker, home: str) -> None:
    found = customer.get("/usage", from_="2026-10-01", to="2026-10-31").json
    assert found == {
        "account_no": HOME,
        "label": "家里",
        "from": "2026-10-01",
        "to": "2026-10-31",
        "words": "10 月",
        "kwh": "297.6 度",
        "amount": "¥161.40",
        "days": 31,
        "known_days": 31,
        "complete": True,
        "by_period": [],
        "compared": {
            "words": "2025 年 10 月",
            "kwh": "238 度",
            "sentence": "2025 年 10 月用了 238 度，10 月多用 60 度。",
        },
        "sentence": "家里 10 月用了 297.6 度。",
    }


def test_the_running_month_is_that_of_the_newest_day(customer: Asker, home: str) -> None:
    found = customer.get("/usage").json
    assert (found["from"], found["to"], found["kwh"]) == ("2026-12-01", "2026-12-10", "96 度")
    assert (found["complete"], found["amount"], found["compared"]) == (True, None, None)
    assert found["sentence"] == "家里 12 月 1 日到 12 月 10 日用了 96 度。"
    english = customer.get("/usage", "en").json
    assert english["sentence"] == "家里, 1 December to 10 December: 96 kWh."


def test_days_that_are_not_read_yet(customer: Asker, home: str) -> None:
    found = customer.get("/usage", from_="2026-12-10", to="2026-12-12").json
    assert (found["days"], found["known_days"], found["complete"]) == (3, 1, False)
    assert found["sentence"] == (
        "家里 12 月 10 日到 12 月 12 日用了 9.6 度。3 天里读全了 1 天。数据到 12 月 10 日。"
    )
    ahead = customer.get("/usage", from_="2026-12-11").json
    assert ahead["sentence"] == "家里 12 月 11 日还没有用电数据。数据到 12 月 10 日。"
    before = customer.get("/usage", from_="2020-02-29").json
    assert before["sentence"] == (
        "家里 2020 年 2 月 29 日没有用电数据。这里的记录从 2025 年 10 月 1 日开始。"
    )
    english = customer.get("/usage", "en", from_="2020-02-29").json
    assert english["sentence"] == (
        "家里, 29 February 2020: no usage data. Records here begin on 1 October 2025."
    )
    over = customer.get("/usage", from_="2025-09-01", to="2025-10-31").json
    assert over["sentence"] == (
        "家里 2025 年 9 月到 2025 年 10 月用了 238.1 度。61 天里读全了 31 天。"
        "这里的记录从 2025 年 10 月 1 日开始。"
    )


def test_periods_of_the_day(customer: Asker, home: str, database: Database) -> None:
    with database.unit_of_work() as session:
        session.get_one(ServicePoint, home).tariff = "zj-residential-tou"
    found = customer.get("/usage", from_="2026-11-02").json
    assert found["by_period"] == [
        {"name": "峰段", "kwh": "5.6 度"},
        {"name": "谷段", "kwh": "4 度"},
    ]


def test_a_part_of_the_days_a_year_before(customer: Asker, home: str) -> None:
    found = customer.get("/usage", from_="2026-10-01", to="2026-11-02").json
    assert found["compared"] == {
        "words": "2025 年 10 月 1 日到 2025 年 11 月 2 日同样的 31 天",
        "kwh": "238 度",
        "sentence": (
            "2025 年 10 月 1 日到 2025 年 11 月 2 日同样的 31 天用了 238 度，"
            "10 月 1 日到 11 月 2 日多用 60 度。"
        ),
    }
    assert found["amount"] is None


def test_a_month_without_its_bill_has_no_amount(customer: Asker, home: str) -> None:
    found = customer.get("/usage", from_="2026-07-01", to="2026-08-31").json
    assert (found["words"], found["amount"]) == ("7 月到 8 月", None)
    both = customer.get("/usage", from_="2026-08-01", to="2026-09-30").json
    assert both["amount"] == "¥322.80"


def test_the_tier(customer: Asker, home: str) -> None:
    """1,200 kWh billed and 96 since: 1,464 left of 2,760."""
    found = customer.get("/tier").json
    assert found == {
        "account_no": HOME,
        "label": "家里",
        "tier": 1,
        "of": 3,
        "left_kwh": "1,464 度",
        "resets_words": "2027 年 1 月 1 日",
        "sentence": (
            "家里：2026 年用到第一档。离第二档还有 1,464 度。照最近四周的用法，今年到不了。"
            "每年 1 月 1 日重新从第一档算起。"
        ),
    }
    assert customer.get("/tier", "en").json["sentence"].startswith("家里: Tier 1 reached in 2026. ")


def test_a_tariff_without_tiers(customer: Asker, database: Database) -> None:
    found = customer.get("/tier").json
    assert (found["tier"], found["of"], found["left_kwh"]) == (None, 0, None)
    assert found["sentence"] == "家里的电价不分档，或还没有用电数据。"


def lines(asker: Asker, language: str = "zh") -> list[tuple[str, str, str]]:
    found = asker.get("/tariff", language).json
    return [(each["name"], each["price"], each["when"]) for each in found["lines"]]


def test_the_tariff_of_most_homes(stranger: Asker) -> None:
    found = stranger.get("/tariff").json
    assert (found["account_no"], found["name"]) == (None, "浙江居民阶梯电价")
    assert found["sentence"] == "家里用电一般是浙江居民阶梯电价，您自己的登录以后看。"
    assert lines(stranger) == [
        ("第一档", "每度 0.538 元", "一年 2,760 度以内"),
        ("第二档", "每度 0.588 元", "一年 2,760 度以上"),
        ("第三档", "每度 0.838 元", "一年 4,800 度以上"),
    ]


TARIFFS = {
    "zj-residential-tou": [
        ("峰段", "每度 0.568 元", "8:00–22:00"),
        ("谷段", "每度 0.288 元", "22:00–8:00"),
        ("第二档加价", "每度 0.050 元", "一年 2,760 度以上"),
        ("第三档加价", "每度 0.300 元", "一年 4,800 度以上"),
    ],
    "sh-residential-tou": [
        ("第一档 峰段", "每度 0.617 元", "一年 3,120 度以内，6:00–22:00"),
        ("第二档 峰段", "每度 0.677 元", "一年 3,120 度以上，6:00–22:00"),
        ("第三档 峰段", "每度 0.977 元", "一年 4,800 度以上，6:00–22:00"),
        ("第一档 谷段", "每度 0.307 元", "一年 3,120 度以内，22:00–6:00"),
        ("第二档 谷段", "每度 0.337 元", "一年 3,120 度以上，22:00–6:00"),
        ("第三档 谷段", "每度 0.487 元", "一年 4,800 度以上，22:00–6:00"),
    ],
    "gd-residential": [
        ("第一档", "每度 0.58886 元", "每月 200 度以内"),
        ("第二档", "每度 0.63886 元", "每月 200 度以上"),
        ("第三档", "每度 0.88886 元", "每月 400 度以上"),
    ],
    "zj-residential-collective": [("电量电费", "每度 0.558 元", "")],
    "demo-industrial-2part-demand": [
        ("尖峰段", "每度 0.8204 元", "18:00–20:00"),
        ("峰段", "每度 0.6973 元", "8:00–11:00、17:00–18:00、20:00–22:00"),
        ("平段", "每度 0.4102 元", "7:00–8:00、15:00–17:00、22:00–23:00"),
        ("谷段", "每度 0.1559 元", "23:00–7:00"),
        ("深谷段", "每度 0.082 元", "11:00–15:00"),
        ("基本电费，按最大需量", "每千瓦 38.400 元", "每月"),
        ("输配电费", "每度 0.1256 元", ""),
        ("线损费", "每度 0.0157 元", ""),
        ("系统运行费", "每度 0.0321 元", ""),
        ("政府性基金及附加", "每度 0.027225 元", ""),
    ],
}


def test_every_kind_of_tariff_in_words(customer: Asker, home: str, database: Database) -> None:
    for tariff, said in TARIFFS.items():
        with database.unit_of_work() as session:
            session.get_one(ServicePoint, home).tariff = tariff
        assert lines(customer) == said, tariff


def test_the_own_tariff(customer: Asker, home: str, database: Database) -> None:
    """A household of five has limits of its own."""
    found = customer.get("/tariff").json
    assert (found["account_no"], found["name"]) == (HOME, "浙江居民阶梯电价")
    assert found["sentence"] == "家里用的是浙江居民阶梯电价。"
    with database.unit_of_work() as session:
        session.get_one(Account, HOME).people = 5
    assert lines(customer)[1] == ("第二档", "每度 0.588 元", "一年 3,960 度以上")
    assert lines(customer, "en")[1] == ("Tier 2", "¥0.588 per kWh", "above 3,960 kWh a year")


def test_a_tariff_that_has_not_arrived(customer: Asker, home: str, database: Database) -> None:
    with database.unit_of_work() as session:
        session.get_one(ServicePoint, home).tariff = "mars-flat"
    answer = customer.get("/tariff")
    assert (answer.status_code, answer.json["code"]) == (404, "tariff.unknown")


def test_which_tariff_suits(customer: Asker, home: str) -> None:
    """300 kWh at all hours alike: 161.40 in one price, 135.40 by the hour, four months of each."""
    found = customer.get("/advice/tariff").json
    assert found["options"] == [
        {
            "tariff": "zj-residential-tou",
            "name": "浙江居民峰谷阶梯电价",
            "current": False,
            "year_fen": 162480,
            "year": "¥1,624.80",
            "difference": "−312.00",
        },
        {
            "tariff": "zj-residential",
            "name": "浙江居民阶梯电价",
            "current": True,
            "year_fen": 193680,
            "year": "¥1,936.80",
            "difference": None,
        },
    ]
    assert (found["best"], found["enough_data"]) == ("zj-residential-tou", True)
    assert found["basis_words"] == "按 8 月到 11 月里 4 个月的实际用电折成一年"
    assert found["sentence"] == "照家里的用法，浙江居民峰谷阶梯电价一年便宜 ¥312.00。"


def test_too_little_is_known(customer: Asker, database: Database) -> None:
    with database.unit_of_work() as session:
        supply(session, session.get_one(Account, HOME))
    found = customer.get("/advice/tariff").json
    assert (found["options"], found["best"], found["enough_data"]) == ([], None, False)
    assert found["basis_words"] == "还没有能算的月份"
    assert found["sentence"] == "家里的分时用电还不到三个月，算出来不准，过些时候再算。"


def test_no_choice(customer: Asker, home: str, database: Database) -> None:
    with database.unit_of_work() as session:
        session.get_one(ServicePoint, home).tariff = "zj-residential-collective"
    found = customer.get("/advice/tariff").json
    assert [each["current"] for each in found["options"]] == [True]
    assert found["sentence"] == "家里的电价是按用电种类定的，没有别的可选。"


def test_tips_from_the_own_use(customer: Asker, home: str) -> None:
    found = customer.get("/advice/saving").json
    assert found["sentence"] == "看了家里最近的用电，有这几处可以省。"
    assert found["tips"] == [
        {
            "sentence": (
                "夜里没人用的时候，看看还有什么插着：机顶盒、饮水机、充电器，能关的关掉。"
            ),
            "why": "夜里最少也有 400 瓦一直在用，一年约 3,504 度，占全部用电的 100%。",
        },
        {"sentence": "空调夏天开到 26 度、冬天 20 度，少差一度，省一成左右。", "why": None},
    ]


def test_nothing_stands_out(customer: Asker, database: Database) -> None:
    found = customer.get("/advice/saving").json
    assert found["sentence"] == "家里的用电没有特别费的地方。说几个谁家都用得上的。"
    assert [each["why"] for each in found["tips"]] == [None, None]
    with database.unit_of_work() as session:
        session.get_one(Account, HOME).kind = "commercial"
    shop = customer.get("/advice/saving").json
    assert shop["tips"][0]["sentence"].startswith("下班后照着清单关一遍")


def test_general_tips(stranger: Asker) -> None:
    found = stranger.get("/advice/saving").json
    assert (found["account_no"], len(found["tips"])) == (None, 3)
    assert found["sentence"] == "登录以后，能照您自己的用电说。先说几个谁家都用得上的。"


def test_which_account_is_asked_when_it_may_be_several(
    customer: Asker, home: str, database: Database
) -> None:
    """The own one goes before one that is looked after; two own ones are asked about."""
    with database.unit_of_work() as session:
        assert customer.user is not None
        move_in(session, customer.user, "family_helper", account_no="420011880001")
    assert customer.get("/usage").json["account_no"] == HOME
    with database.unit_of_work() as session:
        move_in(session, customer.user, account_no="420011880002")
    answer = customer.get("/usage")
    assert (answer.status_code, answer.json["code"]) == (409, "account.which")
    assert answer.json["sentence"] == "您有 3 个户号，要看哪一个？"
    assert [each["account_no"] for each in answer.json["accounts"]] == [
        HOME,
        "420011880001",
        "420011880002",
    ]
    assert [each["helper"] for each in answer.json["accounts"]] == [False, True, False]
    assert customer.get("/usage", account_no="４２００ 1188－0002").status_code == 200


MOST_QUERIES = {
    "/context": 5,
    "/bills": 8,
    "/bills/latest/explanation": 12,
    "/balance": 8,
    "/usage": 12,
    "/tier": 12,
    "/tariff": 6,
    "/advice/tariff": 10,
    "/advice/saving": 14,
    "/payments": 6,
    "/outages": 6,
    "/requests": 5,
}


def test_answers_take_few_questions(customer: Asker, home: str) -> None:
    """A turn of a conversation waits for them."""
    for path, most in MOST_QUERIES.items():
        customer.get(path)
        with queries() as asked:
            assert customer.get(path).status_code == 200
        assert len(asked) <= most, (path, len(asked))
