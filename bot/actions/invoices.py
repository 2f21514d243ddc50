"""An electronic invoice: for which bills, on which title, to which mail; then a yes."""

import re
import secrets

from rasa_sdk.events import EventType

from actions.accounts import accounts_of, buttons, named, picked
from actions.answers import is_no, mail_of
from actions.api import WhichAccount
from actions.forms import Ask, Check, Draft, Errand, Open, Submit, Taken, Unusable
from actions.messages import Said, choice
from actions.say import Turn
from actions.when import talked_of

TITLE = re.compile(r"抬头|换一?个|\btitle\b", re.IGNORECASE)
KINDS = {
    "enterprise": re.compile(r"公司|单位|企业|company|business", re.IGNORECASE),
    "personal": re.compile(r"个人|我自己|本人|personal|myself", re.IGNORECASE),
}


class Invoicing(Errand):
    """`bill_nos` and `titles` come from the portal's offer for the account and time."""

    form = "invoice_form"

    def wishes(self, draft: Draft) -> frozenset[str]:
        return frozenset({"request_invoice"})

    async def begin(self, turn: Turn, said: Said) -> Draft | None:
        accounts = await accounts_of(turn)
        mine = named(said, accounts)
        draft = {
            "accounts": accounts,
            "account_no": mine[0] if mine else None,
            "key": secrets.token_hex(12),
        }
        draft |= {"days": talked_of(turn, said), "email": mail_of(said.typed), "title_id": None}
        return await _offered(turn, draft)

    def changes(self, said: Said, draft: Draft) -> Draft:
        """A mail, or another of one's titles, whatever was asked."""
        if not said.may_answer({"request_invoice"}):
            return {}
        found = {"email": mail_of(said.typed), "title_id": _title_in(said, draft)}
        return {name: value for name, value in found.items() if value and value != draft.get(name)}

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        if draft.get("which"):
            turn.say("utter_invoice_account", buttons(draft["accounts"]))
            return draft | {"step": "account"}
        if draft["step"] == "title" or draft["title_id"] is None:
            offered = [choice(each["name"], str(each["id"])) for each in draft["titles"]]
            turn.say("utter_invoice_title", offered, sentence=draft["sentence"])
            return draft | {"step": "title"}
        title = next(each["name"] for each in draft["titles"] if each["id"] == draft["title_id"])
        response = "utter_invoice_confirm_mail" if draft["email"] else "utter_invoice_confirm"
        turn.say(response, sentence=draft["sentence"], title=title, email=draft["email"])
        return draft | {"step": "confirm"}

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        step = draft["step"]
        if step == "account" and (numbers := picked(said, draft["accounts"])):
            offered = await _offered(turn, draft | {"account_no": numbers[0], "which": False})
            return Taken((offered or draft) | {"step": None})
        if changed := self.changes(said, draft):
            return Taken(draft | changed | {"step": None})
        if step == "confirm" and said.is_yes:
            return Taken(draft, agreed=True)
        if step == "confirm" and (is_no(said.intent, said.typed) or TITLE.search(said.typed)):
            return Taken(draft | {"step": "title"})
        if said.is_other({"request_invoice"}):
            return None
        raise Unusable(
            "utter_form_which_account" if step == "account" else f"utter_invoice_bad_{step}"
        )

    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        body = {name: draft[name] for name in ("bill_nos", "title_id", "email", "key")}
        invoice = await turn.post("invoices", body)
        turn.sentence(invoice["sentence"])
        turn.card("invoice", request_no=invoice["request_no"])
        return []


def _title_in(said: Said, draft: Draft) -> int | None:
    """The title that was tapped or named."""
    titles = draft.get("titles") or []
    if said.chosen:
        return next((each["id"] for each in titles if str(each["id"]) == said.chosen), None)
    kinds = {kind for kind, words in KINDS.items() if words.search(said.typed)}
    by_name = [each["id"] for each in titles if each["name"].lower() in said.typed.lower()]
    by_kind = [each["id"] for each in titles if each["kind"] in kinds]
    return next((found[0] for found in (by_name, by_kind) if len(found) == 1), None)


async def _offered(turn: Turn, draft: Draft) -> Draft | None:
    """The draft with what can be invoiced; None when nothing can, which is said with the way on."""
    days = draft["days"] or {}
    try:
        offer = await turn.get("invoices/offer", account_no=draft["account_no"], **days)
    except WhichAccount as which:
        return draft | {"accounts": which.accounts, "which": True}
    if not offer["bills"] or not offer["titles"]:
        turn.sentence(offer["sentence"])
        turn.card("link", to="invoices")
        return None
    found = {
        "sentence": offer["sentence"],
        "titles": offer["titles"],
        "title_id": offer["default_title"],
    }
    return draft | found | {"bill_nos": [each["bill_no"] for each in offer["bills"]]}


INVOICING = Invoicing()


class OpenInvoice(Open):
    errand = INVOICING


class CheckInvoice(Check):
    errand = INVOICING


class AskInvoice(Ask):
    errand = INVOICING


class SubmitInvoice(Submit):
    errand = INVOICING
