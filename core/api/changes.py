"""The change feed."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from core import feed
from core.api.forms import Unit

router = APIRouter(tags=["changes"])

NDJSON = "application/x-ndjson"


class Lines(Response):
    """One JSON object a line."""

    media_type = NDJSON


_ANSWER = {
    "description": "Changes in ascending order of `seq`, one JSON object a line: "
    "`seq`, `kind`, `key`, `at` and `data`, which is the whole object. The body is empty when "
    "there is nothing new.",
    "content": {
        NDJSON: {
            "schema": {"type": "string"},
            "example": '{"seq":1,"kind":"balance","key":"420011875603",'
            '"at":"2026-11-03T01:02:03.000000Z","data":{"account_no":"420011875603",'
            '"balance_fen":12345,"at":"2026-11-03T01:02:03Z"}}\n',
        }
    },
    "headers": {
        "X-Next-After": {
            "schema": {"type": "integer"},
            "description": "What to give as `after` next",
        },
        "X-Latest": {
            "schema": {"type": "integer"},
            "description": "The newest number there is, from which a reader knows its lag",
        },
    },
}


@router.get("/v1/changes", response_class=Lines, responses={200: _ANSWER})
def changes(
    unit: Unit,
    after: Annotated[
        int, Query(ge=0, lt=2**63, description="The last number the reader has stored; 0 at first")
    ] = 0,
    limit: Annotated[
        int, Query(ge=1, le=feed.LARGEST_PAGE, description="The most changes to answer with")
    ] = 1000,
) -> Response:
    """What changed after a number. Once a number can be read, no smaller one appears later."""
    page = feed.read(unit, after, limit)
    headers = {"X-Next-After": str(page.next_after), "X-Latest": str(page.latest)}
    return Lines(page.lines, headers=headers)
