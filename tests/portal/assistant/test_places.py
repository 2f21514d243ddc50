"""Outages and halls: the own ones, those at a place, all; the sentences of the pages."""

from datetime import timedelta

import pytest

from runtime import clock
from runtime.database import Database
from service.models import Account
from tests.portal.assistant.conftest import HOME, Asker
from tests.service import builders

pytestmark = pytest.mark.usefixtures("december")
HOUR = timedelta(hours=1)


@pytest.fixture
def outages(customer: Asker, neighbour: Asker, database: Database) -> dict[str, str]:
    """The customer is dark, the neighbour will be: numbers by whose."""
    with database.unit_of_work() as session:
        builders.create_service_point(session, session.get_one(Account, HOME))
        theirs = session.get_one(Account, "420011870001")
        builders.create_service_point(session, theirs, area="T-18")
        dark = builders.create_outage(
            session,
            clock.now() - HOUR,
            kind="unplanned",
            reason_code="fault",
            state="ongoing",
            expected_end_at=clock.now() + HOUR,
        )
        planned = builders.create_outage(
            session, clock.now() + 24 * HOUR, areas=["T-18"], places=["柳巷 1–40 号"]
        )
        return {"mine": dark.outage_no, "theirs": planned.outage_no}


def numbers(asker: Asker, **asked: str) -> list[str]:
    return [each["outage_no"] for each in asker.get("/outages", **asked).json["outages"]]


def test_the_own_outage(customer: Asker, outages: dict[str, str]) -> None:
    found = customer.get("/outages").json
    assert found["outages"] == [
        {
            "outage_no": outages["mine"],
            "kind": "unplanned",
            "area_words": "梧桐里 9–12 栋",
            "since_words": "今天 09:00",
            "until_words": "11:00",
            "reason_words": "线路故障",
            "state": "now",
            "mine": ["家里"],
            "sentence": (
                "梧桐里 9–12 栋（线路故障）：今天 09:00 停电，预计 11:00 来电。您的家里在里面。"
            ),
        }
    ]
    assert found["sentence"] == found["outages"][0]["sentence"]
    assert numbers(customer, account_no=HOME) == [outages["mine"]]


def test_whose_it_is_follows_the_person(
    neighbour: Asker, stranger: Asker, outages: dict[str, str]
) -> None:
    (only,) = neighbour.get("/outages").json["outages"]
    assert (only["outage_no"], only["kind"], only["state"]) == (
        outages["theirs"],
        "planned",
        "coming",
    )
    every = stranger.get("/outages").json["outages"]
    assert [each["outage_no"] for each in every] == [outages["mine"], outages["theirs"]]
    assert [each["mine"] for each in every] == [[], []]


def test_an_outage_at_a_place(customer: Asker, outages: dict[str, str]) -> None:
    assert numbers(customer, address="柳巷 7 号") == [outages["theirs"]]
    (mine,) = customer.get("/outages", address="梧桐里").json["outages"]
    assert mine["mine"] == ["家里"]
    nowhere = customer.get("/outages", address="望江门").json
    assert nowhere["sentence"] == (
        "没有查到“望江门”的停电。只有自己家没电，先看看空气开关；开关没跳就报修。"
    )
    unclear = customer.get("/outages", address="路").json
    assert unclear["sentence"].startswith("没有听清是哪里。")


def test_buildings_that_are_not_hit_have_no_outage(
    stranger: Asker, outages: dict[str, str]
) -> None:
    """The one at 梧桐里 is of the buildings 9–12."""
    assert numbers(stranger, address="梧桐里 9 栋 302") == [outages["mine"]]
    other = stranger.get("/outages", address="梧桐里 5 栋 302").json
    assert other["outages"] == []
    assert other["sentence"].startswith("没有查到“梧桐里 5 栋 302”的停电。")


def test_where_the_building_is_not_known_it_is_asked(
    customer: Asker, stranger: Asker, outages: dict[str, str]
) -> None:
    ask = "您那里在里面吗？不在里面就请报修。"
    assert stranger.get("/outages", address="梧桐里").json["sentence"].endswith(ask)
    assert ask not in stranger.get("/outages", address="梧桐里 9 栋").json["sentence"]
    assert ask not in stranger.get("/outages").json["sentence"]
    assert ask not in customer.get("/outages", address="梧桐里").json["sentence"]


def test_outages_of_days_to_come(
    customer: Asker, neighbour: Asker, stranger: Asker, outages: dict[str, str]
) -> None:
    """One goes on today, one is announced for tomorrow, the day after."""
    today = clock.today()
    tomorrow, later = (str(today + timedelta(days=each)) for each in (1, 9))
    assert numbers(stranger, **{"from": tomorrow}) == [outages["theirs"]]
    assert numbers(neighbour, **{"from": str(today), "to": later}) == [outages["theirs"]]
    assert numbers(stranger, address="柳巷", **{"from": tomorrow}) == [outages["theirs"]]
    day = "12 月 12 日"
    for asker, asked, said in (
        (customer, {}, f"您的户号：{day}没有停电的公告。"),
        (customer, {"account_no": HOME}, f"家里：{day}没有停电的公告。"),
        (customer, {"address": "梧桐里"}, f"“梧桐里”：{day}没有停电的公告。"),
    ):
        found = asker.get("/outages", **asked, **{"from": tomorrow}).json
        assert found == {"outages": [], "sentence": said}
    backwards = customer.get("/outages", **{"from": later, "to": tomorrow})
    assert (backwards.status_code, backwards.json["code"]) == (400, "period.backwards")


def test_no_outage(customer: Asker, stranger: Asker) -> None:
    look = "只有自己家没电，先看看空气开关；开关没跳就报修。"
    for asker, asked, said in (
        (customer, {}, "您的户号没有停电，也没有停电的计划。"),
        (customer, {"account_no": HOME}, "家里没有停电，也没有停电的计划。"),
        (stranger, {}, "现在没有停电，也没有停电的计划。"),
    ):
        assert asker.get("/outages", **asked).json == {"outages": [], "sentence": said + look}


def test_account_and_place_at_once(customer: Asker) -> None:
    answer = customer.get("/outages", account_no=HOME, address="梧桐里")
    assert (answer.status_code, answer.json["code"]) == (400, "outages.one_place")


def test_halls(stranger: Asker) -> None:
    found = stranger.get("/halls").json
    assert len(found["halls"]) == 5
    assert found["halls"][0] == {
        "name": "梧桐里营业厅",
        "address": "江城东区梧桐里 2 号",
        "hours": "工作日 08:30–17:30，双休日和节假日 09:00–16:00",
        "phone": "96000",
        "services": [
            "缴费",
            "发票",
            "新装",
            "增减容量",
            "过户",
            "校表",
            "光伏并网",
            "充电桩",
            "投诉建议",
        ],
    }
    near = stranger.get("/halls", near="柳荫路那边").json
    assert [each["name"] for each in near["halls"]] == ["柳荫路营业厅"]
    assert near["sentence"] == "柳荫路营业厅：江城西区柳荫路 46 号，现在开着，17:00 关门。"
    nowhere = stranger.get("/halls", near="月亮背面").json
    assert len(nowhere["halls"]) == 5
    assert nowhere["sentence"].startswith("没有认出这是哪里，先说几家：梧桐里营业厅：")
