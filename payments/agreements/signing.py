"""The life of an agreement: signing begun, signed as the gateway proves it, ended at once.

Every change of an agreement is made under its row's lock, and so is the beginning of a debit:
after `end` has been committed none begins.
"""

import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.agreements import planning, soon
from payments.agreements.base import Agreed, Contract, Signing
from payments.agreements.models import LIVE, Agreement
from payments.agreements.offered import AgreementGateways
from payments.gateways.base import GatewayError
from payments.orders import require_amount
from payments.settings import PaymentSettings
from payments.states import lock_accounts
from runtime import clock
from runtime.database import Database
from runtime.errors import Conflict, NotFound, Refused, Unavailable
from runtime.logs import get_logger
from service.access import Right, rights_on, visible_account
from service.models import User

SIGNING_TAKES = timedelta(minutes=30)
"""An agreement that has not been signed for so long is given up."""

_FIRST_LOOK = timedelta(seconds=15)
_SLOWEST_LOOK = timedelta(minutes=2)
_LETTERS = string.ascii_letters + string.digits
_log = get_logger(__name__)


class NotEnded(Exception):  # noqa: N818 - the job runs again, nothing is wrong with it
    """The gateway has not heard yet that an agreement has ended."""


@dataclass(frozen=True)
class Wish:
    """What a customer wants to sign: for which account, with what, up to how much a month."""

    account_no: str
    gateway: str
    limit_fen: int


@dataclass(frozen=True)
class Visit:
    """Where the customer is, and how the gateway is to call the account."""

    title: str
    on_a_phone: bool
    client_ip: str = "127.0.0.1"


class Desk:
    """Where agreements are signed and asked about. No connection is held while gateways speak."""

    def __init__(
        self, database: Database, offered: AgreementGateways, settings: PaymentSettings
    ) -> None:
        self._database = database
        self._offered = offered
        self._settings = settings

    def sign(self, user_id: int, wish: Wish, visit: Visit) -> str:
        """Begin to sign; the agreement's code, its address to sign at kept with it.

        The same wish again is the same agreement; another wish takes its place. Raises what
        `_start` raises, and Unavailable("gateway.unavailable").
        """
        if wish.gateway not in self._offered:
            raise Refused("gateway.not_offered")
        with self._database.unit_of_work() as session:
            agreement = _start(session, user_id, wish)
        if agreement.state == "signing":
            self._open(agreement, visit)
        return agreement.code

    def ask(self, agreement_id: int) -> None:
        """Learn from the gateway whether an agreement has been signed, or ended there."""
        with self._database.unit_of_work() as session:
            agreement = session.get_one(Agreement, agreement_id)
        gateway = self._offered.get(agreement.gateway)
        if agreement.state not in LIVE or gateway is None:
            return
        try:
            agreed = gateway.query(agreement.code)
        except GatewayError as error:
            _log.warning("agreement_not_asked", agreement=agreement_id, reason=error.reason)
            return
        with self._database.unit_of_work() as session:
            apply(session, agreed, self._settings, gateway=gateway.name)

    def tell_ended(self, agreement_id: int) -> None:
        """Tell the gateway until it has heard. Raises NotEnded."""
        with self._database.unit_of_work() as session:
            agreement = session.get_one(Agreement, agreement_id)
        if agreement.state != "ending":
            return
        gateway = self._offered.get(agreement.gateway)
        try:
            if gateway is None:
                raise NotEnded(agreement_id)
            gateway.end(agreement.code)
        except GatewayError as error:
            _log.warning("agreement_not_ended", agreement=agreement_id, reason=error.reason)
            raise NotEnded(agreement_id) from error
        with self._database.unit_of_work() as session:
            ended = lock(session, agreement.code)
            if ended is not None and ended.state == "ending":
                ended.state = "ended"

    def _open(self, agreement: Agreement, visit: Visit) -> None:
        signing = Signing(
            code=agreement.code,
            title=visit.title,
            notify_url=f"{self._settings.public_url}/callbacks/{agreement.gateway}/agreements",
            return_url=f"{self._settings.public_url}/agreements/{agreement.code}/back",
            on_a_phone=visit.on_a_phone,
            client_ip=visit.client_ip,
        )
        try:
            address = self._offered[agreement.gateway].sign(signing)
        except GatewayError as error:
            raise Unavailable("gateway.unavailable") from error
        with self._database.unit_of_work() as session:
            opened = lock(session, agreement.code)
            if opened is not None and opened.state == "signing":
                opened.sign_url = address


def lock(session: Session, code: str) -> Agreement | None:
    """The agreement, locked against every other change until the end of the transaction."""
    return session.scalars(
        select(Agreement)
        .where(Agreement.code == code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def apply(session: Session, agreed: Agreed, settings: PaymentSettings, *, gateway: str) -> bool:
    """Apply what a gateway says; False for an agreement that is none of its. Idempotent."""
    agreement = lock(session, agreed.code)
    if agreement is None or agreement.gateway != gateway:
        return False
    if agreed.state is Contract.SIGNED:
        _signed(session, agreement, agreed, settings)
    elif agreed.state is Contract.ENDED or agreement.state != "signing":
        _ended_there(session, agreement, settings)
    else:
        _unsigned(agreement)
    return True


def end(session: Session, user_id: int, code: str) -> None:
    """The customer ends it: from this transaction on no debit begins. Raises NotFound."""
    agreement = lock(session, code)
    if agreement is None or agreement.user_id != user_id:
        raise NotFound("agreement.not_found")
    if agreement.state in LIVE:
        end_here(session, agreement, "customer")


def end_here(session: Session, agreement: Agreement, by: str) -> None:
    """End a locked agreement; the gateway is told by a job until it has heard."""
    agreement.state, agreement.sign_url = "ending", None
    agreement.ended_by, agreement.ended_at = by, clock.now()
    agreement.next_query_at = clock.now()
    planning.drop_planned(session, agreement, "ended")
    soon.end(session, agreement.id)
    _log.info("agreement_ended", agreement=agreement.id, by=by)


def _start(session: Session, user_id: int, wish: Wish) -> Agreement:
    """An agreement to sign, or the one that says the same already.

    Raises NotFound and Forbidden for the account, Refused: `agreement.prepaid`,
    `agreement.closed`, `amount.too_small`, `amount.too_large`; Conflict: `agreement.exists`
    (somebody else's; `name`), `agreement.being_signed` (`name`, `until`).
    """
    _check(session, user_id, wish)
    lock_accounts(session, {wish.account_no})
    live = session.scalars(
        select(Agreement)
        .where(Agreement.account_no == wish.account_no, Agreement.state.in_(LIVE))
        .with_for_update()
    ).one_or_none()
    if live is not None:
        if live.user_id == user_id and _same(live, wish):
            return live
        _make_way(session, live, user_id)
        session.flush()  # the account is free for another before it is added
    agreement = _new(user_id, wish, clock.now())
    session.add(agreement)
    session.flush()
    return agreement


def _check(session: Session, user_id: int, wish: Wish) -> None:
    account = visible_account(session, user_id, wish.account_no, needs=Right.PAY)
    if account.settlement == "prepaid":
        raise Refused("agreement.prepaid")
    if account.closed is not None:
        raise Refused("agreement.closed")
    require_amount(wish.limit_fen)


def _same(live: Agreement, wish: Wish) -> bool:
    return live.gateway == wish.gateway and live.limit_fen == wish.limit_fen


def _make_way(session: Session, live: Agreement, user_id: int) -> None:
    """End an agreement that another takes the place of, if it may."""
    if live.user_id == user_id:
        end_here(session, live, "replaced")
    elif Right.PAY not in rights_on(session, live.user_id, live.account_no):
        end_here(session, live, "access")
    else:
        raise _taken(session, live)


def _taken(session: Session, live: Agreement) -> Conflict:
    person = session.get(User, live.user_id)
    name = person.name if person else None
    if live.state == "active":
        return Conflict("agreement.exists", name=name)
    return Conflict("agreement.being_signed", name=name, until=live.created_at + SIGNING_TAKES)


def _new(user_id: int, wish: Wish, now: datetime) -> Agreement:
    return Agreement(
        code="".join(secrets.choice(_LETTERS) for _ in range(32)),
        user_id=user_id,
        account_no=wish.account_no,
        gateway=wish.gateway,
        limit_fen=wish.limit_fen,
        state="signing",
        created_at=now,
        next_query_at=now + _FIRST_LOOK,
    )


def _signed(
    session: Session, agreement: Agreement, agreed: Agreed, settings: PaymentSettings
) -> None:
    """Signed: it holds from now on. Signed after it had ended here: the gateway is told again."""
    if agreement.state == "signing":
        agreement.state, agreement.sign_url = "active", None
        agreement.contract_no, agreement.wallet = agreed.contract_no, agreed.wallet
        agreement.signed_at = agreed.signed_at or clock.now()
        session.flush()
        planning.plan_outstanding(session, agreement, settings)
        _log.info("agreement_signed", agreement=agreement.id, gateway=agreement.gateway)
    elif agreement.state == "ended" and agreement.ended_by != "gateway":
        agreement.state = "ending"
        soon.end(session, agreement.id)


def _ended_there(session: Session, agreement: Agreement, settings: PaymentSettings) -> None:
    """The customer ended it in the wallet, or the gateway has heard that it ended here."""
    if agreement.state == "ending":
        agreement.state = "ended"
    if agreement.state not in LIVE:
        return
    was_active = agreement.state == "active"
    agreement.state, agreement.sign_url = "ended", None
    agreement.ended_by, agreement.ended_at = "gateway", clock.now()
    planning.drop_planned(session, agreement, "ended")
    if was_active:
        planning.tell(session, "ended", agreement, settings)


def _unsigned(agreement: Agreement) -> None:
    """Not signed yet: look again, seldomer as time goes by; after half an hour it is given up."""
    now = clock.now()
    age = now - agreement.created_at
    if age > SIGNING_TAKES:
        agreement.state, agreement.sign_url = "ended", None
        agreement.ended_by, agreement.ended_at = "expired", now
        return
    agreement.next_query_at = now + min(max(_FIRST_LOOK, age / 2), _SLOWEST_LOOK)
