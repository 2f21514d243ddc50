"""Instants are seconds since 1970 (float); the gateways write the wall clock of Beijing."""

import time
from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
WALL = "%Y-%m-%d %H:%M:%S"


def now() -> float:
    return time.time()


def rfc3339(instant: float) -> str:
    """`2026-03-01T08:30:00+08:00`, as WeChat Pay writes it."""
    return datetime.fromtimestamp(instant, BEIJING).isoformat(timespec="seconds")


def parse_rfc3339(text: str) -> float:
    """Raises ValueError for a text that names no offset, or no instant at all."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or "T" not in text:
        raise ValueError("an instant needs a date, a time and an offset")
    return moment.timestamp()


def wall(instant: float) -> str:
    """`2026-03-01 08:30:00`, as Alipay writes it."""
    return datetime.fromtimestamp(instant, BEIJING).strftime(WALL)


def digits(instant: float) -> str:
    """`20260301083000`, as UnionPay writes it and numbers begin."""
    return datetime.fromtimestamp(instant, BEIJING).strftime("%Y%m%d%H%M%S")


def parse_wall(text: str) -> float:
    """Raises ValueError for anything but `yyyy-MM-dd HH:mm:ss`."""
    moment = datetime.strptime(text, WALL).replace(tzinfo=BEIJING)
    if moment.strftime(WALL) != text:
        raise ValueError("every part has its full width")
    return moment.timestamp()
