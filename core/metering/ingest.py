"""Taking a file of readings into the database, a few thousand meter-days at a time.

A file is known by its hash: one that was taken in without a rejected row is not read again. Each
batch is a transaction of its own and the file is noted last, so a load that was stopped is begun
again from the start, where rows that are stored already change nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.metering import days as meter_days
from core.metering import dials, intake, source
from core.metering.merging import Incoming, Merge, by_day, day_of
from core.metering.readings import DialReading, IntervalReading, Rejected, Row
from core.metering.validation import MeterInPlace, limits_of
from core.models import IngestFile, Meter, RejectedReading, ServicePoint
from runtime.database import Database

BATCH_DAYS = 2000
BATCH_DIALS = 10_000
KEPT_REJECTIONS = 1000
"""Rejected rows of a file that are stored with their reason; beyond them only the count."""


@dataclass(slots=True)
class IngestResult:
    """What became of a file. `rejected` holds the first thousand refused rows."""

    name: str
    format: str
    sha256: str
    readings: int = 0
    accepted: int = 0
    changed_days: int = 0
    repeated: bool = False
    rejected_count: int = 0
    rejected: list[Rejected] = field(default_factory=list)

    def refuse(self, rejections: Iterable[Rejected]) -> None:
        """Note refused rows."""
        for rejection in rejections:
            self.rejected_count += 1
            if len(self.rejected) < KEPT_REJECTIONS:
                self.rejected.append(rejection)


def ingest(
    database: Database,
    path: Path,
    *,
    name: str | None = None,
    meter_no: str | None = None,
    correction: bool = False,
) -> IngestResult:
    """Take in a file. With `correction` measured values are replaced and spikes believed.

    `meter_no` names the meter of a Green Button file that does not name it. Raises FileProblem.
    """
    form = "espi" if source.is_xml(path) else "csv"
    result = IngestResult(name or path.name, form, source.sha256(path))
    with database.unit_of_work() as session:
        if not correction and _taken_in(session, result.sha256):
            result.repeated = True
            return result
    for batch in _batches(_counted(intake.rows(path, meter_no), result)):
        with database.unit_of_work() as session:
            _store(session, batch, result, correction=correction)
    result.accepted = result.readings - result.rejected_count
    with database.unit_of_work() as session:
        _note(session, result)
    return result


def _taken_in(session: Session, sha256: str) -> bool:
    query = select(IngestFile.id).where(IngestFile.sha256 == sha256, IngestFile.rejected == 0)
    return session.scalar(query) is not None


def _counted(rows: Iterable[Row], result: IngestResult) -> Iterator[IntervalReading | DialReading]:
    for row in rows:
        result.readings += 1
        if isinstance(row, Rejected):
            result.refuse([row])
        else:
            yield row


@dataclass(slots=True)
class _Batch:
    days: dict[tuple[str, int], Incoming] = field(default_factory=lambda: defaultdict(Incoming))
    dials: list[DialReading] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.days) >= BATCH_DAYS or len(self.dials) >= BATCH_DIALS


def _batches(rows: Iterator[IntervalReading | DialReading]) -> Iterator[_Batch]:
    """Rows by meter and day. A batch ends where a new day begins, so that days stay whole."""
    batch = _Batch()
    for row in rows:
        if batch.full and not _belongs(batch, row):
            yield batch
            batch = _Batch()
        if isinstance(row, DialReading):
            batch.dials.append(row)
            continue
        for day, start, uwh in by_day(row):
            batch.days[row.meter_no, day].add(row, start, uwh)
    yield batch


def _belongs(batch: _Batch, row: IntervalReading | DialReading) -> bool:
    if isinstance(row, DialReading):
        return False
    return any((row.meter_no, day) in batch.days for day, _, _ in by_day(row))


def _store(session: Session, batch: _Batch, result: IngestResult, *, correction: bool) -> None:
    names = {name for name, _ in batch.days} | {dial.meter_no for dial in batch.dials}
    meters = lock_meters(session, names)
    result.changed_days += len(_store_days(session, batch.days, meters, result, correction))
    outcome = dials.store(session, batch.dials, meters, correction=correction)
    result.changed_days += outcome.changed_days
    result.refuse(outcome.rejected)


def lock_meters(session: Session, names: Iterable[str]) -> dict[str, MeterInPlace]:
    """Meters by number, locked so that two files do not merge into the same day at once."""
    query = (
        select(Meter, ServicePoint.contract_kva)
        .join(ServicePoint, ServicePoint.id == Meter.service_point_id)
        .where(Meter.meter_no.in_(list(names)))
        .order_by(Meter.id)
        .with_for_update(of=Meter, key_share=True)
    )
    return {
        meter.meter_no: MeterInPlace(
            meter.id,
            meter.interval,
            meter.digits,
            meter.installed,
            meter.removed,
            limits_of(contract_kva),
        )
        for meter, contract_kva in session.execute(query)
    }


def _store_days(
    session: Session,
    days: dict[tuple[str, int], Incoming],
    meters: dict[str, MeterInPlace],
    result: IngestResult,
    correction: bool,
) -> list[meter_days.Day]:
    taken: dict[tuple[int, date], tuple[MeterInPlace, Incoming]] = {}
    for (name, ordinal), incoming in days.items():
        meter, day = meters.get(name), day_of(ordinal)
        reason = _misplaced(name, meter, day)
        if reason is None and meter is not None:
            taken[meter.id, day] = (meter, incoming)
        else:
            result.refuse(incoming.refused(reason or ""))
    if not taken:
        return []
    stored = meter_days.load_keys(session, taken)
    merged = []
    for (meter_id, day), (meter, incoming) in taken.items():
        merge = Merge(
            stored.get((meter_id, day)) or meter_days.blank(meter_id, day),
            edge_of_service=day in (meter.installed, meter.removed),
            limits=None if correction else meter.limits,
        )
        merged.append(merge.lay_over(incoming))
        result.refuse(merge.rejected)
    return meter_days.save(session, merged)


def _misplaced(name: str, meter: MeterInPlace | None, day: date) -> str | None:
    """Why a meter cannot have a reading of this day; completes "The import from … "."""
    if meter is None:
        return f"names the meter {name!r}, which is not known"
    if not meter.interval:
        return f"names the meter {name}, which is read by its dial"
    if day < meter.installed:
        return f"is from before the meter {name} was fitted on {meter.installed}"
    if meter.removed is not None and day > meter.removed:
        return f"is from after the meter {name} was removed on {meter.removed}"
    return None


def _note(session: Session, result: IngestResult) -> None:
    columns: dict[str, Any] = {
        "name": result.name,
        "format": result.format,
        "readings": result.accepted,
        "rejected": result.rejected_count,
    }
    query = (
        insert(IngestFile)
        .values(sha256=result.sha256, **columns)
        .on_conflict_do_update(index_elements=[IngestFile.sha256], set_=columns)
        .returning(IngestFile.id)
    )
    file_id = session.execute(query).scalar_one()
    session.execute(delete(RejectedReading).where(RejectedReading.file_id == file_id))
    session.add_all(
        RejectedReading(file_id=file_id, row=row.row, reason=row.reason, content=row.content)
        for row in result.rejected
    )
