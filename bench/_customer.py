"""A signed-in customer with a year of bills and meter-days, among three hundred others.

One more looks after sixty of the others' accounts: enough bills that no process keeps all of their
pages.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from runtime import clock
from runtime.database import Database
from service.bills import month_before
from service.meter_data import days_between, month_days
from service.models import Account, Bill, Link, Meter, User
from service.people import sessions
from service.people.sessions import Lifetime
from tests.service import builders

MONTHS = 13
OTHERS = 300
LOOKED_AFTER = 60
PEAK = slice(32, 88)
"""The quarter-hours from 8 to 22 o'clock, which the tariff calls peak."""

_OTHERS = (
    """
    INSERT INTO account (account_no, holder_name, phone, address, kind, settlement, low_income,
        opened, seq)
    SELECT '77' || lpad(n::text, 10, '0'), holder_name, phone, address, kind, settlement,
        low_income, opened, 0
    FROM account, generate_series(1, :others) AS n
    """,
    """
    INSERT INTO service_point (service_point_no, account_no, address, area, tariff, seq)
    SELECT 'OTHER' || n, '77' || lpad(n::text, 10, '0'), address, area, tariff, 0
    FROM service_point, generate_series(1, :others) AS n
    """,
    """
    INSERT INTO meter (meter_no, service_point_no, "interval", installed, seq)
    SELECT 'OTHER' || n, 'OTHER' || n, "interval", installed, 0
    FROM meter, generate_series(1, :others) AS n
    """,
    """
    INSERT INTO meter_day (meter_no, day, import_wh, seq)
    SELECT 'OTHER' || n, day, import_wh, 0 FROM meter_day, generate_series(1, :others) AS n
    """,
    """
    INSERT INTO bill (bill_no, account_no, service_point_no, period, revision, status, from_day,
        to_day, wh, tariff, tariff_version, "case", lines, readings, total_fen, consumption_fen,
        export_fen, settled_fen, estimated, issued_at, due, settled_at, seq)
    SELECT bill_no || '-' || n, '77' || lpad(n::text, 10, '0'), 'OTHER' || n, period, revision,
        status, from_day, to_day, wh, tariff, tariff_version, "case", lines, readings, total_fen,
        consumption_fen, export_fen, settled_fen, estimated, issued_at, due, settled_at, 0
    FROM bill, generate_series(1, :others) AS n
    """,
    """
    INSERT INTO user_account (phone, phone_index, language, theme, elder_mode)
    SELECT phone, sha256(n::text::bytea), language, theme, elder_mode
    FROM user_account, generate_series(1, :others) AS n
    """,
    """
    INSERT INTO link (user_id, account_no, role)
    SELECT id, '77' || lpad((row_number() OVER (ORDER BY id))::text, 10, '0'), 'owner'
    FROM user_account WHERE NOT EXISTS (SELECT FROM link WHERE user_id = user_account.id)
    """,
    """
    INSERT INTO sign_in_session (token_sha256, user_id, device, address, expires_at)
    SELECT sha256(user_id::text::bytea), user_id, '', '', now() + interval '1 day'
    FROM link WHERE role = 'owner' AND account_no LIKE '77%'
    """,
)


@dataclass(frozen=True)
class Customer:
    """Who looks at which bills: the token of their sign-in, and the bills' numbers."""

    token: str
    bill_nos: tuple[str, ...]


def settle_in(database: Database) -> tuple[Customer, Customer]:
    """Fill an empty database; whoever looks at one bill, and whoever looks at hundreds.

    The customer's newest bill is open, the others are paid.
    """
    with database.unit_of_work() as session:
        customer = _customer(session)
        for statement in _OTHERS:
            session.execute(text(statement), {"others": OTHERS})
        caretaker = _caretaker(session)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return customer, caretaker


def _caretaker(session: Session) -> Customer:
    user = builders.create_user(session, phone="13900000002")
    numbers = session.scalars(
        select(Account.account_no)
        .where(Account.account_no.like("77%"))
        .order_by(Account.account_no)
        .limit(LOOKED_AFTER)
    ).all()
    for account_no in numbers:
        session.add(Link(user_id=user.id, account_no=account_no, role="enterprise_admin"))
    theirs = select(Bill.bill_no).where(Bill.account_no.in_(numbers)).order_by(Bill.bill_no)
    return Customer(_signed_in(session, user), tuple(session.scalars(theirs)))


def _customer(session: Session) -> Customer:
    user, account = builders.create_customer(session, people=3)
    point = builders.create_service_point(session, account)
    meter = builders.create_meter(session, point)
    this_month = f"{clock.today():%Y-%m}"
    chance = random.Random(1)  # noqa: S311 -- a repeatable load, no secret
    used = {"year": "", "kwh": 0}
    bills = []
    for back in range(MONTHS, 0, -1):
        period = month_before(this_month, back)
        peak, valley = _month(session, meter, period, chance)
        if period[:4] != used["year"]:
            used = {"year": period[:4], "kwh": 0}
        case = {
            "kwh": {"peak": str(peak), "valley": str(valley)},
            "year_to_date_kwh": str(used["kwh"]),
        }
        used["kwh"] += peak + valley
        bills.append(_bill(session, account, meter, period, case))
    for bill in bills[:-1]:
        bill.settled_fen, bill.settled_at = bill.total_fen, bill.issued_at
    bills[-1].due = clock.today() + timedelta(days=10)
    return Customer(_signed_in(session, user), (bills[-1].bill_no,))


def _signed_in(session: Session, user: User) -> str:
    week = timedelta(days=7)
    return sessions.open_session(
        session, user, device="", address="", lifetime=Lifetime(week, week)
    )


def _month(session: Session, meter: Meter, period: str, chance: random.Random) -> tuple[int, int]:
    """A month of meter-days; what they come to by day and by night, in kWh."""
    peak = valley = 0
    for day in days_between(*month_days(period)):
        quarters = _quarters(day, chance)
        builders.create_meter_day(session, meter, day, quarters)
        peak += sum(quarters[PEAK])
        valley += sum(quarters) - sum(quarters[PEAK])
    return peak // 1000, valley // 1000


def _quarters(day: date, chance: random.Random) -> list[int]:
    """96 values in Wh: a sleeping house, a busy evening, more of both in summer and winter."""
    season = 1 + abs(day.month - 7 if day.month > 3 else day.month + 5) % 6 / 6
    return [round((30 + 90 * (72 <= at < 90) + chance.randrange(60)) * season) for at in range(96)]


def _bill(
    session: Session, account: Account, meter: Meter, period: str, case: dict[str, object]
) -> Bill:
    return builders.create_bill(
        session,
        account,
        period,
        case=case,
        service_point_no=meter.service_point_no,
        readings=[
            {
                "meter_no": meter.meter_no,
                "register": "import",
                "start_wh": 4_183_200,
                "end_wh": 4_469_800,
            }
        ],
    )
