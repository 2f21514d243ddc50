"""What the customer service layer tells the other rooms, in the transaction of the change."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct


class BillIssued(Struct, frozen=True):
    """A bill has arrived for the first time. The first load of a utility brings old ones too:
    a listener that speaks to people looks at `issued_at` first."""

    bill_no: str
    account_no: str
    period: str
    total_fen: int
    due: date
    issued_at: datetime


class BillsIssued(Struct, frozen=True):
    """The bills of one batch that have arrived for the first time, by what they are.

    For whoever tells many at once; each of them is a BillIssued too. `corrected` are later
    revisions of a period that was billed before, `estimated` hold days that were not read.
    """

    plain: tuple[str, ...]
    estimated: tuple[str, ...]
    corrected: tuple[str, ...]


class PaymentPosted(Struct, frozen=True):
    """The core has posted a payment; seen once for each posting."""

    posting_no: str
    account_no: str
    order_no: str
    amount_fen: int
    posted_at: datetime


class PaymentReversed(Struct, frozen=True):
    """The core has taken money of a posting back; seen once for each reversal.

    As with bills, the first load brings old ones too: look at `reversed_at` first.
    """

    reversal_no: str
    posting_no: str
    account_no: str
    order_no: str
    amount_fen: int
    reason: str
    reversed_at: datetime


class OutageFacts(Struct, frozen=True):
    """An outage as it stands; the fields are those of `service.outages.models.Outage`."""

    outage_no: str
    kind: str
    areas: tuple[str, ...]
    places: tuple[str, ...]
    reason_code: str
    reason: str
    announced_at: datetime
    starts_at: datetime
    expected_end_at: datetime | None
    ended_at: datetime | None
    state: str


class OutageAnnounced(Struct, frozen=True):
    """An outage is heard of for the first time, whether it comes or is there.

    The first load of a utility brings old ones too: a listener that speaks to people looks at
    `state` and the times first. Whom it hits says `service.outages.finding.affected_accounts`.
    """

    outage: OutageFacts


class OutageChanged(Struct, frozen=True):
    """An outage stands differently than before: begun, moved, prolonged, restored, called off."""

    outage: OutageFacts
    before: OutageFacts


class ActionApproved(Struct, frozen=True):
    """A second person has approved what a first one asked for; `kind` says whose it is."""

    approval_id: int
    kind: str
    subject: str
    params: dict[str, Any]
    asked_by: int
    decided_by: int


class ActionDeclined(Struct, frozen=True):
    """A second person has said no, or the first one took it back and `note` is empty."""

    approval_id: int
    kind: str
    subject: str
    params: dict[str, Any]
    asked_by: int
    decided_by: int
    note: str


class BalanceSank(Struct, frozen=True):
    """What is left on a prepaid account is less than this user wanted to be told of."""

    user_id: int
    account_no: str
    balance_fen: int
    below_fen: int
    top_up_url: str


class UnusualUsage(Struct, frozen=True):
    """A service point used much more on a day than on days of its kind before."""

    account_no: str
    service_point_no: str
    day: date
    wh: int
    usual_wh: int


class TierNear(Struct, frozen=True):
    """A household will soon be in the next tier.

    `tier` is the present one, counted from 1; `extra_yuan` (yuan/kWh) is what the next one costs
    above this one, None where that depends on the hour. `cycle` names the count: a year or month.
    """

    account_no: str
    service_point_no: str
    cycle: str
    tier: int
    left_kwh: Decimal
    reached_on: date
    extra_yuan: Decimal | None


class UsageFell(Struct, frozen=True):
    """A firm used far less in the last days, up to `day`, than it usually does; Wh of a day.

    Told once for each fall (`service.insight.warnings`).
    """

    account_no: str
    day: date
    usual_wh: int
    recent_wh: int


class AutoPayNews(Struct, frozen=True):
    """Something that the payer of an agreement to debit is told.

    `kind`: announced (for `day`), done, failed (and tried again on `day`), given_up, over_limit
    (of `limit_fen` a month), ended (by the gateway). What a kind does not need is None.
    """

    kind: str
    user_id: int
    account_no: str
    gateway: str
    pay_url: str
    period: str | None = None
    amount_fen: int | None = None
    limit_fen: int | None = None
    day: date | None = None


class RequestOpened(Struct, frozen=True):
    """A customer has asked for something. `user_id` is None for whoever was not signed in."""

    request_no: str
    kind: str
    user_id: int | None
    account_no: str | None
    promised_at: datetime
    opened_at: datetime


class RequestMoved(Struct, frozen=True):
    """Something has happened to a request: `code`, `who` and `note` are those of its event.

    `state` may be what it `was`: several steps share one. `step` is the kind's own.
    """

    request_no: str
    kind: str
    user_id: int | None
    account_no: str | None
    was: str
    state: str
    step: str | None
    who: str
    at: datetime
    code: str
    note: str | None
    event_id: int


class RequestDueSoon(Struct, frozen=True):
    """The next promise of a request will soon be over; told once for each promise."""

    request_no: str
    kind: str
    team: str
    user_id: int | None
    assignee_id: int | None
    due_at: datetime


class RequestLate(Struct, frozen=True):
    """A promise of a request is over and was not kept; told once for each promise."""

    request_no: str
    kind: str
    team: str
    user_id: int | None
    assignee_id: int | None
    due_at: datetime


class RequestJoined(Struct, frozen=True):
    """A report is about an outage that is known: it waits for its end."""

    request_no: str
    kind: str
    user_id: int | None
    account_no: str | None
    outage_no: str


class RequestReplied(Struct, frozen=True):
    """The desk, or somebody in the field, has said something to the customer of a request."""

    request_no: str
    kind: str
    user_id: int | None
    account_no: str | None
    message_id: int


class RequestSaid(Struct, frozen=True):
    """The customer has said something about a request; the desk is to read it."""

    request_no: str
    kind: str
    user_id: int | None
    account_no: str | None
    message_id: int


class AppointmentChanged(Struct, frozen=True):
    """A visit was booked, moved or called off; without times there is none any more.

    `by`: customer, staff or house (the request ended or its step was done without the visit).
    """

    request_no: str
    kind: str
    user_id: int | None
    account_no: str | None
    step: str
    by: str
    was: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None


class RequestRated(Struct, frozen=True):
    """A customer has said how it was; `low` marks (one or two of five) come back to a lead."""

    request_no: str
    kind: str
    user_id: int | None
    account_no: str | None
    rating_id: int
    score: int
    low: bool


class ConversationAdopted(Struct, frozen=True):
    """What was said before signing in is the user's now.

    `conversation_id` is the user's; `was` the anonymous one, the same unless it was merged.
    """

    was: int
    conversation_id: int
    user_id: int


class HandoffAsked(Struct, frozen=True):
    """A customer asks for a person; `state` is waiting (in the queue) or callback."""

    handoff_id: int
    conversation_id: int
    user_id: int | None
    state: str


class HandoffTaken(Struct, frozen=True):
    """Somebody at the desk has taken a customer who waited."""

    handoff_id: int
    conversation_id: int
    user_id: int | None
    channel: str


class StaffReplied(Struct, frozen=True):
    """A person at the desk has said something; `channel` is where the customer was last."""

    message_id: int
    conversation_id: int
    user_id: int | None
    channel: str


class HandoffEnded(Struct, frozen=True):
    """The desk has ended a talk; `how` is closed or handed_back. What it was like may be asked."""

    handoff_id: int
    conversation_id: int
    user_id: int | None
    channel: str
    how: str


class ArrangementMade(Struct, frozen=True):
    """A customer has promised to pay (`state` active), or asks to pay in parts (asked).

    `kind` is promise or instalments; of `parts` parts the first is due on `first_day`.
    """

    arrangement_id: int
    account_no: str
    user_id: int
    kind: str
    state: str
    total_fen: int
    parts: int
    first_day: date
    last_day: date


class ArrangementDecided(Struct, frozen=True):
    """The desk has agreed to instalments, or not and says why in `note`.

    `lapsed`: nobody had decided by the day of the first part.
    """

    arrangement_id: int
    account_no: str
    user_id: int
    agreed: bool
    lapsed: bool
    note: str
    first_day: date


class ArrangementKept(Struct, frozen=True):
    """All bills of an arrangement are settled."""

    arrangement_id: int
    account_no: str
    user_id: int
    kind: str
    total_fen: int


class ArrangementBroken(Struct, frozen=True):
    """A part was not paid in time; from now on the account is like any other in arrears.

    `missed_fen` is what was to be paid by `missed_day` and was not.
    """

    arrangement_id: int
    account_no: str
    user_id: int
    kind: str
    missed_day: date
    missed_fen: int


class InstalmentDue(Struct, frozen=True):
    """A part (of a promise the only one) is due soon; told once for each part.

    `amount_fen` is what is left to pay by that day.
    """

    arrangement_id: int
    account_no: str
    user_id: int
    kind: str
    number: int
    parts: int
    day: date
    amount_fen: int


class DisconnectionPlanned(Struct, frozen=True):
    """Two people have planned to disconnect an account for arrears at `at`: the legal notice.

    It counts only once `service.disconnections.note_told` has heard by `notice_by` that it went
    out; without that the disconnection is called off.
    """

    disconnection_id: int
    account_no: str
    at: datetime
    notice_by: datetime
    overdue_fen: int


class DisconnectionNear(Struct, frozen=True):
    """An announced disconnection is `minutes_before` away; to be told once for each.

    Published each minute until `service.disconnections.note_warned` has heard that it went out;
    when that does not come in time, the disconnection is called off.
    """

    disconnection_id: int
    account_no: str
    at: datetime
    minutes_before: int
    overdue_fen: int


class DisconnectionCalledOff(Struct, frozen=True):
    """A disconnection will not be: `why` is a code of `service.disconnections.calling_off`.

    `was` is the state before. `told`: its customer knew of it. `by` is the member of staff who
    called it off; None for what happened by itself.
    """

    disconnection_id: int
    account_no: str
    at: datetime
    was: str
    told: bool
    why: str
    by: int | None
