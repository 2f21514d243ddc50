"""The room itself, and what its pages share: why somebody looks, and how a page is answered."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user

from portal.security import asker_id
from portal.staff.frame import AGENTS, COUNTER, desk
from service.customers import opening
from service.customers.opening import Why
from service.models import Account

blueprint: Blueprint = desk("customers", __name__, _l("查客户"), COUNTER, icon="person")


@dataclass(frozen=True)
class Looked:
    """A customer whom somebody looks at, and why."""

    account: Account
    why: Why

    def to(self, endpoint: str, **values: Any) -> str:
        """The address of another page about this customer, for the same reason."""
        return url_for(
            endpoint, account_no=self.account.account_no, about=self.why.about or None, **values
        )


def request_page(request_no: str) -> str | None:
    """The address of a request at the desk, for those whose work requests are."""
    if current_user.staff_role not in AGENTS:
        return None
    return url_for("desk_requests.show", request_no=request_no)


def looked_at(account_no: str) -> Looked | None:
    """Whom the asker looks at, and why; None when they have not said it.

    Raises NotFound("customer.not_found").
    """
    account = opening.account(g.session, account_no)
    about = request.args.get("about", "")
    because = opening.why(g.session, asker_id(), account_no, about)
    return Looked(account, because) if because else None
