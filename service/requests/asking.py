"""Asking for something: what is known already, and the request itself, opened once for a key."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from runtime import clock
from runtime.crypto import blind_index
from runtime.errors import Forbidden, NotFound, Refused
from service.access import RIGHTS, Right, visible_account
from service.models import Account, Bill, User
from service.people.limits import Limit
from service.people.links import LinkedAccount
from service.requests import drafts, files, joining, soon, telling, timing
from service.requests.askers import Asker, count_try
from service.requests.fields import FieldRefused, check, clean
from service.requests.kinds import Field, Kind, kind
from service.requests.models import PHONE, Request, RequestDay, RequestEvent
from service.requests.promising import promised

OPEN_USER = Limit("request.user", 30, timedelta(hours=1), "request.too_many")
OPEN_STRANGER = Limit("request.stranger", 6, timedelta(hours=1), "request.too_many")
OPEN_NETWORK = Limit("request.network", 60, timedelta(hours=1), "network.locked", exact=False)
LATEST_BILLS = 12
LATEST_REQUESTS = 10
TOLD = "request."
"""Begins the name of what an earlier request told."""


@dataclass(frozen=True)
class KnownField:
    """A field with what is known of it: `value` may be sent as it is.

    `bills` are those that a field of that type may name, the newest first.
    """

    field: Field
    value: str | None = None
    bills: tuple[Bill, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A kind with what is known for this asker and account, and the time it would promise now.

    `holder_name` is whole: who shows it masks it. `promised_at` is the promise while nothing is
    chosen; `promised_by` that of each value of the field `promise_by`, where one decides it.
    """

    kind: Kind
    account_no: str | None
    holder_name: str | None
    fields: tuple[KnownField, ...]
    promised_at: datetime
    promise_by: Field | None
    promised_by: dict[str, datetime]


def prepare(session: Session, asker: Asker, name: str, account_no: str | None = None) -> Prepared:
    """What the form of a kind begins with.

    Raises NotFound for the kind or the account, Forbidden("account.not_allowed") and
    Forbidden("request.sign_in").
    """
    wanted = kind(name)
    account = _account(session, asker, wanted, account_no)
    user = session.get(User, asker.user_id) if asker.user_id is not None else None
    told = _told_before(session, asker, wanted, account)
    fields = tuple(_known(session, each, account, user, told) for each in wanted.fields)
    now, by = clock.now(), wanted.promise_by
    return Prepared(
        kind=wanted,
        account_no=account.account_no if account else None,
        holder_name=account.holder_name if account else None,
        fields=fields,
        promised_at=promised(wanted, {}, now),
        promise_by=by,
        promised_by={
            each.value: promised(wanted, {by.name: each.value}, now) for each in by.choices
        }
        if by
        else {},
    )


def eligible(wanted: Kind, accounts: Iterable[LinkedAccount]) -> list[LinkedAccount]:
    """Those of the asker's accounts for which this may be asked."""
    if wanted.account == "none":
        return []
    right = Right(wanted.right)
    return [each for each in accounts if right in RIGHTS[each.role] and not each.closed]


def problems(
    session: Session,
    asker: Asker,
    name: str,
    account_no: str | None,
    given: Mapping[str, object],
    key: str,
) -> tuple[dict[str, str], list[Refused]]:
    """The plain values and everything that is wrong, for a form that shows all of it at once.

    The files that came with the form are known by its `key`. Raises as `prepare` does.
    """
    wanted = kind(name)
    account = _account(session, asker, wanted, account_no)
    values, wrong = check(wanted, given)
    found: list[Refused] = [
        *wrong,
        *_wrong_bills(session, wanted, account, values),
        *_missing_photos(session, asker, wanted, key),
    ]
    if wanted.account == "needed" and account is None:
        found.insert(0, Refused("request.account_missing"))
    return values, found


def apply(
    session: Session,
    asker: Asker,
    name: str,
    account_no: str | None,
    fields: Mapping[str, object],
    key: str,
    conversation_id: int | None = None,
    *,
    at: datetime | None = None,
) -> Request:
    """Open a request, with a job that takes it to the core; the same key gives the same one.

    `at` is when it was asked for, where that is not now: its clocks count from there.

    Raises as `prepare` does; FieldRefused ("request.field") for the first field that is wrong,
    Refused("request.account_missing"), Refused("request.key_malformed") and TooManyTries.
    """
    drafts.require_key(key)
    if known := opened(session, asker, key):
        return known
    values, wrong = problems(session, asker, name, account_no, fields, key)
    if wrong:
        raise wrong[0]
    count_try(session, asker, OPEN_STRANGER if asker.user_id is None else OPEN_USER, OPEN_NETWORK)
    wanted = kind(name)
    account = account_no if wanted.account != "none" else None
    row = _row(asker, wanted, values, key, at or clock.now())
    place = {"account_no": account or None, "conversation_id": conversation_id}
    request = _open(session, row | place)
    if request is None:
        return session.scalars(_of_key(asker, key)).one()
    files.remove_of(session, asker, key, _unasked(wanted, values))
    files.take(session, asker, key, request.id)
    drafts.forget(session, asker, key)
    soon.carry(session, request.request_no)
    joining.join_known(session, request)
    telling.opened(session, request)
    return request


def opened(session: Session, asker: Asker, key: str) -> Request | None:
    """The request that this asker's key has opened already."""
    return session.scalars(_of_key(asker, key)).one_or_none()


def adopt(session: Session, conversation_id: int, user_id: int) -> None:
    """What a stranger asked for in a conversation is the user's who has signed in to it."""
    session.execute(
        update(Request)
        .where(Request.conversation_id == conversation_id, Request.user_id.is_(None))
        .values(user_id=user_id)
    )


def _row(
    asker: Asker, wanted: Kind, values: dict[str, str], key: str, at: datetime
) -> dict[str, Any]:
    """A request as it stands when it was just asked for, but for its number."""
    return {
        "kind": wanted.name,
        "team": wanted.team,
        "user_id": asker.user_id,
        "asker": asker.name,
        "idempotency_key": key,
        "state": "received",
        "step": wanted.steps[0].name,
        "promised_at": promised(wanted, values, at),
        "promises": {},
        "opened_at": at,
        "updated_at": at,
        **_told(values),
    }


def _open(session: Session, row: dict[str, Any]) -> Request | None:
    """The new row; None when another transaction has just opened the one of this key."""
    number = _next_number(session, kind(row["kind"]), clock.civil_date(row["opened_at"]))
    statement = insert(Request).values(request_no=number, **row)
    new = session.scalars(statement.on_conflict_do_nothing().returning(Request)).one_or_none()
    if new is not None:
        first = {"code": "opened", "step": new.step, "state": new.state, "at": new.opened_at}
        session.add(RequestEvent(request_id=new.id, who="customer", **first))
        session.flush()
        timing.reset(session, new)
    return new


def _told(values: Mapping[str, str]) -> dict[str, Any]:
    """What was told; phone and place once more, so that they can be found."""
    phone = values.get("phone")
    return {
        "fields": json.dumps(values, ensure_ascii=False),
        "phone": phone,
        "phone_index": blind_index(phone, PHONE) if phone else None,
        "point": values.get("point"),
    }


def _next_number(session: Session, wanted: Kind, day: date) -> str:
    """`BX2611210001`: the prefix of the kind, the civil day, the count of the day's requests.

    Whoever counts at the same moment waits for this transaction, so that no number comes twice.
    """
    counted = insert(RequestDay).values(day=day, last=1)
    last = session.scalars(
        counted.on_conflict_do_update(
            index_elements=[RequestDay.day], set_={"last": RequestDay.last + 1}
        ).returning(RequestDay.last)
    ).one()
    return f"{wanted.prefix}{day:%y%m%d}{last:04d}"


def _of_key(asker: Asker, key: str) -> Select[Request]:
    return select(Request).where(Request.asker == asker.name, Request.idempotency_key == key)


def _account(
    session: Session, asker: Asker, wanted: Kind, account_no: str | None
) -> Account | None:
    """The account, if one is named and the kind has to do with it."""
    if wanted.sign_in and asker.user_id is None:
        raise Forbidden("request.sign_in")
    if not account_no or wanted.account == "none":
        return None
    if asker.user_id is None:
        raise NotFound("account.not_found", account_no=account_no)
    return visible_account(session, asker.user_id, account_no, needs=Right(wanted.right))


def _known(
    session: Session,
    each: Field,
    account: Account | None,
    user: User | None,
    told: Mapping[str, str],
) -> KnownField:
    if each.known == "user.phone" and user is not None:
        return KnownField(each, user.phone)
    if each.known == "user.name" and user is not None:
        return KnownField(each, user.name)
    if each.known and each.known.startswith(TOLD):
        return KnownField(each, _still_right(each, told.get(each.known.removeprefix(TOLD))))
    if account is None:
        return KnownField(each)
    if each.known == "account.address":
        return KnownField(each, account.address)
    if each.type == "bill":
        bills = _bills(session, account.account_no)
        return KnownField(each, bills[0].bill_no if bills else None, bills=bills)
    return KnownField(each)


def _told_before(
    session: Session, asker: Asker, wanted: Kind, account: Account | None
) -> dict[str, str]:
    """What the user told with the last requests, by field; of an account with those about it."""
    before = any((each.known or "").startswith(TOLD) for each in wanted.fields)
    if asker.user_id is None or not before:
        return {}
    query = select(Request.fields).where(Request.user_id == asker.user_id)
    if account is not None:
        query = query.where(Request.account_no == account.account_no)
    told: dict[str, str] = {}
    for each in session.scalars(query.order_by(Request.id.desc()).limit(LATEST_REQUESTS)):
        told = json.loads(each) | told
    return told


def _still_right(field: Field, value: str | None) -> str | None:
    """What was told once, as long as it could be told again."""
    try:
        return clean(field, value) or None
    except FieldRefused:
        return None


def _unasked(wanted: Kind, values: Mapping[str, str]) -> list[str]:
    """The papers of a kind that are not needed with what was chosen."""
    asked = wanted.papers(values)
    return [each.name for each in wanted.documents if each not in asked]


def _missing_photos(session: Session, asker: Asker, wanted: Kind, key: str) -> list[FieldRefused]:
    """Where a photo is a must: none of the form's files is one."""
    field = wanted.photos
    if field is None or not field.required:
        return []
    kept = files.of_draft(session, asker, key)
    if any(each.is_photo and each.document is None for each in kept):
        return []
    return [FieldRefused(field.name, "no_photo", label=field.label)]


def _bills(session: Session, account_no: str) -> tuple[Bill, ...]:
    query = select(Bill).where(Bill.account_no == account_no, Bill.status == "issued")
    latest = query.order_by(Bill.period.desc(), Bill.bill_no).limit(LATEST_BILLS)
    return tuple(session.scalars(latest))


def _wrong_bills(
    session: Session, wanted: Kind, account: Account | None, values: Mapping[str, str]
) -> list[FieldRefused]:
    """Fields that name a bill which the account does not have."""
    named = [each for each in wanted.fields if each.type == "bill" and each.name in values]
    if not named:
        return []
    query = select(Bill.bill_no).where(
        Bill.account_no == (account.account_no if account else None),
        Bill.bill_no.in_([values[each.name] for each in named]),
    )
    has = set(session.scalars(query))
    return [
        FieldRefused(each.name, "bill", label=each.label)
        for each in named
        if values[each.name] not in has
    ]
