"""The assistant's interface as OpenAPI 3.1, made from the types that check and answer.

`python -m portal.assistant.interface > docs/openapi-assistant.json` writes it anew; a test
compares. Examples are kept beside it and shown with the operation and status that they belong to.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from portal.assistant.bodies import bills, common, money, notices, person, service, usage
from service.requests.kinds import kinds

BASE = "/assistant/v1/conversations/{ref}"
EXAMPLES = Path(__file__).with_name("examples.json")
REFUSED = {
    400: "Malformed, or refused with a reason",
    401: "No token, or a wrong one",
    403: "sign_in: personal, and nobody is signed in; or the role on this account does not allow",
    404: "No such conversation, or nothing of that name that is the person's",
    409: "account.which, with the accounts to choose from; or refused as things stand",
    422: "request.field: a field of the request, and what is wrong with it",
    429: "Too often",
    503: "unavailable: something behind does not answer; nothing was done",
}
_PUBLIC = (400, 401, 404, 429, 503)
_PERSONAL = (400, 401, 403, 404, 409, 429, 503)


@dataclass(frozen=True)
class Operation:
    """One operation: `asked` are the parameters in the address, `told` the body."""

    name: str
    method: str
    path: str
    summary: str
    answer: type[BaseModel]
    asked: type[common.Asked] = common.Asked
    told: type[common.Told] | None = None
    public: bool = False
    statuses: Sequence[int] = (200,)
    refused: Sequence[int] = ()

    @property
    def refusals(self) -> list[int]:
        """The statuses of refusals."""
        return sorted({*(_PUBLIC if self.public else _PERSONAL), *self.refused})


OPERATIONS = (
    Operation(
        "context",
        "get",
        "/context",
        "Who is talking, their accounts, the desk's hours.",
        person.Context,
        public=True,
    ),
    Operation(
        "bills",
        "get",
        "/bills",
        "Bills of the months that the days touch, of one account or all; without days the newest "
        "of each account. Months without a bill are named with the reason.",
        bills.Bills,
        common.OfTime,
    ),
    Operation(
        "explanation",
        "get",
        "/bills/{bill_no}/explanation",
        "Why a bill is what it is, in the words of its page. `latest` is the newest bill of "
        "account_no, or of the only or own account.",
        bills.Explained,
        common.OfAccount,
    ),
    Operation(
        "balance",
        "get",
        "/balance",
        "What is owed and what credit is left, account by account and in all.",
        bills.Balance,
        common.OfAccount,
    ),
    Operation(
        "usage",
        "get",
        "/usage",
        "What was used on some days; without days in the running month so far.",
        usage.Usage,
        common.OfTime,
    ),
    Operation(
        "tier",
        "get",
        "/tier",
        "The tier that the household is in and what is left of it.",
        usage.Tier,
        common.OfAccount,
    ),
    Operation(
        "tariff",
        "get",
        "/tariff",
        "The prices of an account's tariff; nobody signed in: of the utility's general one.",
        usage.Tariff,
        common.OfAccount,
        public=True,
        refused=(403, 409),
    ),
    Operation(
        "tariff_advice",
        "get",
        "/advice/tariff",
        "What the last twelve months of quarter-hours would have cost under each tariff that the "
        "account may choose.",
        usage.TariffAdvice,
        common.OfAccount,
    ),
    Operation(
        "saving_advice",
        "get",
        "/advice/saving",
        "Tips from the account's own use; nobody signed in: general ones.",
        usage.SavingAdvice,
        common.OfAccount,
        public=True,
        refused=(403, 409),
    ),
    Operation(
        "quote",
        "post",
        "/payments/quote",
        "What would be paid, to be confirmed. No money moves.",
        money.Quote,
        told=money.QuoteAsked,
    ),
    Operation(
        "payments",
        "get",
        "/payments",
        "The person's last payments and where their money is.",
        money.Payments,
    ),
    Operation(
        "invoice_offer",
        "get",
        "/invoices/offer",
        "Paid bills that no invoice has yet, and the titles to choose from.",
        money.InvoiceOffer,
        money.OfferAsked,
    ),
    Operation(
        "invoice",
        "post",
        "/invoices",
        "Ask for an electronic invoice.",
        money.InvoiceRequest,
        told=money.InvoiceAsked,
    ),
    Operation(
        "outages",
        "get",
        "/outages",
        "Outages at an address, of an account, of all accounts of the person, or all there are.",
        service.Outages,
        service.OutagesAsked,
        public=True,
        refused=(403,),
    ),
    Operation(
        "halls",
        "get",
        "/halls",
        "Business halls, the nearest in words first.",
        service.Halls,
        service.HallsAsked,
        public=True,
    ),
    Operation(
        "request_kind",
        "get",
        "/requests/kinds/{kind}",
        "The fields of a kind of request, with what is known already.",
        service.RequestKind,
        common.OfAccount,
        public=True,
        refused=(403,),
    ),
    Operation(
        "file_request",
        "post",
        "/requests",
        "File a request, after the person has said yes. The same key gives the same request (200).",
        service.RequestFiled,
        told=service.NewRequest,
        public=True,
        statuses=(201, 200),
        refused=(403, 409, 422),
    ),
    Operation(
        "requests",
        "get",
        "/requests",
        "The person's last requests; of whoever is not signed in, those of this conversation.",
        service.Requests,
        public=True,
    ),
    Operation(
        "request",
        "get",
        "/requests/{request_no}",
        "One request with its steps.",
        service.RequestShown,
        public=True,
    ),
    Operation(
        "cancel_request",
        "post",
        "/requests/{request_no}/cancel",
        "Take a request back, as long as that is possible.",
        service.RequestShown,
        told=service.CancelAsked,
        public=True,
        refused=(409,),
    ),
    Operation("reminders", "get", "/reminders", "Low balances that are told of.", person.Reminders),
    Operation(
        "set_reminder",
        "post",
        "/reminders",
        "The reminder of a low balance on or off.",
        person.Reminders,
        told=person.ReminderWish,
    ),
    Operation(
        "notice_offer",
        "post",
        "/notices/offer",
        "What would change in what the person is told, to be confirmed. Nothing is changed.",
        notices.NoticesAnswer,
        told=notices.NoticeWish,
    ),
    Operation(
        "set_notices",
        "post",
        "/notices",
        "Change it, after the person has said yes. News are never begun here.",
        notices.NoticesAnswer,
        told=notices.NoticeWish,
    ),
    Operation(
        "handoff",
        "post",
        "/handoff",
        "Ask for a person; outside the desk's hours to be called back.",
        person.Handoff,
        told=person.HandoffAsked,
        public=True,
    ),
    Operation(
        "elder", "post", "/elder", "Large print on or off.", person.Elder, told=person.ElderWish
    ),
)
"""Every operation; `portal.assistant.views` has a view for each."""

NAMED = {each.name: each for each in OPERATIONS}


def interface() -> dict[str, Any]:
    """The whole interface."""
    forms, components = _schemas()
    examples = json.loads(EXAMPLES.read_text("utf-8"))
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        described = _described(each, forms, examples.get(each.name, {}))
        paths.setdefault(BASE + each.path, {})[each.method] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Denghuo assistant", "version": "1", "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


_ABOUT = (
    "What the assistant may ask and do for the person of one conversation. `ref` names the "
    "conversation; with it come the person's rights, and no parameter reaches beyond them. Words "
    "are in the language of Accept-Language (zh, en), else of the conversation, and are said as "
    "they are: money with its sign, energy with its unit (every `kwh` is words), days by name. "
    "What is not in a schema is refused. An account_no may have any spelling; what is not the "
    "person's own is 404 account.not_yours. Operations on a single account take the only one, "
    "else the one that the person owns alone, else refuse with 409 account.which."
)


def _schemas() -> tuple[dict[type[BaseModel], Any], dict[str, Any]]:
    """A reference to the schema of every body, and the schemas."""
    modes: dict[type[BaseModel], Literal["validation", "serialization"]] = {
        common.Refusal: "serialization"
    }
    for each in OPERATIONS:
        modes[each.answer] = "serialization"
        if each.told:
            modes[each.told] = "validation"
    references, definitions = models_json_schema(
        list(modes.items()), ref_template="#/components/schemas/{model}"
    )
    forms = {model: references[model, mode] for model, mode in modes.items()}
    return forms, definitions["$defs"]


def _described(
    each: Operation, forms: dict[type[BaseModel], Any], examples: dict[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.summary,
        "parameters": _parameters(each),
        "responses": {
            **{
                str(status): _response("Done", forms[each.answer], examples.get("answers", {}))
                for status in each.statuses
            },
            **{
                str(status): _response(
                    REFUSED[status], forms[common.Refusal], examples.get(str(status), {})
                )
                for status in each.refusals
            },
        },
    }
    if each.told:
        body: dict[str, Any] = {"schema": forms[each.told]}
        if told := examples.get("told"):
            body["examples"] = _named(told)
        found["requestBody"] = {"required": True, "content": {"application/json": body}}
    return found


def _parameters(each: Operation) -> list[dict[str, Any]]:
    """Of the path, then of the address."""
    names = [part[1:-1] for part in (BASE + each.path).split("/") if part.startswith("{")]
    found = [
        {"name": name, "in": "path", "required": True, "schema": _PATH_PARTS[name]}
        for name in names
    ]
    for name, form in each.asked.model_json_schema()["properties"].items():
        kinds = [kind for kind in form.get("anyOf", [form]) if kind.get("type") != "null"]
        found.append({"name": name, "in": "query", "required": False, "schema": kinds[0]})
    found.append(_LANGUAGE)
    return found


_LANGUAGE = {
    "name": "Accept-Language",
    "in": "header",
    "required": False,
    "description": "zh or en; without it the language of the conversation",
    "schema": {"type": "string", "examples": ["zh", "en"]},
}
_PATH_PARTS: dict[str, Any] = {
    "ref": {"type": "string", "pattern": "^[A-Za-z0-9_-]{24}$"},
    "bill_no": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,24}$"},
    "kind": {
        "type": "string",
        "pattern": service.KIND,
        "examples": [each.name for each in kinds()],
    },
    "request_no": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,24}$"},
}


def _response(words: str, form: Any, examples: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": form}
    if examples:
        content["examples"] = _named(examples)
    return {"description": words, "content": {"application/json": content}}


def _named(examples: dict[str, Any]) -> dict[str, Any]:
    return {name: {"value": value} for name, value in examples.items()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(interface(), ensure_ascii=False, indent=2) + "\n")
