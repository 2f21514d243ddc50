"""The operations of the assistant's interface: read, ask one function, answer."""

from portal.assistant import (
    advising,
    balance,
    billing,
    invoicing,
    paying,
    person,
    places,
    pricing,
    requesting,
    using,
)
from portal.assistant.bodies import bills as bill_bodies
from portal.assistant.bodies import money as money_bodies
from portal.assistant.bodies import person as person_bodies
from portal.assistant.bodies import service as service_bodies
from portal.assistant.bodies import usage as usage_bodies
from portal.assistant.bodies.common import OfAccount, OfTime
from portal.assistant.door import blueprint, serves
from portal.assistant.talk import Talk

__all__ = ["blueprint"]


@serves("context")
def context(talk: Talk) -> person_bodies.Context:
    return person.context(talk)


@serves("bills")
def bills(talk: Talk, asked: OfTime) -> bill_bodies.Bills:
    return billing.bills(talk, asked)


@serves("explanation")
def explanation(talk: Talk, asked: OfAccount, bill_no: str) -> bill_bodies.Explained:
    return billing.explained(talk, bill_no, asked)


@serves("balance")
def owed(talk: Talk, asked: OfAccount) -> bill_bodies.Balance:
    return balance.balance(talk, asked)


@serves("usage")
def usage(talk: Talk, asked: OfTime) -> usage_bodies.Usage:
    return using.usage(talk, asked)


@serves("tier")
def tier(talk: Talk, asked: OfAccount) -> usage_bodies.Tier:
    return using.tier(talk, asked)


@serves("tariff")
def tariff(talk: Talk, asked: OfAccount) -> usage_bodies.Tariff:
    return pricing.tariff(talk, asked)


@serves("tariff_advice")
def tariff_advice(talk: Talk, asked: OfAccount) -> usage_bodies.TariffAdvice:
    return advising.tariffs(talk, asked)


@serves("saving_advice")
def saving_advice(talk: Talk, asked: OfAccount) -> usage_bodies.SavingAdvice:
    return advising.savings(talk, asked)


@serves("quote")
def quote(talk: Talk, told: money_bodies.QuoteAsked) -> money_bodies.Quote:
    return paying.quote(talk, told)


@serves("payments")
def payments(talk: Talk) -> money_bodies.Payments:
    return paying.payments(talk)


@serves("invoice_offer")
def invoice_offer(talk: Talk, asked: money_bodies.OfferAsked) -> money_bodies.InvoiceOffer:
    return invoicing.offer(talk, asked)


@serves("invoice")
def invoice(talk: Talk, told: money_bodies.InvoiceAsked) -> money_bodies.InvoiceRequest:
    return invoicing.ask(talk, told)


@serves("outages")
def outages(talk: Talk, asked: service_bodies.OutagesAsked) -> service_bodies.Outages:
    return places.outages(talk, asked)


@serves("halls")
def halls(_talk: Talk, asked: service_bodies.HallsAsked) -> service_bodies.Halls:
    return places.halls(asked)


@serves("request_kind")
def request_kind(talk: Talk, asked: OfAccount, kind: str) -> service_bodies.RequestKind:
    return requesting.described(talk, kind, asked)


@serves("file_request")
def file_request(
    talk: Talk, told: service_bodies.NewRequest
) -> tuple[service_bodies.RequestFiled, int]:
    return requesting.file(talk, told)


@serves("requests")
def requests(talk: Talk) -> service_bodies.Requests:
    return requesting.listed(talk)


@serves("request")
def request(talk: Talk, request_no: str) -> service_bodies.RequestShown:
    return requesting.shown(talk, request_no)


@serves("cancel_request")
def cancel_request(
    talk: Talk, _told: service_bodies.CancelAsked, request_no: str
) -> service_bodies.RequestShown:
    return requesting.cancelled(talk, request_no)


@serves("reminders")
def reminders(talk: Talk) -> person_bodies.Reminders:
    return person.reminders(talk)


@serves("set_reminder")
def set_reminder(talk: Talk, told: person_bodies.ReminderWish) -> person_bodies.Reminders:
    return person.set_reminder(talk, told)


@serves("handoff")
def handoff(talk: Talk, told: person_bodies.HandoffAsked) -> person_bodies.Handoff:
    return person.handoff(talk, told)


@serves("elder")
def elder(talk: Talk, told: person_bodies.ElderWish) -> person_bodies.Elder:
    return person.elder(talk, told)
