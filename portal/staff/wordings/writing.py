"""One wording: what holds, what is being written, and what was said before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from notifications import wordings
from notifications.channels.segments import segments
from notifications.wordings import catalogue, changing
from notifications.wordings.checks import Fault
from notifications.wordings.models import WordingVersion
from notifications.wordings.versions import Key, Wording
from portal import words
from portal.i18n import language
from portal.security import asker_id
from portal.staff.frame import done
from portal.staff.wordings.comparing import Run, compared
from portal.staff.wordings.room import (
    CHANNELS,
    LANGUAGES,
    PROVIDERS,
    STATES,
    blueprint,
    key,
    named,
    part_name,
    title,
)
from runtime.errors import NotFound, Refused
from service import approvals, audit


@dataclass(frozen=True)
class Part:
    """A field of the form: what is typed, how long it becomes, and what is wrong with it."""

    part: str
    name: str
    text: str
    most: int
    length: int
    segments: int
    faults: tuple[str, ...]
    before: list[Run]
    after: list[Run]


Version = tuple[int, dict[str, str], str, WordingVersion | None]
"""Its number, words and state; and who wrote it, unless it came with us."""
ADDRESS = "/<kind>/<channel>/<spoken>"


@blueprint.get(ADDRESS)
def show(kind: str, channel: str, spoken: str) -> str:
    return _page(key(kind, channel, spoken))


@blueprint.post(ADDRESS)
def write(kind: str, channel: str, spoken: str) -> ResponseReturnValue:
    """Keep what was typed as the draft, or only look at how long it becomes."""
    wanted = key(kind, channel, spoken)
    given = _given(wanted)
    if request.form.get("action") == "look":
        return _page(wanted, given)
    if catalogue.faults(*wanted, given):
        return _page(wanted, given, words.refusal(Refused("wording.faulty"))), 400
    try:
        changing.write(g.session, wanted, given, by=asker_id())
    except NotFound:
        raise
    except Refused as refusal:
        return _page(wanted, given, words.refusal(refusal)), 409
    flash(_("草稿存好了，请另一个人批了才用。"))
    return redirect(_here(wanted), 303)


@blueprint.post(f"{ADDRESS}/ask")
def ask(kind: str, channel: str, spoken: str) -> ResponseReturnValue:
    wanted = key(kind, channel, spoken)
    reason = request.form.get("reason", "")
    return _done(
        wanted,
        lambda: changing.ask(g.session, wanted, reason, by=asker_id()),
        _("申请好了，另一个人批了就用。"),
    )


@blueprint.post(f"{ADDRESS}/drop")
def drop(kind: str, channel: str, spoken: str) -> ResponseReturnValue:
    wanted = key(kind, channel, spoken)
    return _done(wanted, lambda: changing.drop(g.session, wanted, by=asker_id()), _("草稿扔掉了。"))


@blueprint.post(f"{ADDRESS}/back/<int:version>")
def back(kind: str, channel: str, spoken: str, version: int) -> ResponseReturnValue:
    """Ask for an earlier version."""
    wanted = key(kind, channel, spoken)
    reason = request.form.get("reason", "")
    return _done(
        wanted,
        lambda: changing.bring_back(g.session, wanted, version, reason, by=asker_id()),
        _("申请好了，另一个人批了就用。"),
    )


@blueprint.post(f"{ADDRESS}/code/<int:version>")
def code(kind: str, channel: str, spoken: str, version: int) -> ResponseReturnValue:
    """What providers call a version after their review."""
    wanted = key(kind, channel, spoken)

    def deed() -> None:
        known = changing.codes(g.session, wanted).get(version, {})
        for provider in changing.PROVIDERS.get(channel, ()):
            said = request.form.get(provider, "").strip()
            if said != known.get(provider, ""):
                changing.set_code(g.session, wanted, version, provider, said, by=asker_id())

    return _done(wanted, deed, _("编号存好了。"))


def _done(wanted: Key, deed: Callable[[], object], said: str) -> ResponseReturnValue:
    return done(deed, _here(wanted), said, _here(wanted))


def _here(wanted: Key) -> str:
    kind, channel, spoken = wanted
    return url_for(".show", kind=kind, channel=channel, spoken=spoken)


def _given(wanted: Key) -> dict[str, str]:
    """What was typed, by part; line ends as we keep them."""
    most = catalogue.wanted(*wanted[:2])
    typed = {part: request.form.get(part, "").replace("\r\n", "\n") for part in most}
    return {part: text for part, text in typed.items() if text.strip()}


def _page(wanted: Key, given: dict[str, str] | None = None, said: str | None = None) -> str:
    kind, channel, spoken = wanted
    current = wordings.in_force(g.session, *wanted)
    draft = changing.draft_of(g.session, wanted)
    typed = given if given is not None else (draft.parts if draft else current.parts)
    return render_template(
        "staff/wordings/show.html",
        key=wanted,
        name=named(wanted),
        kind_title=title(kind),
        current=current,
        draft=draft,
        is_changed=dict(typed) != current.parts,
        parts=_parts(wanted, current, typed),
        samples=catalogue.samples(kind, spoken, channel),
        variables=[(name, _meaning(name)) for name in catalogue.variables_of(kind)],
        versions=_versions(wanted, current),
        codes=changing.codes(g.session, wanted),
        providers=[(each, PROVIDERS[each]) for each in changing.PROVIDERS.get(channel, ())],
        provider_words=PROVIDERS,
        waiting=approvals.about(g.session, [changing.subject(*wanted)], [changing.KIND])[:1],
        said=said,
        state_words=STATES,
        channels=CHANNELS,
        languages=LANGUAGES,
        most_reason=audit.MOST_REASON,
        most_code=changing.MOST_CODE,
    )


def _parts(wanted: Key, current: Wording, typed: Mapping[str, str]) -> list[Part]:
    kind, channel, spoken = wanted
    faults = catalogue.faults(*wanted, typed)
    samples = catalogue.samples(kind, spoken, channel)
    found = []
    for part, most in catalogue.wanted(kind, channel).items():
        text, wrong = typed.get(part, ""), [each for each in faults if each.part == part]
        filled = "" if wrong else text.format_map(samples)
        before, after = compared(current.parts.get(part, ""), text)
        found.append(
            Part(
                part,
                part_name(kind, channel, part),
                text,
                most,
                len(filled),
                segments(filled) if channel == "sms" else 0,
                tuple(_fault(each) for each in wrong),
                before,
                after,
            )
        )
    return found


def _fault(fault: Fault) -> str:
    params = dict(fault.params)
    if "known" in params:
        params["known"] = _("、").join(f"{{{name}}}" for name in params["known"])
    return words.refusal(Refused(fault.code, **params))


def _meaning(name: str) -> str:
    return catalogue.variables()[name].meaning(language())


def _versions(wanted: Key, current: Wording) -> list[Version]:
    """All that was written, the newest first, and at the end what came with us."""
    found = [
        (row.version, row.parts, row.state, row) for row in changing.history(g.session, wanted)
    ]
    first = "retired" if current.version else "in_force"
    return [*found, (0, wordings.shipped(*wanted).parts, first, None)]
