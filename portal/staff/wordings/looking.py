"""The list of wordings, and one kind as its readers see it on every channel."""

from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from notifications.channels.segments import on_the_phone
from notifications.wordings import catalogue, changing
from portal import words
from portal.display import theme
from portal.errors import status_of
from portal.security import asker_id
from portal.staff import trail
from portal.staff.wordings import previewing
from portal.staff.wordings.room import (
    CHANNELS,
    LANGUAGES,
    STATES,
    TOPICS,
    blueprint,
    title,
    topic,
)
from runtime.errors import NotFound, Refused
from service import audit
from service.customers import opening
from service.people.typed import plain

THEMES = ("light", "dark")


@blueprint.get("")
def index() -> str:
    """All kinds by topic, with what was changed and what waits."""
    files = catalogue.topics()
    return render_template(
        "staff/wordings/index.html",
        topics=[(name, said, files[name]) for name, said in TOPICS.items()],
        states=changing.open_ones(g.session),
        state_words=STATES,
        channels=CHANNELS,
        languages=LANGUAGES,
        title=title,
    )


@blueprint.get("/<kind>")
def preview(kind: str) -> ResponseReturnValue:
    """A kind on all its channels, filled with samples, or with the figures of an account."""
    topic(kind)
    account_no = plain(request.args.get("account", ""))
    if not account_no:
        return _page(kind)
    try:
        account = opening.account(g.session, account_no)
    except NotFound as unknown:
        return _page(kind, said=words.refusal(unknown)), 404
    because = opening.why(g.session, asker_id(), account_no)
    if because is None:
        return _page(kind, said=_("看真实的数，先写为什么。")), 400
    trail.seen(account_no, because.reason, because.about or "wordings")
    return _page(kind, account_no, previewing.of_account(g.session, account, _spoken()))


@blueprint.post("/<kind>")
def choose(kind: str) -> ResponseReturnValue:
    """Say of which account, and why."""
    topic(kind)
    account_no = plain(request.form.get("account", ""))
    try:
        reason = request.form.get("reason", "")
        opening.open_customer(g.session, asker_id(), account_no, reason)
    except Refused as refusal:
        return _page(kind, said=words.refusal(refusal)), status_of(refusal)
    args: dict[str, Any] = {"kind": kind, "account": account_no, **_shown()}
    return redirect(url_for(".preview", **args), 303)


def _page(
    kind: str,
    account_no: str = "",
    figures: dict[str, str] | None = None,
    said: str | None = None,
) -> str:
    spoken, shown = _spoken(), _shown()
    params = catalogue.samples(kind, spoken) | (figures or {})
    wanted = shown.get("theme") or theme()
    return render_template(
        "staff/wordings/preview.html",
        kind=kind,
        name=title(kind),
        topic=topic(kind),
        seen=previewing.all_channels(
            g.session, kind, spoken, params, drafts=shown.get("of") == "draft"
        ),
        states={
            (channel, each): state
            for (of, channel, each), state in changing.open_ones(g.session).items()
            if of == kind
        },
        state_words=STATES,
        sender=on_the_phone(""),
        spoken=spoken,
        shown=shown,
        account_no=account_no,
        real=sorted(set(figures or {}) & set(topic(kind).variables)),
        said=said,
        typed=request.form,
        theme=lambda: wanted,
        channels=CHANNELS,
        languages=LANGUAGES,
        variables=catalogue.variables(),
        most_reason=audit.MOST_REASON,
    )


def _spoken() -> str:
    wanted = request.values.get("spoken", "zh")
    return wanted if wanted in LANGUAGES else "zh"


def _shown() -> dict[str, str]:
    """What of the page's choices differs from the usual."""
    found = {"spoken": _spoken()} if _spoken() != "zh" else {}
    if request.values.get("theme") in THEMES:
        found["theme"] = request.values["theme"]
    if request.values.get("of") == "draft":
        found["of"] = "draft"
    return found
