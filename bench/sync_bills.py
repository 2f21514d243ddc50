"""Bills a second from bytes of the change feed to committed rows, over a bare COPY + upsert."""

import json
from typing import Any

from bench import _sync
from rating import Statement, parse_case, rate
from service.sync.copy_text import columns
from service.sync.kinds import BillRow

BILLS = 60_000


def main() -> None:
    """Print the result as one JSON line."""
    names = (*columns(BillRow), "seq")
    _sync.main(_sync.Load("sync-bills", "bill", ("bill_no",), names, _lines()))


def _lines() -> list[bytes]:
    statements = [rate(parse_case(_case(number))) for number in range(200)]
    return [_line(number, statements[number % 200]) for number in range(BILLS)]


def _case(number: int) -> dict[str, Any]:
    return {
        "tariff": "zj-residential-tou",
        "period": "2026-10",
        "kwh": {"peak": f"{100 + number}.25", "valley": f"{60 + number % 50}.5"},
        "year_to_date_kwh": f"{1500 + 17 * number}.75",
        "opened": "2019-04-01",
        "low_income": False,
        "household": {"people": 3},
    }


def _line(number: int, statement: Statement) -> bytes:
    data = {
        "bill_no": f"202610SP{number:08d}00",
        "account_no": f"42{number:010d}",
        "service_point_no": f"SP{number:08d}",
        "period": "2026-10",
        "revision": 0,
        "status": "issued",
        "from_day": "2026-10-01",
        "to_day": "2026-10-31",
        "wh": int(statement.kwh_total * 1000),
        "tariff": statement.tariff,
        "tariff_version": statement.version,
        "case": _case(number % 200),
        "lines": [_line_data(line) for line in statement.lines],
        "readings": [_reading(number, statement)],
        "total_fen": statement.total_fen,
        "consumption_fen": statement.consumption_fen,
        "export_fen": 0,
        "settled_fen": 0,
        "estimated": False,
        "issued_at": "2026-11-03T01:00:00.123456Z",
        "due": "2026-11-18",
        "settled_at": None,
    }
    at = "2026-11-03T01:02:03.123456Z"
    change = {"seq": number + 1, "kind": "bill", "key": data["bill_no"], "at": at, "data": data}
    return json.dumps(change, separators=(",", ":")).encode() + b"\n"


def _line_data(line: Any) -> dict[str, Any]:
    return {
        "code": line.code,
        "quantity": str(line.quantity),
        "unit": line.unit,
        "rate": str(line.rate),
        "amount_fen": line.amount_fen,
        "base_fen": line.base_fen,
        "explain": line.explain,
    }


def _reading(number: int, statement: Statement) -> dict[str, Any]:
    start = 1000 * number
    return {
        "meter_no": f"M{number:08d}",
        "register": "import",
        "start_wh": start,
        "end_wh": start + int(statement.kwh_total * 1000),
    }


if __name__ == "__main__":
    main()
