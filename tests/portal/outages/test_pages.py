"""Pages of outages: for everybody the same, a person's own marked for them alone."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.outages import areas, saying
from runtime import clock
from runtime.database import Database
from service.events import OutageChanged, OutageFacts
from service.models import SyncCursor, User
from service.outages import changing, watching
from service.outages.models import Outage
from tests.portal.conftest import create_user, post, sign_in, staff
from tests.portal.places import move_in, named, part, queries, says
from tests.service import builders
from tests.service.builders import create_outage, create_service_point

pytestmark = pytest.mark.usefixtures("december")

NOW = datetime(2026, 12, 11, 2, tzinfo=UTC)
"""Friday 11 December 2026, ten in the morning in China."""
HOUR = timedelta(hours=1)
HOME, FLAT = "东-03", "东-04"


@pytest.fixture
def numbers(database: Database) -> dict[str, str]:
    """One outage of each sort, by what it is."""
    fault = {"kind": "unplanned", "reason_code": "fault", "reason": "电缆接头烧坏"}
    rows = {
        "dark": {
            "starts_at": NOW - 2 * HOUR,
            "state": "ongoing",
            "areas": [FLAT],
            "places": ["临江苑"],
            "expected_end_at": NOW + HOUR,
            **fault,
        },
        "planned": {"starts_at": datetime(2026, 12, 14, 1, tzinfo=UTC), "areas": [HOME]},
        "over": {
            "starts_at": NOW - 30 * HOUR,
            "state": "restored",
            "ended_at": NOW - 28 * HOUR,
            "places": ["柳荫路"],
            **fault,
        },
        "off": {
            "starts_at": NOW + 30 * HOUR,
            "state": "cancelled",
            "ended_at": NOW - HOUR,
            "places": ["石桥头"],
        },
    }
    with database.unit_of_work() as session:
        return {name: create_outage(session, **given).outage_no for name, given in rows.items()}


@pytest.fixture
def home(database: Database, user: User) -> str:
    """The account of the signed-in user; it lies in the area of the planned outage."""
    with database.unit_of_work() as session:
        account = move_in(session, user, address="梧桐里 12 栋 502")
        create_service_point(session, account, area=HOME)
        return account.account_no


# ---- the list ------------------------------------------------------------------------------------


def test_everybody_reads_what_is_off_what_comes_and_what_was(
    client: FlaskClient, numbers: dict[str, str]
) -> None:
    assert part(client, "/outages", "now") == (
        "现在停着的 临江苑今天 08:00 停电，预计 11:00 来电。线路故障停电中"
    )
    assert part(client, "/outages", "coming") == (
        "通知了要停的 梧桐里 9–12 栋12 月 14 日 09:00–11:00 停电。计划检修要停电"
    )
    assert part(client, "/outages", "lately") == (
        "最近 7 天 石桥头原定 12 月 12 日 16:00–18:00 停电，不停了。计划检修不停了"
        " 柳荫路12 月 10 日 04:00 停电，06:00 来电了。线路故障已来电"
    )


def test_nothing_off_is_said(client: FlaskClient, database: Database) -> None:
    page = says(client, "/outages")
    assert "没有停电现在没有哪里停着，也没有通知要停。" in page
    assert "登录以后，您的户号停不停写在这里。" in page


def test_a_search_by_street_shows_those_that_name_it(
    client: FlaskClient, numbers: dict[str, str]
) -> None:
    page = says(client, "/outages?at=+梧桐里+12+栋+")
    assert "提到“梧桐里 12 栋”的停电。" in page
    assert "梧桐里 9–12 栋" in page
    assert "临江苑" not in page
    assert "柳荫路" in says(client, "/outages?at=柳荫路")
    assert "临江苑" in says(client, "/outages?at=东-04")


def test_a_search_that_finds_nothing_does_not_say_that_there_is_light(
    client: FlaskClient, numbers: dict[str, str]
) -> None:
    page = says(client, "/outages?at=远山路")
    assert "没有哪一次停电提到“远山路”。这里只有已经公布的，您家停了就报修。 看全部" in page
    assert "没有停电现在" not in page


def test_a_search_for_too_little_shows_all(client: FlaskClient, numbers: dict[str, str]) -> None:
    page = says(client, "/outages?at=路")
    assert "至少写两个字" in page
    assert "临江苑" in page


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "%00%00", "'; drop table", "😀" * 99]
)
def test_a_search_for_anything_is_only_words(client: FlaskClient, text: str) -> None:
    page = client.get("/outages", query_string={"at": text}).text
    assert "<script>alert" not in page


# ---- whose it is ---------------------------------------------------------------------------------


def test_ones_own_are_marked(client: FlaskClient, home: str, numbers: dict[str, str]) -> None:
    assert "梧桐里 12 栋 502 在范围里" in part(client, "/outages", "coming")
    assert part(client, "/outages", "mine").startswith(
        "您的户号 梧桐里 12 栋 502 在范围里：12 月 14 日 09:00–11:00 停电。"
    )
    assert "在范围里" not in part(client, "/outages", "now")
    page = says(client, f"/outages/{numbers['planned']}")
    assert "梧桐里 12 栋 502 在范围里" in page
    assert "502" not in says(client, f"/outages/{numbers['dark']}")


def test_who_is_not_hit_hears_that(client: FlaskClient, database: Database, home: str) -> None:
    assert "您的户号现在没有停电，也没有通知要停。" in part(client, "/outages", "mine")


def test_who_has_no_account_yet_hears_what_would_be_there(client: FlaskClient, user: User) -> None:
    assert "绑定户号以后，停不停写在这里。" in part(client, "/outages", "mine")


def test_the_public_page_has_nothing_of_a_person(
    app: Flask, client: FlaskClient, database: Database, home: str, numbers: dict[str, str]
) -> None:
    """A neighbour and a stranger read the same; names, addresses and numbers are in neither."""
    create_user(database, "13900000001")
    neighbour = app.test_client()
    sign_in(neighbour, "13900000001")
    for path in ("/outages", "/outages?at=梧桐里", f"/outages/{numbers['planned']}"):
        for browser in (app.test_client(), neighbour):
            page = browser.get(path).text
            for own in ("502", home, "王建华", "在范围里</b>", "13800138000"):
                assert own not in page, (path, own)
    assert "502" in client.get("/outages").text


def test_staff_have_no_accounts_of_their_own_here(
    app: Flask, database: Database, numbers: dict[str, str]
) -> None:
    desk = staff(app, database, "13900000002", "agent")
    assert "临江苑" in says(desk, "/outages")


def test_many_accounts_and_many_outages_are_few_questions(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        for number in range(6):
            account = move_in(session, user, address=f"纺织东路 {number} 号")
            create_service_point(session, account, area=HOME)
            create_outage(session, NOW + number * HOUR, areas=[HOME])

    def asked() -> int:
        client.get("/outages")
        with queries() as seen:
            assert "等 6 户在范围里" in says(client, "/outages")
        return len(seen)

    few = asked()
    with database.unit_of_work() as session:
        for number in range(20):
            create_outage(session, NOW + number * HOUR, areas=[HOME])
    assert asked() == few <= 8


# ---- one outage ----------------------------------------------------------------------------------


def test_one_outage_says_where_when_why_and_since_when_it_is_known(
    client: FlaskClient, numbers: dict[str, str]
) -> None:
    page = says(client, f"/outages/{numbers['dark']}")
    for words in (
        "临江苑",
        "停电中",
        "今天 08:00 停电，预计 11:00 来电。",
        "原因线路故障，电缆接头烧坏",
        "供电片区东-04",
        f"编号{numbers['dark']}",
        "这里停电我们已经知道",
    ):
        assert words in page
    assert "计划检修，10 千伏梧桐线计划检修" in says(client, f"/outages/{numbers['planned']}")


def test_an_unknown_number_is_not_found(client: FlaskClient, database: Database) -> None:
    assert "没有这次停电的消息，编号可能不对。" in says(client, "/outages/T000000000404", 404)


def _one(database: Database, **given: object) -> str:
    began = given.pop("starts_at", NOW - HOUR)
    with database.unit_of_work() as session:
        return create_outage(session, began, **given).outage_no  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"state": "ongoing", "expected_end_at": None}, "今天 09:00 停电，什么时候来电还不知道。"),
        (
            {"state": "ongoing", "expected_end_at": NOW - HOUR / 2},
            "今天 09:00 停电，说好 09:30 来电，还没有来，还在修。",
        ),
        (
            {"state": "ongoing", "expected_end_at": NOW + 20 * HOUR},
            "今天 09:00 停电，预计 12 月 12 日 06:00 来电。",
        ),
        ({"expected_end_at": NOW + HOUR}, "按计划 今天 09:00–11:00 停电。"),
        ({"expected_end_at": NOW}, "计划 今天 09:00–10:00 停电，现在应该来电了。"),
        (
            {"starts_at": NOW + 12 * HOUR, "expected_end_at": NOW + 16 * HOUR},
            "今天 22:00 到 12 月 12 日 02:00 停电。",
        ),
    ],
)
def test_every_state_has_its_sentence(
    client: FlaskClient, database: Database, given: dict[str, object], sentence: str
) -> None:
    assert sentence in says(client, f"/outages/{_one(database, **given)}")


def test_a_reason_without_a_name_is_in_the_words_of_the_utility(
    client: FlaskClient, database: Database
) -> None:
    number = _one(database, reason_code="birds", reason="鸟窝落在线上")
    assert "原因鸟窝落在线上" in says(client, f"/outages/{number}")
    assert "原因还不知道" in says(client, f"/outages/{_one(database, reason_code='x', reason='')}")


def test_it_speaks_english(client: FlaskClient, numbers: dict[str, str]) -> None:
    page = says(client, "/outages?lang=en")
    assert "Power went off today 08:00, expected back by 11:00." in page
    assert "No power 14 December 09:00–11:00." in page
    assert "Planned maintenance" in page
    page = says(client, f"/outages/{numbers['off']}?lang=en")
    assert "The outage planned for 12 December 16:00–18:00 is called off." in page


def test_old_news_says_how_old_it_is(client: FlaskClient, database: Database) -> None:
    with database.unit_of_work() as session:
        at = clock.now() - HOUR
        session.add(SyncCursor(source="feed", core_at=at, checked_at=at, caught_up_at=at))
    assert "停电消息截至今天 09:00，更新的还没送到。急用就打 96000。" in says(client, "/outages")


def test_one_reports_from_here(client: FlaskClient, numbers: dict[str, str]) -> None:
    page = client.get("/outages").text
    assert page.count("button primary") == 1
    assert re.search(
        r'class="button primary" href="/report/new/outage_repair">我家停电了，报修', page
    )
    assert 'href="tel:96000"' in page


def test_who_is_signed_in_reports_with_their_own_data(client: FlaskClient, user: User) -> None:
    assert 'href="/requests/new/outage_repair">我家停电了，报修' in client.get("/outages").text


# ---- the home page -------------------------------------------------------------------------------


def notice(client: FlaskClient, path: str = "/") -> str:
    """The notice above the home page, in words; empty when there is none."""
    page = client.get(path).text
    found = re.search(r'<div class="notice" role="status".*?</div>', page, re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[0])).strip() if found else ""


def test_home_is_silent_when_no_account_is_hit(
    client: FlaskClient, database: Database, home: str, numbers: dict[str, str]
) -> None:
    with database.unit_of_work() as session:
        session.get(builders.Outage, numbers["planned"]).areas = ["别处"]
    assert notice(client) == ""


def test_home_says_what_is_announced_for_ones_own(
    client: FlaskClient, home: str, numbers: dict[str, str]
) -> None:
    assert notice(client) == "您家这一片：12 月 14 日 09:00–11:00 停电。 看停电信息"
    assert f'href="/outages/{numbers["planned"]}"' in client.get("/").text


def test_home_says_first_what_is_dark_now(
    client: FlaskClient, database: Database, user: User, home: str, numbers: dict[str, str]
) -> None:
    with database.unit_of_work() as session:
        flat = move_in(session, user, address="临江苑 3 栋 1107")
        create_service_point(session, flat, area=FLAT)
        named(session, user, flat, "爸妈家")
    assert notice(client) == (
        "爸妈家：今天 08:00 停电，预计 11:00 来电。 另有 1 次停电。 看停电信息"
    )
    assert 'class="notice" role="status" data-state="bad"' in client.get("/").text


def test_large_letters_say_it_and_read_it_aloud(
    client: FlaskClient, home: str, numbers: dict[str, str]
) -> None:
    client.set_cookie("view", "elder")
    assert notice(client) == "您家这一片：12 月 14 日 09:00–11:00 停电。 看停电信息"
    assert 'data-read="您家这一片：12 月 14 日 09:00–11:00 停电。' in client.get("/").text


def test_a_firm_hears_of_how_many(
    client: FlaskClient, database: Database, user: User, numbers: dict[str, str]
) -> None:
    with database.unit_of_work() as session:
        for number in range(12):
            account = move_in(
                session, user, role="enterprise_admin", address=f"纺织东路 {number} 号"
            )
            create_service_point(session, account, area=FLAT)
    assert notice(client).startswith("纺织东路 0 号 等 12 户：今天 08:00 停电")


def test_one_notice_at_a_time(
    client: FlaskClient, database: Database, user: User, home: str, numbers: dict[str, str]
) -> None:
    """A bill that is late elsewhere is a row when an outage has the notice."""
    with database.unit_of_work() as session:
        other = move_in(session, user, address="青杉湾 7 号")
        builders.create_bill(session, other, "2026-10", total_fen=10_000)
    page = client.get("/").text
    assert page.count('class="notice"') == 1
    assert "青杉湾 7 号，晚了" in part(client, "/", "news")


# ---- its history, and by area --------------------------------------------------------------------


def told(database: Database, number: str, *changed: dict[str, object]) -> None:
    """The core says that an outage is otherwise, one change after the other."""
    with database.unit_of_work() as session:
        for each in changed:
            row = session.get_one(Outage, number)
            before = _facts(row)
            for name, value in each.items():
                setattr(row, name, value)
            session.flush()
            changing.on_changed(session, OutageChanged(_facts(row), before))


def _facts(row: Outage) -> OutageFacts:
    found = {name: getattr(row, name) for name in OutageFacts.__struct_fields__}
    return OutageFacts(**found | {"areas": tuple(row.areas), "places": tuple(row.places)})


def test_an_outage_says_what_was_said_of_it_before(
    client: FlaskClient, database: Database, numbers: dict[str, str]
) -> None:
    number = numbers["dark"]
    assert "改过什么" not in says(client, f"/outages/{number}")
    told(
        database,
        number,
        {"expected_end_at": NOW + 2 * HOUR, "updated_at": NOW - HOUR},
        {"reason": "还在查", "updated_at": NOW - HOUR / 2},
        {"starts_at": NOW - 3 * HOUR, "places": ["临江苑", "石桥头"], "updated_at": NOW},
        {"announced_at": NOW, "updated_at": NOW},
        {"state": "restored", "ended_at": NOW, "updated_at": NOW},
    )
    assert part(client, f"/outages/{number}", "history") == (
        "改过什么 今天 07:00 停电，10:00 来电了。 今天 10:00"
        "时间从 今天 08:00–12:00 改到 今天 07:00–12:00，范围改成 临江苑、石桥头 今天 10:00"
        "原因改成 线路故障，还在查 今天 09:30"
        "来电的时间从 11:00 改到 12:00 今天 09:00"
    )


def test_a_plan_that_begins_says_so(
    client: FlaskClient, database: Database, numbers: dict[str, str]
) -> None:
    number = numbers["planned"]
    told(database, number, {"state": "ongoing", "updated_at": NOW})
    assert part(client, f"/outages/{number}", "history") == "改过什么 开始停电 今天 10:00"


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "不到 10 户"),
        (9, "不到 10 户"),
        (14, "约 10 户"),
        (136, "约 140 户"),
        (1236, "约 1,200 户"),
        (12360, "约 12,400 户"),
    ],
)
def test_how_many_are_dark_is_said_roughly(app: Flask, count: int, words: str) -> None:
    with app.test_request_context("/?lang=zh"):
        assert saying.households(count) == words


def test_who_is_affected_stands_on_its_page(
    client: FlaskClient, database: Database, numbers: dict[str, str]
) -> None:
    with database.unit_of_work() as session:
        for _ in range(12):
            create_service_point(session, builders.create_account(session), area=FLAT)
    assert "影响约 10 户" in says(client, f"/outages/{numbers['dark']}")


def test_every_area_is_there_with_what_is_off_in_it(
    client: FlaskClient, database: Database, home: str, numbers: dict[str, str]
) -> None:
    with database.unit_of_work() as session:
        for area in (FLAT, "西-01"):
            create_service_point(session, builders.create_account(session), area=area)
    assert part(client, "/outages/areas", "d1") == (
        "东 东-03要停电12 月 14 日 09:00–11:00 东-04停电中今天 08:00–11:00"
    )
    assert part(client, "/outages/areas", "d2") == "西 西-01"
    assert "502" not in client.get("/outages/areas").text


def test_of_very_many_areas_those_with_news_are_shown(
    client: FlaskClient,
    database: Database,
    numbers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(areas, "MOST_TILES", 2)
    with database.unit_of_work() as session:
        for area in (HOME, FLAT, "西-01"):
            create_service_point(session, builders.create_account(session), area=area)
    page = says(client, "/outages/areas")
    assert "西-01" not in page
    assert "另外 1 个片区没有停电的消息。" in page


def test_an_area_says_what_is_off_comes_and_was(
    client: FlaskClient, database: Database, numbers: dict[str, str]
) -> None:
    with database.unit_of_work() as session:
        create_outage(
            session,
            NOW - 50 * HOUR,
            areas=[HOME],
            places=["听雨轩"],
            state="restored",
            ended_at=NOW - 49 * HOUR,
        )
    assert part(client, f"/outages/areas/{HOME}", "awaited") == (
        "停着的和要停的 梧桐里 9–12 栋12 月 14 日 09:00–11:00 停电。计划检修要停电"
    )
    assert part(client, f"/outages/areas/{HOME}", "past") == (
        "最近 3 个月 听雨轩12 月 9 日 08:00 停电，09:00 来电了。计划检修已来电"
    )
    for unknown in ("没有", "'; --", "%00"):
        assert client.get(f"/outages/areas/{unknown}").status_code == 404


# ---- hearing of an area --------------------------------------------------------------------------


def test_an_area_can_be_watched_and_let_go(
    client: FlaskClient, database: Database, home: str, numbers: dict[str, str]
) -> None:
    page = f"/outages/areas/{HOME}"
    answer = post(client, f"{page}/watch", watch="yes")
    assert (answer.status_code, answer.location) == (303, quote(page))
    assert "记下了。这一片要停电，消息里告诉您。" in says(client, page)
    assert "这一片要停电，消息里会告诉您。不用告诉我了" in says(client, page)
    assert "您另外关注的片区：东-03" in says(client, "/outages")
    assert "不用告诉我了" in says(client, f"/outages/{numbers['planned']}")
    post(client, f"{page}/watch", watch="no")
    assert "不再告诉您这一片的停电了。" in says(client, page)
    assert "您另外关注的片区" not in says(client, "/outages")


def test_all_areas_of_an_outage_are_watched_at_once(
    client: FlaskClient, database: Database, user: User
) -> None:
    with database.unit_of_work() as session:
        for area in (HOME, FLAT):
            create_service_point(session, builders.create_account(session), area=area)
        number = create_outage(session, NOW + HOUR, areas=[HOME, FLAT]).outage_no
    post(client, f"/outages/{number}/watch", watch="yes")
    with database.unit_of_work() as session:
        assert watching.watched(session, user.id) == {HOME, FLAT}


def test_what_cannot_be_watched_is_said(
    client: FlaskClient, database: Database, user: User, numbers: dict[str, str]
) -> None:
    """The outage is known; its area has no service point of ours."""
    page = f"/outages/{numbers['dark']}"
    post(client, f"{page}/watch", watch="yes")
    assert "没有这个片区。从列表里选一个。" in says(client, page)
    assert post(client, "/outages/T000000000404/watch", watch="yes").status_code == 404


def test_a_stranger_signs_in_first(
    app: Flask, client: FlaskClient, database: Database, numbers: dict[str, str]
) -> None:
    page = f"/outages/{numbers['planned']}"
    answer = post(client, f"{page}/watch", watch="yes")
    assert answer.location == f"/sign-in?next={page}"


def test_one_persons_areas_are_not_anothers(
    app: Flask, client: FlaskClient, database: Database, home: str, numbers: dict[str, str]
) -> None:
    post(client, f"/outages/areas/{HOME}/watch", watch="yes")
    create_user(database, "13900000001")
    neighbour = app.test_client()
    sign_in(neighbour, "13900000001")
    assert "您另外关注的片区" not in says(neighbour, "/outages")
    post(neighbour, f"/outages/areas/{HOME}/watch", watch="no")
    assert "您另外关注的片区：东-03" in says(client, "/outages")
