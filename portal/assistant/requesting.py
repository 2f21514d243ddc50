"""Requests: what a kind needs, filing one, following it, taking it back."""

from collections.abc import Mapping

from portal import formats
from portal.assistant.bodies import service as bodies
from portal.assistant.bodies.common import OfAccount
from portal.assistant.talk import Talk, meant
from portal.i18n import gettext as _
from portal.requests import saying
from runtime.errors import Forbidden
from service.people.links import LinkedAccount
from service.requests import asking, kinds, moving, reading
from service.requests.askers import Asker
from service.requests.asking import KnownField, Prepared
from service.requests.kinds import Kind
from service.requests.models import Request

SHOWN = 5
MASKS = {
    "user.phone": formats.masked_phone,
    "user.name": formats.masked_name,
    "request.holder": formats.masked_name,
}
"""What is known and must not leave the house whole."""
UNSPOKEN = "point"
"""The type of what a map gives and nobody can say."""


def described(talk: Talk, asked: OfAccount, kind: str) -> bodies.RequestKind:
    """The fields of a kind with what is known for the account, if one is meant.

    Raises NotFound("request.kind_unknown"), Forbidden("request.sign_in") and as `Talk.named`.
    """
    wanted = kinds.kind(kind)
    account = _meant(talk, wanted, asked.account_no)
    prepared = _prepared(talk, wanted, account)
    return bodies.RequestKind(
        kind=kind,
        name=saying.said(wanted.title),
        fields=[_field(prepared, each) for each in prepared.fields if each.field.type != UNSPOKEN],
        needs_account=wanted.account == "needed",
        takes_account=wanted.account != "none",
        documents=_documents(wanted, {}),
        deadline_words=saying.deadline_words(prepared),
    )


def file(talk: Talk, new: bodies.NewRequest) -> tuple[bodies.RequestFiled, int]:
    """File a request, 201; the same key gives the same one, 200. What is left out is as known.

    Raises as `service.requests.asking.apply` and as `Talk.one` where the kind needs an account.
    """
    wanted = kinds.kind(new.kind)
    account = _meant(talk, wanted, new.account_no)
    if account is None and wanted.account == "needed":
        account = talk.one(None, among=asking.eligible(wanted, talk.accounts))
    prepared = _prepared(talk, wanted, account)
    if new.account_no is None and wanted.account == "optional" and _elsewhere(prepared, new.fields):
        account = None
    status = 200 if asking.opened(talk.session, asker(talk), new.key) else 201
    made = asking.apply(
        talk.session,
        asker(talk),
        wanted.name,
        account.account_no if account else None,
        _filled(prepared, new.fields),
        new.key,
        talk.conversation.id,
    )
    return _filed(made), status


def listed(talk: Talk) -> bodies.Requests:
    """The last requests of the person; a stranger's are those of this conversation."""
    found = [told(each) for each in reading.list_requests(talk.session, asker(talk), SHOWN)]
    if not found:
        nothing = (
            _("您还没有办过申请。")
            if talk.signed_in
            else _("登录以后能看您办过的申请。没登录报的修，凭受理号和电话后四位就能查。")
        )
        return bodies.Requests(requests=[], sentence=nothing)
    return bodies.Requests(
        requests=found, sentence=formats.joined(each.sentence for each in found[:3])
    )


def shown(talk: Talk, request_no: str) -> bodies.RequestShown:
    """One request with its steps. Raises NotFound("request.not_found")."""
    return _with_steps(reading.request(talk.session, asker(talk), request_no.upper()))


def cancelled(talk: Talk, _told: bodies.CancelAsked, request_no: str) -> bodies.RequestShown:
    """Take it back. Raises NotFound, Conflict("request.cannot_cancel")."""
    return _with_steps(moving.cancel(talk.session, asker(talk), request_no.upper()))


def asker(talk: Talk) -> Asker:
    """Who asks: the person, or a stranger known by this conversation."""
    if talk.signed_in:
        return Asker.of_user(talk.user_id)
    return Asker.of_conversation(talk.conversation.id)


def told(request: Request) -> bodies.Request:
    """A request as the assistant hears of it."""
    return bodies.Request(
        request_no=request.request_no,
        kind=request.kind,
        name=saying.kind_name(request.kind),
        state=request.state,
        state_words=saying.state_words(request),
        at_words=formats.moment(request.opened_at),
        deadline_words=_deadline_words(request),
        waits_words=saying.waits_words(request),
        can_cancel=moving.may_cancel(request),
        sentence=saying.sentence(request),
    )


def _prepared(talk: Talk, wanted: Kind, account: LinkedAccount | None) -> Prepared:
    number = account.account_no if account else None
    return asking.prepare(talk.session, asker(talk), wanted.name, number)


def _meant(talk: Talk, wanted: Kind, written: str | None) -> LinkedAccount | None:
    """The account that is named, else the only one or the only own one that may be meant."""
    if written is not None:
        return talk.named(written)
    if wanted.sign_in and not talk.signed_in:
        raise Forbidden("request.sign_in")
    if wanted.account == "none" or not talk.signed_in:
        return None
    return meant(asking.eligible(wanted, talk.accounts))


def _field(prepared: Prepared, known: KnownField) -> bodies.RequestField:
    choices = [
        bodies.Choice(
            value=value,
            title=title,
            deadline_words=saying.chosen_deadline_words(prepared, known.field, value),
        )
        for value, title in saying.choices(known)
    ]
    value = _shown_value(known)
    return bodies.RequestField(
        name=known.field.name,
        label=saying.said(known.field.label),
        type="choice" if known.field.type == "bill" else known.field.type,
        required=known.field.required,
        choices=choices or None,
        known=value,
        known_words=_known_words(known, value),
    )


def _shown_value(known: KnownField) -> str | None:
    """What is known, masked where it must not leave the house whole."""
    mask = MASKS.get(known.field.known or "")
    return mask(known.value) if mask and known.value else known.value


def _known_words(known: KnownField, value: str | None) -> str | None:
    titles = dict(saying.choices(known))
    return titles.get(value, value) if value else None


def _filled(prepared: Prepared, given: Mapping[str, str]) -> dict[str, str]:
    """What was given, with what is known where it was left out or sent back as it was shown."""
    filled = {name: value for name, value in given.items() if value.strip()}
    elsewhere = _elsewhere(prepared, given)
    for each in prepared.fields:
        name = each.field.name
        if elsewhere and name not in filled and _is_of_before(each):
            continue
        if each.value and filled.get(name) in (None, _shown_value(each)):
            filled[name] = each.value
    return filled


def _is_of_before(known: KnownField) -> bool:
    """Whether a value is that of an earlier request."""
    return (known.field.known or "").startswith(asking.TOLD)


def _elsewhere(prepared: Prepared, given: Mapping[str, str]) -> bool:
    """Whether another address is named than that of the account."""
    return any(
        each.value and given.get(each.field.name, each.value).strip() != each.value
        for each in prepared.fields
        if each.field.known == "account.address"
    )


def _filed(made: Request) -> bodies.RequestFiled:
    return bodies.RequestFiled(
        request_no=made.request_no,
        kind=made.kind,
        name=saying.kind_name(made.kind),
        state=made.state,
        state_words=saying.state_words(made),
        deadline_words=_deadline_words(made),
        waits_words=saying.waits_words(made),
        summary=_summary(made),
        documents=_documents(kinds.kind(made.kind), reading.values(made)),
        sentence=saying.sentence(made),
        joined_outage=made.outage_no,
    )


def _documents(wanted: Kind, values: Mapping[str, str]) -> list[str]:
    return [saying.said(each.title) for each in wanted.papers(values)]


def _deadline_words(request: Request) -> str | None:
    """What is promised; nothing while the clock stands, and when it is over."""
    goes = request.closed_at is None and request.paused_at is None
    return saying.deadline_words(request) if goes else None


def _summary(made: Request) -> list[bodies.Said]:
    """What was told, label and value; what we knew and must not leave the house whole, masked."""
    found = []
    for field, value in reading.told(made):
        mask = MASKS.get(field.known or "")
        words = mask(value) if mask else saying.value_words(field, value)
        found.append(bodies.Said(label=saying.said(field.label), value=words))
    return found


def _with_steps(request: Request) -> bodies.RequestShown:
    return bodies.RequestShown(**told(request).model_dump(), steps=_steps(request))


def _steps(request: Request) -> list[bodies.Step]:
    """The timeline; one that ended on the way ends with how."""
    steps = [
        bodies.Step(
            name=saying.said(each.step.title),
            at_words=formats.moment(each.at) if each.at else None,
            state=each.state,
        )
        for each in reading.timeline(request)
        if each.state not in ("off", "passed")
    ]
    if request.state in ("cancelled", "rejected") and request.closed_at:
        ended = formats.moment(request.closed_at)
        steps.append(bodies.Step(name=saying.state_words(request), at_words=ended, state="done"))
    return steps
