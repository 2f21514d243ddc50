"""The operations of the assistant's interface, and the function that answers each."""

from portal.assistant import (
    advising,
    balance,
    billing,
    invoicing,
    notices,
    paying,
    person,
    places,
    pricing,
    requesting,
    using,
)
from portal.assistant.door import View, blueprint, serve

__all__ = ["blueprint"]

VIEWS: dict[str, View] = {
    "context": person.context,
    "bills": billing.bills,
    "explanation": billing.explained,
    "balance": balance.balance,
    "usage": using.usage,
    "tier": using.tier,
    "tariff": pricing.tariff,
    "tariff_advice": advising.tariffs,
    "saving_advice": advising.savings,
    "quote": paying.quote,
    "payments": paying.payments,
    "invoice_offer": invoicing.offer,
    "invoice": invoicing.ask,
    "outages": places.outages,
    "halls": places.halls,
    "request_kind": requesting.described,
    "file_request": requesting.file,
    "requests": requesting.listed,
    "request": requesting.shown,
    "cancel_request": requesting.cancelled,
    "reminders": person.reminders,
    "set_reminder": person.set_reminder,
    "notice_offer": notices.offer,
    "set_notices": notices.change,
    "handoff": person.handoff,
    "elder": person.elder,
}

for name, view in VIEWS.items():
    serve(name, view)
