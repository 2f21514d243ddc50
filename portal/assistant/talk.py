"""The conversation of a call: whose it is, in what language, and which accounts are theirs."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from portal.assistant.bodies.common import Acc
from runtime.errors import Conflict, Forbidden, NotFound
from service import conversations
from service.conversations import Conversation
from service.people.links import LinkedAccount, linked_accounts

MOST_NAMED = 12
"""Accounts that are offered to choose from."""

OWNERS = ("owner", "enterprise_admin")
KINDS = {"commercial": "business", "industrial": "industry"}
_NUMBER = re.compile(r"\d{10,13}", re.ASCII)
_BETWEEN = re.compile(r"[\s\-_.·,]+")


@dataclass(frozen=True)
class Talk:
    """A live conversation. Whatever it may see hangs on its user; without one, nothing personal."""

    session: Session
    conversation: Conversation

    @property
    def signed_in(self) -> bool:
        return self.conversation.user_id is not None

    @property
    def user_id(self) -> int:
        """Raises Forbidden("sign_in") when nobody is signed in."""
        if self.conversation.user_id is None:
            raise Forbidden("sign_in")
        return self.conversation.user_id

    @cached_property
    def accounts(self) -> list[LinkedAccount]:
        """All accounts of the person, the first bound first. Raises Forbidden."""
        return linked_accounts(self.session, self.user_id)

    def named(self, written: str) -> LinkedAccount:
        """The person's account of this number, in whatever spelling.

        Raises Forbidden("sign_in"), NotFound("account.not_yours").
        """
        number = _BETWEEN.sub("", unicodedata.normalize("NFKC", written))
        mine = [each for each in self.accounts if each.account_no == number]
        if not mine or not _NUMBER.fullmatch(number):
            raise NotFound("account.not_yours")
        return mine[0]

    def chosen(self, written: str | None) -> list[LinkedAccount]:
        """That account, or all of them. Raises as `named`."""
        return self.accounts if written is None else [self.named(written)]

    def one(
        self, written: str | None, among: Collection[LinkedAccount] | None = None
    ) -> LinkedAccount:
        """That account; else the only one, or the only one that is the person's own.

        `among` narrows what is chosen from. Raises as `named`, NotFound("account.none"),
        Conflict("account.which", accounts=, count=).
        """
        if written is not None:
            return self.named(written)
        offered = list(self.accounts if among is None else among)
        if not offered:
            raise NotFound("account.none")
        found = meant(offered)
        if found is None:
            raise Conflict("account.which", accounts=offered[:MOST_NAMED], count=len(offered))
        return found


def meant(offered: Sequence[LinkedAccount]) -> LinkedAccount | None:
    """Which is meant where none is named: the only one, or the only one of the person's own."""
    own = [each for each in offered if each.role in OWNERS]
    return next((found[0] for found in (offered, own) if len(found) == 1), None)


def meet(session: Session, ref: str) -> Talk:
    """The live conversation of this name. Raises NotFound("conversation.not_found")."""
    return Talk(session, conversations.by_ref(session, ref))


def told(account: LinkedAccount) -> Acc:
    """An account as the assistant hears of it; nobody's name is in it."""
    return Acc(
        account_no=account.account_no,
        label=account.title,
        tail=account.account_no[-4:],
        address=account.address,
        kind=KINDS.get(account.kind, account.kind),
        prepaid=account.settlement == "prepaid",
        helper=account.role == "family_helper",
    )
