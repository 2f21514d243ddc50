"""`POST /v1/readings`: a file of readings as the body of a request."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from core.metering.ingest import IngestResult, ingest
from core.metering.readings import METER_NO, FileProblem

router = APIRouter(prefix="/v1/readings", tags=["readings"])

BODY = {
    "requestBody": {
        "required": True,
        "description": "Green Button XML or CSV (docs/readings.md), plain or gzip.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class RejectedRow(BaseModel):
    """A row that was not taken in."""

    row: int = Field(description="Line of the CSV file, or number of the interval reading")
    reason: str


class ReadingsTaken(BaseModel):
    """What became of a file of readings."""

    file: str = Field(description="SHA-256 of the file, by which a repeated one is known")
    name: str
    format: str = Field(description="espi or csv")
    repeated: bool = Field(description="The same file was taken in before; nothing was done")
    readings: int = Field(ge=0, description="Readings in the file")
    accepted: int = Field(ge=0, description="Readings that stand now, changed or not")
    changed_days: int = Field(ge=0, description="Meter-days and dial readings that changed")
    rejected_count: int = Field(ge=0)
    rejected: list[RejectedRow] = Field(description="The first thousand of them")


@router.post("", openapi_extra=BODY)
async def take_readings(
    request: Request,
    name: Annotated[str, Query(max_length=200, description="Name of the file")] = "readings",
    meter: Annotated[
        str | None,
        Query(pattern=f"^{METER_NO.pattern}$", description="Meter of a file that names none"),
    ] = None,
    correction: Annotated[
        bool, Query(description="Measured values that differ are replaced, spikes believed")
    ] = False,
) -> ReadingsTaken:
    """Take in a file of readings. Sending it again does no harm."""
    with tempfile.TemporaryDirectory(prefix="readings-") as folder:
        path = Path(folder) / "body"
        await _save(request, path)
        try:
            result = await run_in_threadpool(
                ingest,
                request.app.state.database,
                path,
                name=name,
                meter_no=meter,
                correction=correction,
            )
        except FileProblem as problem:
            raise HTTPException(422, str(problem)) from None
    return taken(result)


def taken(result: IngestResult) -> ReadingsTaken:
    """The result as the API and the command line show it."""
    return ReadingsTaken(
        file=result.sha256,
        name=result.name,
        format=result.format,
        repeated=result.repeated,
        readings=result.readings,
        accepted=result.accepted,
        changed_days=result.changed_days,
        rejected_count=result.rejected_count,
        rejected=[RejectedRow(row=row.row, reason=row.reason) for row in result.rejected],
    )


async def _save(request: Request, path: Path) -> None:
    """Write the body to a file, up to the size that is allowed."""
    limit = request.app.state.settings.core_readings_megabytes << 20
    size = 0
    with path.open("wb") as file:
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise HTTPException(413, f"The file is larger than {limit >> 20} MB; part it.")
            file.write(chunk)
