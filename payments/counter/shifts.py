"""Shifts: one drawer from its opening until it is given up for counting."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payments.counter import coins
from payments.counter.models import Cash, Payout, Shift
from runtime import clock
from runtime.errors import Conflict, NotFound, Refused

LARGEST_FLOAT_FEN = 100_000_00
_DRAWER = re.compile(r"[0-9A-Za-z-]{1,16}")


def open_shift(session: Session, staff_id: int, drawer: str, float_fen: int) -> Shift:
    """Open a drawer with the utility's own change in it.

    Raises Refused("counter.drawer_malformed", "counter.no_such_coins", "counter.float_too_large"),
    Conflict("counter.shift_open") for a second drawer of one person, Conflict
    ("counter.drawer_taken") for a drawer that another has open.
    """
    if not _DRAWER.fullmatch(drawer):
        raise Refused("counter.drawer_malformed")
    if not coins.in_coins(float_fen):
        raise Refused("counter.no_such_coins")
    if float_fen > LARGEST_FLOAT_FEN:
        raise Refused("counter.float_too_large", most_fen=LARGEST_FLOAT_FEN)
    try:
        with session.begin_nested():
            return _add(session, drawer, staff_id, float_fen)
    except IntegrityError as clash:
        known = current(session, staff_id)
        raise Conflict("counter.shift_open" if known else "counter.drawer_taken") from clash


def of_machine(session: Session, machine: str) -> Shift:
    """The shift that a machine takes cash in, under lock; opened where there is none.

    Raises Refused("counter.drawer_malformed"), Conflict("counter.drawer_taken") when that drawer
    is a person's.
    """
    if not _DRAWER.fullmatch(machine):
        raise Refused("counter.drawer_malformed")
    box = _open_box(session, machine)
    if box is None:
        _add_box(session, machine)
        box = _open_box(session, machine)
    if box is None:
        raise Conflict("counter.drawer_taken")
    return box


def current(session: Session, staff_id: int) -> Shift | None:
    """The person's open shift."""
    return session.scalars(
        select(Shift).where(Shift.opened_by == staff_id, Shift.status == "open")
    ).one_or_none()


def lock_open(session: Session, staff_id: int) -> Shift:
    """The person's open shift, locked: cash goes into a drawer one by one.

    Raises Conflict("counter.no_shift").
    """
    shift = session.scalars(
        select(Shift)
        .where(Shift.opened_by == staff_id, Shift.status == "open")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if shift is None:
        raise Conflict("counter.no_shift")
    return shift


def lock_shift(session: Session, shift_no: str) -> Shift:
    """A shift, locked. Raises NotFound("counter.shift_unknown")."""
    shift = session.scalars(
        select(Shift)
        .where(Shift.shift_no == shift_no)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if shift is None:
        raise NotFound("counter.shift_unknown")
    return shift


def empty_machine(session: Session, shift_no: str) -> Shift:
    """A machine's box is taken out to be counted; what comes from now on is the next box's.

    Raises NotFound("counter.shift_unknown"), Conflict("counter.not_open").
    """
    shift = lock_shift(session, shift_no)
    if not shift.machine or shift.status != "open":
        raise Conflict("counter.not_open")
    shift.status = "counting"
    return shift


def drawer_fen(session: Session, shift: Shift) -> int:
    """What should be in the drawer: the float, what was taken, less what was handed back."""
    net = select(_sum(Cash, shift) - _sum(Payout, shift))
    return shift.float_fen + int(session.scalar(net) or 0)


def _sum(table: type[Cash] | type[Payout], shift: Shift) -> ColumnElement[int]:
    amounts: Select[tuple[int]] = select(func.coalesce(func.sum(table.amount_fen), 0))
    return amounts.where(table.shift_id == shift.id).scalar_subquery()


def _add(session: Session, drawer: str, staff_id: int, float_fen: int) -> Shift:
    row = _row(session, drawer)
    shift = Shift(**row, machine=False, opened_by=staff_id, float_fen=float_fen)
    session.add(shift)
    session.flush()
    return shift


def _open_box(session: Session, machine: str) -> Shift | None:
    return session.scalars(
        select(Shift)
        .where(Shift.drawer == machine, Shift.machine, Shift.status == "open")
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _add_box(session: Session, machine: str) -> None:
    """A new box, unless another request of the machine has just opened one."""
    box = insert(Shift).values(**_row(session, machine), machine=True, float_fen=0)
    session.execute(
        box.on_conflict_do_nothing(index_elements=["drawer"], index_where=text("status = 'open'"))
    )


def _row(session: Session, drawer: str) -> dict[str, Any]:
    """What any shift has that begins now."""
    sequence = func.pg_get_serial_sequence("counter_shift", "id")
    number = session.scalars(select(func.nextval(sequence))).one()
    return {
        "id": number,
        "shift_no": f"S{clock.today():%Y%m%d}{number:06d}",
        "drawer": drawer,
        "opened_at": clock.now(),
        "status": "open",
    }
