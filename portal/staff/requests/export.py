"""`/desk/requests/export`: a queue as a file, at once or when a second person has agreed."""

from collections.abc import Iterator

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from portal import formats, words
from portal.errors import status_of
from portal.files import table
from portal.requests import saying
from portal.security import asker_id
from portal.staff import trail
from portal.staff.asked import Asked, in_words
from portal.staff.requests import telling
from portal.staff.requests.room import blueprint, view
from runtime.errors import Refused
from service.approvals import Approval
from service.desk import exporting, queue
from service.desk.exporting import Export
from service.desk.queue import Item

NAME = "requests.csv"


@blueprint.get("/export")
def offer() -> ResponseReturnValue:
    """What can be fetched at once, what was asked for, and the form to ask."""
    return _page()


@blueprint.post("/export")
def ask() -> ResponseReturnValue:
    """Ask a second person for the file."""
    try:
        exporting.ask(g.session, _wanted(), request.form.get("reason", ""))
    except Refused as refusal:
        return _page(words.refusal(refusal)), status_of(refusal)
    flash(_("申请好了，等另一个人批。"))
    return redirect(view().to(".offer"), 303)


@blueprint.get("/export/now.csv")
def fetch() -> ResponseReturnValue:
    """A short queue without personal data; anything else has to be asked for."""
    export = Export(view().wanted, False, asker_id())
    if not exporting.is_free(g.session, export):
        return redirect(view().to(".offer"), 303)
    return table(_rows(export), NAME)


@blueprint.get("/export/<int:approval_id>.csv")
def fetch_granted(approval_id: int) -> ResponseReturnValue:
    """What a second person has agreed to; whoever asked for it fetches it within a day."""
    export = exporting.granted(g.session, approval_id, asker_id())
    trail.did(
        trail.QUEUE, "queue", telling.narrowed(export.wanted), about=f"approval {approval_id}"
    )
    return table(_rows(export), NAME)


@in_words(exporting.KIND)
def _in_words(session: Session, approval: Approval) -> Asked:
    export = Export.of(approval)
    personal = _("带姓名、电话和地址") if export.personal else _("不带个人资料")
    lines = [
        (_("哪些"), telling.narrowed(export.wanted)),
        (_("哪个班组"), telling.teams(export.wanted)),
        (_("现在有"), _rows_now(session, export)),
        (_("个人资料"), personal),
    ]
    return Asked(_("导出工单"), lines)


def _rows_now(session: Session, export: Export) -> str:
    """How many requests the file would hold now."""
    count = queue.how_many(session, export.wanted, export.me, exporting.MOST)
    return ngettext("%(num)s 件", "%(num)s 件", count)


def _wanted() -> Export:
    return Export(view().wanted, request.form.get("personal") == "yes", asker_id())


def _page(said: str | None = None) -> str:
    here = view()
    return render_template(
        "staff/requests/export.html",
        here=here,
        said=said,
        is_free=exporting.is_free(g.session, Export(here.wanted, False, asker_id())),
        asked=[(each, Export.of(each)) for each in exporting.asked(g.session, asker_id())],
        is_good=exporting.is_good,
        short=exporting.SHORT,
        most_reason=exporting.MOST_REASON,
        typed=request.form,
        tell=telling,
    )


def _rows(export: Export) -> Iterator[tuple[str, ...]]:
    own = (_("客户"), _("电话"), _("户号"), _("地址")) if export.personal else ()
    yield (
        _("工单号"),
        _("哪一类"),
        _("哪个班组"),
        _("提交时间"),
        _("时限"),
        _("下一步"),
        _("特急"),
        _("谁在办"),
        *own,
    )
    for item in exporting.rows(g.session, export):
        yield (*_plain(item), *(_personal(item) if export.personal else ()))


def _plain(item: Item) -> tuple[str, ...]:
    made = item.request
    return (
        made.request_no,
        saying.kind_name(made.kind),
        str(telling.TEAMS[made.team]),
        formats.full_moment(made.opened_at),
        formats.full_moment(made.due_at) if made.due_at else "",
        telling.clock_of(made).next,
        _("是") if made.urgent else "",
        telling.colleague(item.assignee) if item.assignee else "",
    )


def _personal(item: Item) -> tuple[str, ...]:
    holder = item.account.holder_name if item.account else ""
    return (
        holder,
        item.request.phone or "",
        item.request.account_no or "",
        telling.place(item),
    )
