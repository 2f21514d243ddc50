"""Words that the desk changes: written by one person, in force when a second one agrees.

Version 0 came with Denghuo and is always there to go back to. Every deed is in the trail.
"""

from collections.abc import Mapping

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from notifications.wordings import catalogue, versions
from notifications.wordings.models import (
    ASKED,
    DECLINED,
    DRAFT,
    IN_FORCE,
    RETIRED,
    WordingCode,
    WordingVersion,
)
from notifications.wordings.versions import Key
from runtime import clock
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals, audit
from service.approvals import Approval
from service.events import ActionApproved, ActionDeclined
from service.people import users

KIND = "wording"
APPROVERS = ("lead", "admin")
WRITTEN, DROPPED, CODE = "wording.written", "wording.dropped", "wording.code"
"""Deeds in the trail; to ask, to approve and to decline are those of every approval."""
MOST_CODE = 64
PROVIDERS = {"sms": ("aliyun", "tencent", "http"), "wechat": ("wechat",), "voice": ("voice",)}
"""Whose codes are written down, by channel: the names of `notifications.channels`."""


def subject(kind: str, channel: str, language: str) -> str:
    """What a wording is called in the trail and towards a second person."""
    return f"{kind}/{channel}/{language}"


def key_of(named: str) -> Key:
    """The other way round."""
    kind, channel, language = named.split("/")
    return kind, channel, language


def draft_of(session: Session, key: Key) -> WordingVersion | None:
    """What is being written, or waits for its second person."""
    return session.scalars(_of(key).where(WordingVersion.state.in_((DRAFT, ASKED)))).one_or_none()


def open_ones(session: Session) -> dict[Key, str]:
    """The state of each that differs from what came with us: in_force, draft or asked.

    What is being changed goes before what was changed.
    """
    order = (IN_FORCE, DRAFT, ASKED)
    rows = session.scalars(select(WordingVersion).where(WordingVersion.state.in_(order)))
    return {
        (each.kind, each.channel, each.language): each.state
        for each in sorted(rows, key=lambda row: order.index(row.state))
    }


def history(session: Session, key: Key) -> list[WordingVersion]:
    """All versions of the desk, the newest first."""
    return list(session.scalars(_of(key).order_by(WordingVersion.version.desc())))


def write(session: Session, key: Key, parts: Mapping[str, str], *, by: int) -> WordingVersion:
    """Keep what somebody wrote as the draft; whoever wrote last is its author.

    Raises NotFound("wording.not_found"), Refused("wording.faulty", "wording.same") and
    Conflict("wording.waiting").
    """
    said = _clean(key, parts)
    if said == dict(versions.in_force(session, *key).parts):
        raise Refused("wording.same")
    row = _locked_draft(session, key)
    if row is None:
        row = WordingVersion(
            kind=key[0], channel=key[1], language=key[2], version=_next(session, key), state=DRAFT
        )
        session.add(row)
    row.parts, row.author_id, row.created_at = said, by, clock.now()
    session.flush()
    _record(session, key, WRITTEN, by, row.version)
    return row


def drop(session: Session, key: Key, *, by: int) -> None:
    """Throw the draft away. Raises Conflict("wording.no_draft", "wording.waiting")."""
    row = _locked_draft(session, key)
    if row is None:
        raise Conflict("wording.no_draft")
    _record(session, key, DROPPED, by, row.version)
    session.delete(row)
    session.flush()


def ask(session: Session, key: Key, reason: str, *, by: int) -> Approval:
    """Ask a second person to put the draft in force.

    Raises Conflict("wording.no_draft", "wording.waiting"),
    Refused("wording.reason_missing", "wording.faulty") and what `approvals.ask` raises.
    """
    row = _locked_draft(session, key)
    if row is None:
        raise Conflict("wording.no_draft")
    _clean(key, row.parts)
    approval = _ask(session, key, row.version, reason, by)
    row.state, row.approval_id = ASKED, approval.id
    return approval


def bring_back(session: Session, key: Key, version: int, reason: str, *, by: int) -> Approval:
    """Ask a second person to put an earlier version in force again; 0 came with Denghuo.

    Raises NotFound("wording.not_found"), Refused("wording.same", "wording.reason_missing",
    "wording.faulty") and what `approvals.ask` raises.
    """
    if versions.in_force(session, *key).version == version:
        raise Refused("wording.same")
    if version:
        _clean(key, _earlier(session, key, version).parts)
    return _ask(session, key, version, reason, by)


def on_approved(session: Session, event: ActionApproved) -> None:
    """Put in force what two people agreed on; what was in force is kept.

    Raises Forbidden("wording.lead_approves", "wording.own"): then it still waits.
    """
    if event.kind != KIND:
        return
    key, version = key_of(event.subject), int(event.params["version"])
    if users.get_user(session, event.decided_by).staff_role not in APPROVERS:
        raise Forbidden("wording.lead_approves")
    now = session.scalars(_of(key).where(WordingVersion.state == IN_FORCE)).one_or_none()
    row = _version(session, key, version) if version else None
    if row is not None and row.author_id == event.decided_by:
        raise Forbidden("wording.own")
    if now is not None:
        now.state = RETIRED
        session.flush()
    if row is not None:
        row.state, row.in_force_at = IN_FORCE, clock.now()
        row.approved_by, row.approval_id = event.decided_by, event.approval_id
    session.flush()
    versions.forget(session)


def on_declined(session: Session, event: ActionDeclined) -> None:
    """Words that were declined are kept as such; those taken back are a draft again."""
    if event.kind != KIND:
        return
    row = draft_of(session, key_of(event.subject))
    if row is not None and row.version == event.params["version"]:
        row.state = DECLINED if event.note else DRAFT
        session.flush()


def set_code(
    session: Session, key: Key, version: int, provider: str, code: str, *, by: int
) -> None:
    """Write down what a provider calls a version; an empty code takes it out again.

    Raises NotFound("wording.not_found"), Refused("wording.code_unfit").
    """
    known = provider in PROVIDERS.get(key[1], ())
    if not known or versions.shown(session, *key, version) is None:
        raise NotFound("wording.not_found")
    said = code.strip()
    if len(said) > MOST_CODE or not said.isprintable() or " " in said:
        raise Refused("wording.code_unfit", most=MOST_CODE)
    kind, channel, language = key
    which = {
        "kind": kind,
        "channel": channel,
        "language": language,
        "version": version,
        "provider": provider,
    }
    row = session.get(WordingCode, which)
    if row is not None and not said:
        session.delete(row)
    elif said:
        session.merge(WordingCode(**which, code=said))
    session.flush()
    versions.forget(session)
    _record(session, key, CODE, by, version, f"{provider}: {said or '-'}")


def codes(session: Session, key: Key) -> dict[int, dict[str, str]]:
    """What providers call each version."""
    found: dict[int, dict[str, str]] = {}
    rows = session.scalars(
        select(WordingCode).where(
            WordingCode.kind == key[0],
            WordingCode.channel == key[1],
            WordingCode.language == key[2],
        )
    )
    for each in rows:
        found.setdefault(each.version, {})[each.provider] = each.code
    return found


def _ask(session: Session, key: Key, version: int, reason: str, by: int) -> Approval:
    said = " ".join(reason.split())[: audit.MOST_REASON]
    if not said:
        raise Refused("wording.reason_missing")
    return approvals.ask(session, KIND, subject(*key), {"version": version}, said, by=by)


def _clean(key: Key, parts: Mapping[str, str]) -> dict[str, str]:
    """The parts as they are kept. Raises NotFound, Refused("wording.faulty")."""
    kind, channel, language = key
    try:
        versions.shipped(*key)
    except KeyError as unknown:
        raise NotFound("wording.not_found") from unknown
    said = {name: _typed(text) for name, text in parts.items() if text.strip()}
    if catalogue.faults(kind, channel, language, said):
        raise Refused("wording.faulty")
    return said


def _typed(text: str) -> str:
    """As a browser sends it, with the line ends that we keep."""
    return text.replace("\r\n", "\n").strip()


def _of(key: Key) -> Select[WordingVersion]:
    return select(WordingVersion).where(
        WordingVersion.kind == key[0],
        WordingVersion.channel == key[1],
        WordingVersion.language == key[2],
    )


def _version(session: Session, key: Key, version: int) -> WordingVersion:
    found = session.scalars(_of(key).where(WordingVersion.version == version)).one_or_none()
    if found is None:
        raise NotFound("wording.not_found")
    return found


def _earlier(session: Session, key: Key, version: int) -> WordingVersion:
    row = _version(session, key, version)
    if row.state != RETIRED:
        raise NotFound("wording.not_found")
    return row


def _locked_draft(session: Session, key: Key) -> WordingVersion | None:
    row = session.scalars(
        _of(key).where(WordingVersion.state.in_((DRAFT, ASKED))).with_for_update()
    ).one_or_none()
    if row is not None and row.state == ASKED:
        raise Conflict("wording.waiting")
    return row


def _next(session: Session, key: Key) -> int:
    newest = session.scalar(_of(key).with_only_columns(func.max(WordingVersion.version)))
    return (newest or 0) + 1


def _record(session: Session, key: Key, deed: str, by: int, version: int, reason: str = "") -> None:
    about = f"version {version}"
    audit.record(session, by=by, deed=deed, subject=subject(*key), reason=reason, about=about)
