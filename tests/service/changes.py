"""The `data` of changes, as the core sends it. What is not named gets a plain value."""

from typing import Any

from rating import parse_case, rate
from tests.service.builders import lines_of

QUARTERS = [10] * 96


def account(account_no: str = "420011875603", **fields: Any) -> dict[str, Any]:
    return {
        "account_no": account_no,
        "customer_no": None,
        "holder_name": "王建华",
        "phone": "13800138000",
        "address": "梧桐里 12 栋 502",
        "kind": "residential",
        "settlement": "postpaid",
        "people": 3,
        "low_income": False,
        "opened": "2019-04-01",
        "closed": None,
    } | fields


def balance(account_no: str = "420011875603", balance_fen: int = 14951) -> dict[str, Any]:
    return {"account_no": account_no, "balance_fen": balance_fen, "at": "2026-11-03T01:02:03Z"}


def service_point(**fields: Any) -> dict[str, Any]:
    return {
        "service_point_no": "SP1",
        "account_no": "420011875603",
        "address": "梧桐里 12 栋 502",
        "area": "T-17",
        "tariff": "zj-residential-tou",
        "contract_kva": None,
    } | fields


def meter(**fields: Any) -> dict[str, Any]:
    return {
        "meter_no": "33017742",
        "service_point_no": "SP1",
        "interval": True,
        "installed": "2019-04-01",
        "removed": None,
    } | fields


def meter_day(day: str = "2026-11-01", **fields: Any) -> dict[str, Any]:
    return {
        "meter_no": "33017742",
        "day": day,
        "import_wh": QUARTERS,
        "export_wh": None,
        "reactive_varh": None,
        "quality": None,
    } | fields


def daily_use(day: str = "2026-11-01", **fields: Any) -> dict[str, Any]:
    return {
        "meter_no": "33017742",
        "day": day,
        "import_wh": 8200,
        "export_wh": 0,
        "quality": "V",
    } | fields


def bill(bill_no: str = "B1", **fields: Any) -> dict[str, Any]:
    case = {"tariff": "zj-residential-tou", "period": "2026-10", "kwh": {"peak": "100"}}
    statement = rate(parse_case(case))
    return {
        "bill_no": bill_no,
        "account_no": "420011875603",
        "service_point_no": "SP1",
        "period": "2026-10",
        "revision": 0,
        "status": "issued",
        "from_day": "2026-10-01",
        "to_day": "2026-10-31",
        "wh": 100000,
        "tariff": "zj-residential-tou",
        "tariff_version": statement.version,
        "case": case,
        "lines": lines_of(statement),
        "readings": [
            {"meter_no": "33017742", "register": "import", "start_wh": 0, "end_wh": 100000}
        ],
        "total_fen": statement.total_fen,
        "consumption_fen": statement.consumption_fen,
        "export_fen": 0,
        "settled_fen": 0,
        "estimated": False,
        "issued_at": "2026-11-03T01:00:00Z",
        "due": "2026-11-18",
        "settled_at": None,
    } | fields


def posting(posting_no: str = "P1", **fields: Any) -> dict[str, Any]:
    return {
        "posting_no": posting_no,
        "account_no": "420011875603",
        "amount_fen": 5680,
        "channel": "wechat",
        "order_no": "O1",
        "paid_at": "2026-11-05T02:00:00Z",
        "posted_at": "2026-11-05T02:00:03Z",
        "allocations": [{"bill_no": "B1", "principal_fen": 5680, "late_fee_fen": 0}],
        "credit_fen": 0,
    } | fields


def reversal(reversal_no: str = "R1", **fields: Any) -> dict[str, Any]:
    return {
        "reversal_no": reversal_no,
        "posting_no": "P1",
        "account_no": "420011875603",
        "amount_fen": 5680,
        "reason": "paid_twice",
        "order_no": "O1",
        "reversed_at": "2026-11-06T02:00:00Z",
        "allocations": [{"bill_no": "B1", "principal_fen": 5680, "late_fee_fen": 0}],
        "credit_fen": 0,
    } | fields


def outage(outage_no: str = "T000000000001", **fields: Any) -> dict[str, Any]:
    return {
        "outage_no": outage_no,
        "kind": "planned",
        "areas": ["T-17", "T-18"],
        "places": ["梧桐里 9–12 栋"],
        "reason_code": "maintenance",
        "reason": "10 千伏梧桐线计划检修",
        "announced_at": "2026-11-01T01:00:00Z",
        "starts_at": "2026-11-10T01:00:00Z",
        "expected_end_at": "2026-11-10T03:30:00Z",
        "ended_at": None,
        "state": "announced",
        "updated_at": "2026-11-01T01:00:00Z",
    } | fields
