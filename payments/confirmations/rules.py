"""Who is asked to confirm a payment, how they do it, and the guard that wants to see it.

A confirmation is bound to one person, one form, and the exact bills, accounts and sum ("dynamic
linking"), works for five minutes and for one order. The guard stands where an order of a
customer is started, in the same transaction, and not on any page.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payments.confirmations.intent import Intent
from payments.confirmations.models import Confirmation, ConfirmationLimit
from payments.models import Order
from runtime import clock
from runtime.errors import Forbidden, Refused, TooManyTries
from runtime.money import yuan
from service.people import codes, limits, passkeys, proof, users
from service.people.passkey_parties import Site

LIFE = timedelta(minutes=5)
"""From the confirmation to the order; usually both are one request."""


@dataclass(frozen=True)
class Guard:
    """Stands before an order of a customer: above `over_fen` it wants a confirmation."""

    over_fen: int
    confirmation_id: int | None = None

    def require(self, session: Session, order: Order) -> None:
        """Let the order through, and the confirmation belongs to it from now on.

        Raises Forbidden("order.unconfirmed") for a large order without a confirmation of its
        own, fresh and unspent.
        """
        if not self.asks(session, order.user_id, order.amount_fen):
            return
        intent = Intent.of_items(order.user_id, order.idempotency_key, order.items)
        spent = session.execute(
            update(Confirmation)
            .where(
                Confirmation.id == self.confirmation_id,
                Confirmation.user_id == order.user_id,
                Confirmation.subject == intent.digest,
                Confirmation.order_id.is_(None),
                Confirmation.expires_at > clock.now(),
            )
            .values(order_id=order.id)
            .returning(Confirmation.id)
        )
        if spent.one_or_none() is None:
            raise Forbidden("order.unconfirmed")

    def require_some(self, session: Session, user_id: int, amount_fen: int) -> None:
        """Whether an order of this sum could come through at all. Raises as `require`."""
        if self.confirmation_id is None and self.asks(session, user_id, amount_fen):
            raise Forbidden("order.unconfirmed")

    def asks(self, session: Session, user_id: int, amount_fen: int) -> bool:
        """Whether this sum is large: for the house, or for the customer."""
        return amount_fen > asked_over(session, user_id, self.over_fen)


def asked_over(session: Session, user_id: int, over_fen: int) -> int:
    """Fen above which the customer is asked: the house's own sum, or theirs when it is lower."""
    theirs = own_limit(session, user_id)
    return over_fen if theirs is None else min(over_fen, theirs)


def own_limit(session: Session, user_id: int) -> int | None:
    """The customer's own sum in fen, if they have set one."""
    return session.scalar(
        select(ConfirmationLimit.over_fen).where(ConfirmationLimit.user_id == user_id)
    )


def set_limit(
    session: Session, user_id: int, session_id: int, over_fen: int | None, *, house_fen: int
) -> None:
    """Be asked above `over_fen`; None for the house's own sum, `house_fen`.

    Being asked more often needs nothing. Being asked less often needs a fresh proof: raises
    Forbidden("proof.needed"). Raises Refused("limit.too_high", most_fen=).
    """
    if over_fen is not None and over_fen > house_fen:
        raise Refused("limit.too_high", most_fen=house_fen)
    now = asked_over(session, user_id, house_fen)
    if (house_fen if over_fen is None else over_fen) > now:
        proof.require_fresh(session, session_id)
    session.execute(delete(ConfirmationLimit).where(ConfirmationLimit.user_id == user_id))
    if over_fen is not None:
        session.execute(insert(ConfirmationLimit).values(user_id=user_id, over_fen=over_fen))


def send_code(session: Session, intent: Intent, *, payee: str, address: str, language: str) -> None:
    """Send the code; its message names the sum and `payee`.

    Raises as `codes.send_code`, but TooManyTries("confirmation.no_codes") for a phone that has
    had too many: there is another way to confirm than to sign in.
    """
    try:
        codes.send_code(
            session,
            codes.PAYMENT,
            users.get_user(session, intent.user_id).phone,
            subject=intent.subject,
            address=address,
            language=language,
            details={"amount": yuan(intent.amount_fen), "payee": payee},
        )
    except TooManyTries as refusal:
        if refusal.code != limits.CODE_HERE.code:
            raise
        raise TooManyTries("confirmation.no_codes", retry_at=refusal.retry_at) from refusal


def seconds_to_wait(session: Session, intent: Intent) -> int:
    """Whole seconds until another code may be asked for; 0 when that is now."""
    return codes.seconds_to_wait(session, codes.PAYMENT, intent.subject)


def confirm_by_code(session: Session, intent: Intent, code: str, *, address: str) -> int:
    """The confirmation's id. Raises the refusals of `codes.use_code`, and TooManyTries."""
    with _limited(session, intent.user_id):
        proof.require_code(session, codes.PAYMENT, intent.subject, code, address)
    return _add(session, intent, "sms")


def passkey_options(session: Session, site: Site, intent: Intent) -> str:
    """What the browser's passkeys are asked, as JSON. Raises Refused("passkey.none")."""
    limits.require(session, limits.CONFIRM_USER, str(intent.user_id))
    return passkeys.confirmation_options(session, site, intent.user_id, intent.subject)


def confirm_by_passkey(session: Session, site: Site, intent: Intent, credential: str) -> int:
    """The confirmation's id. Raises the refusals of `passkeys.confirm`, and TooManyTries."""
    with _limited(session, intent.user_id):
        passkey = passkeys.confirm(session, site, intent.user_id, intent.subject, credential)
    return _add(session, intent, "passkey", passkey.id)


def forget_unspent(session: Session) -> None:
    """Delete confirmations that led to no order."""
    long_ago = clock.now() - timedelta(days=1)
    session.execute(
        delete(Confirmation).where(
            Confirmation.order_id.is_(None), Confirmation.expires_at < long_ago
        )
    )


@contextmanager
def _limited(session: Session, user_id: int) -> Iterator[None]:
    """A try that fails is counted; after ten in an hour there are no more."""
    with limits.counting(session, limits.CONFIRM_USER, str(user_id)):
        yield
    limits.forget(session, limits.CONFIRM_USER, str(user_id))


def _add(session: Session, intent: Intent, means: str, passkey_id: int | None = None) -> int:
    now = clock.now()
    added = Confirmation(
        user_id=intent.user_id,
        means=means,
        passkey_id=passkey_id,
        subject=intent.digest,
        amount_fen=intent.amount_fen,
        account_nos=intent.account_nos,
        confirmed_at=now,
        expires_at=now + LIFE,
    )
    session.add(added)
    session.flush()
    return added.id
