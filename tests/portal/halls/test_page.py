"""The page of business halls: open to everybody, right at every hour."""

import re
from datetime import datetime

import pytest
import time_machine
from flask.testing import FlaskClient

from runtime.database import Database
from tests.portal.places import part, says


def at(wall: str) -> time_machine.travel:
    """It is this time on the wall in China."""
    return time_machine.travel(datetime.fromisoformat(f"{wall}+08:00"), tick=False)


@pytest.mark.parametrize(
    ("wall", "words"),
    [
        ("2026-12-11 10:00", "开着 现在开着，17:30 关门，今天 08:30–17:30"),
        ("2026-12-11 08:00", "没开 现在没开，08:30 开门，今天 08:30–17:30"),
        ("2026-12-11 17:30", "没开 现在没开，12 月 12 日 09:00 开门"),
        ("2026-12-12 10:00", "开着 现在开着，16:00 关门，今天 09:00–16:00"),
        ("2026-10-01 10:00", "开着 现在开着，16:00 关门，今天 09:00–16:00"),
    ],
)
def test_a_hall_says_whether_it_is_open(
    client: FlaskClient, database: Database, wall: str, words: str
) -> None:
    with at(wall):
        assert part(client, "/halls", "wutong") == (
            f"梧桐里营业厅{words} 工作日 08:30–17:30，双休日和节假日 09:00–16:00"
            " 江城东区梧桐里 2 号 缴费发票新装增减容量过户校表光伏并网充电桩投诉建议"
            " 在地图里看：梧桐里营业厅打 96000"
        )


def test_closed_on_days_off_and_never_closed(client: FlaskClient, database: Database) -> None:
    with at("2026-12-12 10:00"):
        assert "现在没开，12 月 14 日 08:30 开门" in part(client, "/halls", "liuyin")
        assert "工作日 08:30–17:00，双休日和节假日不开" in part(client, "/halls", "liuyin")
        assert "开着 现在开着，今天 00:00–24:00 每天 00:00–24:00" in part(
            client, "/halls", "chezhan"
        )


def test_a_map_is_opened_by_coordinates_and_a_call_by_number(
    client: FlaskClient, database: Database
) -> None:
    page = client.get("/halls").text
    assert len(re.findall(r'href="geo:[\d.]+,[\d.]+\?q=[\d.]+,[\d.]+\(%[^"<> ]+\)"', page)) == 6
    assert 'href="tel:96000"' in page


def test_the_hall_that_is_meant_stands_first(client: FlaskClient, database: Database) -> None:
    page = says(client, "/halls?at=柳荫路 8 号")
    first, rest = page.split("别的营业厅")
    assert "柳荫路营业厅" in first
    assert "梧桐里营业厅" not in first
    assert "梧桐里营业厅" in rest


def test_a_place_that_no_hall_names(client: FlaskClient, database: Database) -> None:
    page = says(client, "/halls?at=月亮湾")
    assert "没有写明管“月亮湾”的营业厅，下面是全部。" in page
    assert "梧桐里营业厅" in page
    assert "<script>alert" not in client.get("/halls?at=<script>alert(1)</script>").text


def test_it_speaks_english(client: FlaskClient, database: Database) -> None:
    with at("2026-12-11 10:00"):
        page = says(client, "/halls?lang=en")
    assert "Wutongli hallOpen Open now, closes at 17:30, today 08:30–17:30" in page
    assert "Working days 08:30–17:30, weekends and public holidays 09:00–16:00" in page


def test_a_utility_without_a_file_of_halls_names_the_hotline(
    client: FlaskClient, database: Database, tmp_path, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "halls.yaml"
    file.write_text("[]", encoding="utf-8")
    monkeypatch.setenv("DENGHUO_HALLS_FILE", str(file))
    assert "营业厅的资料还没有写上，请打 96000。" in says(client, "/halls")
