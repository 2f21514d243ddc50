"""Nightly files come in by the same sync as the feed: the port is a port."""

import csv
import json
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from runtime.errors import Unavailable
from service.models import Account, Bill, MeterDay, PoisonedChange, SyncCursor
from service.outages.models import Outage
from service.sync import run
from service.sync.files import NightlyFiles
from tests.service import changes


def drop(folder: Path, name: str, rows: dict[str, list[dict]], *, manifest: bool = True) -> Path:
    """Write a drop as docs/sync.md describes it."""
    place = folder / name
    place.mkdir(parents=True)
    files = {}
    for kind, objects in rows.items():
        path = place / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, objects[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows({key: _cell(value) for key, value in row.items()} for row in objects)
        files[path.name] = {"rows": len(objects), "sha256": sha256(path.read_bytes()).hexdigest()}
    if manifest:
        described = {"written_at": "2026-11-21T02:30:00+08:00", "files": files}
        (place / "manifest.json").write_text(json.dumps(described), encoding="utf-8")
    return place


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and all(isinstance(each, int) for each in value):
        return " ".join(map(str, value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _rows(database, *columns):
    with database.unit_of_work() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def test_a_drop_brings_every_kind(database, tmp_path):
    drop(
        tmp_path,
        "2026-11-20",
        {
            "account": [changes.account(address='梧桐里 "12" 栋,\n502')],
            "service_point": [changes.service_point()],
            "meter": [changes.meter()],
            "balance": [changes.balance()],
            "meter_day": [changes.meter_day(quality="E" * 96)],
            "daily_use": [changes.daily_use()],
            "bill": [changes.bill(settled_fen=-5)],
            "posting": [changes.posting()],
            "reversal": [changes.reversal()],
            "outage": [changes.outage(expected_end_at=None)],
        },
    )
    outcome = run.run(database, NightlyFiles(tmp_path))
    assert (outcome.rows, outcome.poisoned, outcome.caught_up) == (10, 0, True)
    with database.unit_of_work() as session:
        account = session.scalars(select(Account)).one()
        assert account.address == '梧桐里 "12" 栋,\n502'
        assert (account.holder_name, account.balance_fen) == ("王建华", 14951)
        day = session.scalars(select(MeterDay)).one()
        assert (day.import_wh, day.export_wh) == ([10] * 96, None)
        bill = session.scalars(select(Bill)).one()
        assert (bill.settled_fen, bill.lines[0]["code"]) == (-5, "energy.peak")
        outage = session.scalars(select(Outage)).one()
        assert (outage.areas, outage.expected_end_at) == (["T-17", "T-18"], None)


def test_drops_are_read_in_order_and_a_later_one_wins(database, tmp_path):
    source = NightlyFiles(tmp_path)
    for name, settled in (("2026-11-20.10", 3), ("2026-11-20", 1), ("2026-11-20.2", 2)):
        drop(tmp_path, name, {"bill": [changes.bill(settled_fen=settled)]})
    run.run(database, source)
    assert _rows(database, Bill.settled_fen) == [(3,)]
    drop(tmp_path, "2026-11-21", {"bill": [changes.bill(settled_fen=4)]})
    run.run(database, source)
    assert _rows(database, Bill.settled_fen) == [(4,)]
    assert run.run(database, source).rows == 0
    assert _rows(database, SyncCursor.source, SyncCursor.position) == [("files", "2026-11-21//0/0")]


def test_reading_goes_on_in_the_middle_of_a_file(database, tmp_path):
    accounts = [changes.account(f"{number:012d}", address=f"路\n{number}") for number in range(10)]
    drop(tmp_path, "2026-11-20", {"account": accounts, "bill": [changes.bill()]})
    seen = []
    for _ in range(8):
        outcome = run.run(database, NightlyFiles(tmp_path, batch=4), batches=1)
        seen.append((outcome.rows, outcome.caught_up))
        if outcome.caught_up:
            break
    assert seen == [(4, False), (4, False), (2, False), (1, True)]
    assert len(_rows(database, Account.account_no)) == 10
    assert _rows(database, Account.address)[9] == ("路\n9",)


def test_what_waits_is_counted_from_the_manifests(database, tmp_path):
    accounts = [changes.account(f"{number:012d}") for number in range(3)]
    drop(tmp_path, "2026-11-20", {"account": accounts, "bill": [changes.bill()]})
    drop(tmp_path, "2026-11-21", {"bill": [changes.bill()]})
    run.run(database, NightlyFiles(tmp_path, batch=2), batches=1)
    assert _rows(database, SyncCursor.waiting) == [(3,)]


def test_a_drop_without_a_manifest_is_not_finished_yet(database, tmp_path):
    drop(tmp_path, "2026-11-20", {"bill": [changes.bill()]}, manifest=False)
    drop(tmp_path, "not-a-day", {"bill": [changes.bill()]})
    drop(tmp_path, "2026-02-30", {"bill": [changes.bill()]})
    assert run.run(database, NightlyFiles(tmp_path)).rows == 0


def test_a_file_that_is_not_what_the_manifest_says_is_not_read(database, tmp_path):
    place = drop(tmp_path, "2026-11-20", {"bill": [changes.bill()]})
    whole = (place / "bill.csv").read_bytes()
    (place / "bill.csv").write_bytes(whole[:-10])
    with pytest.raises(Unavailable) as refusal:
        run.run(database, NightlyFiles(tmp_path))
    assert refusal.value.code == "sync.drop_incomplete"
    assert refusal.value.params == {"drop": "2026-11-20", "file": "bill.csv"}
    assert _rows(database, Bill.bill_no) == []
    (place / "bill.csv").write_bytes(whole)
    assert run.run(database, NightlyFiles(tmp_path)).rows == 1


def test_a_later_drop_that_is_broken_does_not_hold_up_the_one_before(database, tmp_path):
    drop(tmp_path, "2026-11-20", {"bill": [changes.bill()]})
    later = drop(tmp_path, "2026-11-21", {"bill": [changes.bill("B2")]})
    (later / "manifest.json").write_text("{")
    source = NightlyFiles(tmp_path)
    assert run.run(database, source).rows == 1
    with pytest.raises(Unavailable):
        run.run(database, source)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (changes.bill("B2", wh="12.5"), "$.wh"),
        (changes.bill("B2", estimated="yes"), "$.estimated"),
        (changes.bill("B2", lines="[{"), "lines"),
        (changes.bill("B2", due=None), "$.due"),
        (changes.bill("B2", tariff="x" * 65), "tariff is longer"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_rest_goes_on(database, tmp_path, row, reason):
    drop(tmp_path, "2026-11-20", {"bill": [changes.bill("B1"), row, changes.bill("B3")]})
    outcome = run.run(database, NightlyFiles(tmp_path))
    assert (outcome.rows, outcome.poisoned) == (2, 1)
    assert _rows(database, Bill.bill_no) == [("B1",), ("B3",)]
    ((position, why),) = _rows(database, PoisonedChange.position, PoisonedChange.reason)
    number = ((date(2026, 11, 20).toordinal() * 100 + 1) * 20 + 6) * 10**9 + 2
    assert position == str(number)
    assert reason in why


def test_a_row_that_is_not_utf_8_is_set_aside(database, tmp_path):
    place = drop(
        tmp_path,
        "2026-11-20",
        {"account": [changes.account(), changes.account("420011875604", address="GBK")]},
    )
    path = place / "account.csv"
    path.write_bytes(path.read_bytes().replace(b"GBK", "梧桐里".encode("gbk")))
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["files"]["account.csv"]["sha256"] = sha256(path.read_bytes()).hexdigest()
    (place / "manifest.json").write_text(json.dumps(manifest))
    outcome = run.run(database, NightlyFiles(tmp_path))
    assert (outcome.rows, outcome.poisoned) == (1, 1)
    assert _rows(database, Account.account_no) == [("420011875603",)]


def test_a_file_may_begin_with_a_byte_order_mark_and_end_lines_as_windows_does(database, tmp_path):
    place = drop(tmp_path, "2026-11-20", {"balance": [changes.balance("x")]})
    text = "\ufeffaccount_no,balance_fen,at\r\n420011875603,-12,2026-11-20T01:00:00Z\r\n"
    (place / "balance.csv").write_text(text, encoding="utf-8", newline="")
    manifest = json.loads((place / "manifest.json").read_text())
    manifest["files"]["balance.csv"]["sha256"] = sha256(text.encode()).hexdigest()
    (place / "manifest.json").write_text(json.dumps(manifest))
    drop(tmp_path, "2026-11-19", {"account": [changes.account()]})
    assert run.run(database, NightlyFiles(tmp_path, batch=1)).rows == 2
    assert _rows(database, Account.balance_fen) == [(-12,)]


def test_a_folder_that_is_not_there_is_said(database, tmp_path):
    with pytest.raises(Unavailable) as refusal:
        run.run(database, NightlyFiles(tmp_path / "gone"))
    assert refusal.value.code == "sync.folder_unreadable"
