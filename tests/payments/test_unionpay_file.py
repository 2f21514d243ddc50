"""UnionPay's ZM file, built by hand from its documentation, and everything that can be wrong."""

import zipfile
from datetime import date, datetime
from functools import partial
from pathlib import Path

import pytest

from payments.statements import unionpay_file
from payments.statements.base import Line, Reason, StatementRefused
from payments.statements.fetching import Form, checked
from runtime.clock import BEIJING

DAY = date(2027, 1, 1)
MERID = "777290058100001"
NAME = f"INN27010188ZM_{MERID}"
PAID = (
    "S22 48020000    00010000    000212 0101083000 6216261000000000018 000000014951 4900 07 "
    "202701010830000002128 01 20270101082901abcdefghjkmnpq     01                   "
    "D000000000090 C000000014861 0000                 01 01 000201    0001 "
    "                                 0                       777290058100001 0                 "
)
LATE = (
    "S22 48020000    00010000    000213 1231233000 6216261000000000018 000000000100 4900 07 "
    "202612312330000002130 01 20261231232901bcdefghjkmnpqr     01                   "
    "D000000000001 C000000000099 0000                 01 01 000201    0001 "
    "                                 0                       777290058100001 0                 "
)
BACK = (
    "S30 48020000    00010000    000214 0101120000 6216261000000000018 000000005000 4900 07 "
    "202701011200000002140 01 R20270101115901abcdefghjkm       01 002128 0101083000 "
    "C000000000030 D000000004970 0000                 04 00 000201    0001 "
    "                                 0 202701010830000002128 777290058100001 0                 "
)
SHOP = "江城供电                         C000000000000 C000000000000          "
LEFT = " 20270101082901abcdefghjkmnpq     "
NO_NOTE = " " * 33
REST = "C000000000000 C000000000000              " + " " * 40


def _line(start: str, note: str = NO_NOTE) -> str:
    return start + SHOP + note.lstrip(" ").ljust(33) + REST + " " * 98


LINES = [_line(PAID), _line(LATE), _line(BACK, LEFT)]


def _zip(path: Path, lines: list[str], *, name: str = NAME, encoding: str = "gbk") -> Path:
    text = "".join(f"{line}\r\n" for line in lines)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text.encode(encoding))
        archive.writestr(f"INN27010188ZME_{MERID}", b"")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "statement.zip"


READ = partial(unionpay_file.read, day=DAY, merid=MERID, most=1 << 20)
FORM = Form("unionpay", ".zip", unionpay_file.FIRST_LINE)


def test_every_column_stands_where_the_documentation_puts_it(path: Path) -> None:
    statement = checked(FORM, DAY, _zip(path, LINES), READ)
    assert list(statement.rows()) == [
        Line(
            "payment",
            "20270101082901abcdefghjkmnpq",
            "202701010830000002128",
            None,
            14951,
            90,
            datetime(2027, 1, 1, 8, 30, tzinfo=BEIJING),
        ),
        Line(
            "payment",
            "20261231232901bcdefghjkmnpqr",
            "202612312330000002130",
            None,
            100,
            1,
            datetime(2026, 12, 31, 23, 30, tzinfo=BEIJING),
        ),
        Line(
            "refund",
            "20270101082901abcdefghjkmnpq",
            "202701010830000002128",
            "R20270101115901abcdefghjkm",
            5000,
            30,
            datetime(2027, 1, 1, 12, tzinfo=BEIJING),
        ),
    ]
    sums = (statement.count, statement.paid_fen, statement.refunded_fen, statement.fee_fen)
    assert sums == (3, 15051, 5000, 61)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("000000014951", "00000014951.", "malformed"),
        ("000000014951", "-00000014951", "malformed"),
        ("D000000000090", "C000000000090", "malformed"),
        ("D000000000090", " 000000000090", "malformed"),
        ("202701010830000002128", " " * 21, "malformed"),
        ("20270101082901abcdefghjkmnpq", " " * 28, "malformed"),
        (" 01 01 000201", " 02 01 000201", "malformed"),
        ("0101083000", "0231083000", "malformed"),
        ("0101083000", "0102083000", "wrong_day"),
        ("0101083000", "1231213000", "wrong_day"),
        ("777290058100001", "777290058100002", "wrong_merchant"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_with_its_number(
    path: Path, old: str, new: str, reason: Reason
) -> None:
    assert old in LINES[0]
    assert len(old) == len(new)
    spoiled = [LINES[1], LINES[0].replace(old, new, 1)]
    with pytest.raises(StatementRefused) as refused:
        checked(FORM, DAY, _zip(path, spoiled), READ)
    assert (refused.value.reason, refused.value.line) == (reason, 2)


@pytest.mark.parametrize(
    ("lines", "reason", "line"),
    [
        ([*LINES, LINES[0]], "duplicate_line", 4),
        ([*LINES, LINES[0][:300]], "malformed", 4),
        ([*LINES, LINES[0][1:]], "malformed", 4),
        ([*LINES, "x" * 70_000], "malformed", 4),
    ],
)
def test_a_file_that_is_not_whole_is_refused(
    path: Path, lines: list[str], reason: Reason, line: int
) -> None:
    with pytest.raises(StatementRefused) as refused:
        checked(FORM, DAY, _zip(path, lines), READ)
    assert refused.value.reason == reason
    assert refused.value.line in (line, 1)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (f"INN26123188ZM_{MERID}", "wrong_day"),
        ("INN27010188ZM_777290058100002", "wrong_merchant"),
        ("readme.txt", "malformed"),
        (f"../INN27010188ZM_{MERID}", "malformed"),
    ],
)
def test_an_archive_without_our_file_is_refused(path: Path, name: str, reason: Reason) -> None:
    with pytest.raises(StatementRefused) as refused:
        checked(FORM, DAY, _zip(path, LINES, name=name), READ)
    assert refused.value.reason == reason


def test_another_character_set_and_a_cut_archive_are_refused(path: Path) -> None:
    with pytest.raises(StatementRefused) as refused:
        checked(FORM, DAY, _zip(path, LINES, encoding="utf-16"), READ)
    assert refused.value.reason == "wrong_charset"
    whole = _zip(path, LINES).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StatementRefused) as cut:
        checked(FORM, DAY, path, READ)
    assert cut.value.reason == "truncated"


def test_a_day_without_a_movement_is_an_empty_file(path: Path) -> None:
    assert checked(FORM, DAY, _zip(path, []), READ).count == 0
