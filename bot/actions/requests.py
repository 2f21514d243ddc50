"""Requests of every kind by one form: what a kind needs to know, the portal says."""

from datetime import date
from typing import Any

from rasa_sdk.events import EventType

from actions import fields, remarks
from actions.accounts import buttons, named, picked
from actions.answers import is_no
from actions.api import Refused, Unavailable
from actions.drafting import (
    FAULT,
    FORM,
    asked,
    begun,
    corrects,
    filled,
    lacks_account,
    line_of,
    lines,
    missing,
    new_draft,
    of_account,
    own_account,
    photos,
    placed_elsewhere,
    renamed,
    skipped,
)
from actions.forms import Ask, Check, Draft, Errand, Open, Submit, Taken, Unusable, reopen
from actions.kinds import intents_of, kind_of
from actions.messages import Said, choice
from actions.outages import known_outage
from actions.say import Turn

ELSEWHERE = "elsewhere"
"""The button for a place that is none of the customer's accounts."""
OFFER, ACCOUNT, OUTAGE, CONFIRM, CHANGE = "offer", "account", "outage", "confirm", "change"


class Requesting(Errand):
    """`values` are what was said; what is known already is sent by nobody and kept by the portal.

    `again` names fields that are asked for although something is known; `urgent` is a danger.
    """

    form = FORM
    personal = False
    optional = frozenset({OFFER, OUTAGE})

    def wishes(self, draft: Draft) -> frozenset[str]:
        return intents_of(draft.get("kind"))

    def is_free_text(self, draft: Draft) -> bool:
        field = asked(draft)
        return field is not None and field["type"] == "text"

    async def begin(self, turn: Turn, said: Said) -> Draft:
        kind = kind_of(said.intent, said.typed, said.chosen)
        return await begun(turn, said, new_draft(kind))

    def changes(self, said: Said, draft: Draft) -> Draft:
        """At the summary, whatever is said anew; before, nothing but what is asked."""
        if (
            draft["step"] not in (CONFIRM, CHANGE)
            or said.chosen
            or not (said.may_answer(self.wishes(draft)) or corrects(said, draft))
        ):
            return {}
        told = fields.learned(draft["fields"], said, date.fromisoformat(draft["today"]))
        told |= fields.lone_number(draft["fields"], said)
        told |= renamed(said, draft) | fields.replaced_place(draft["fields"], said)
        changed = {
            name: value for name, value in told.items() if value != draft["values"].get(name)
        }
        return {"values": draft["values"] | changed} if changed else {}

    async def ask(self, turn: Turn, draft: Draft) -> Draft | None:
        draft["today"] = turn.today.isoformat()
        if draft.get("urgent") and not draft.get("offered"):
            turn.say("utter_emergency_offer")
            return draft | {"step": OFFER}
        if draft["step"] == CHANGE:
            turn.say(
                "utter_request_change",
                [choice(each["label"], each["name"]) for each in lines(draft)],
            )
            return draft
        try:
            return await self._ask(turn, draft)
        except Unavailable:
            if not draft.get("urgent"):
                raise
            turn.say("utter_emergency_by_phone")
            return None

    async def _ask(self, turn: Turn, draft: Draft) -> Draft | None:
        if "fields" not in draft:
            draft = await begun(turn, Said(**draft["said"]), draft)
        if lacks_account(draft):
            return _ask_account(turn, draft)
        if _asks_for_outages(draft):
            if sentence := await known_outage(turn, draft["account_no"], _place(draft)):
                turn.say("utter_request_known_outage", sentence=sentence)
                return draft | {"step": OUTAGE}
            draft |= {"outage_told": True}
        field = missing(draft)
        if field:
            _ask_field(turn, field)
            return draft | {"step": f"field:{field['name']}"}
        return _summarise(turn, draft)

    async def take(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        """An answer, and what was told beside it or instead of it."""
        if "fields" not in draft:
            return await self._answer(turn, said, draft)
        pictures = photos(draft)
        if pictures and remarks.is_of_photos(said):
            if remarks.has_sent(said):
                return Taken(draft | {"step": None})
            turn.say("utter_request_photo")
            turn.card("photo", draft=draft["key"], required=pictures["required"])
            return Taken(draft)
        own = self.wishes(draft)
        try:
            taken = await self._answer(turn, said, draft)
        except Unusable:
            told = remarks.told_instead(said, draft, turn.today, own)
            if told == draft:
                raise
            turn.say("utter_request_noted")
            return Taken(told | {"step": None})
        if taken is None or taken.agreed:
            return taken
        told = remarks.told_beside(said, draft, taken.draft, own)
        if told != taken.draft and told["step"] != draft["step"]:
            turn.say("utter_request_noted")
        return Taken(told)

    async def _answer(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        step, today = draft["step"], turn.today
        if step in (OFFER, OUTAGE):
            return self._take_yes(
                said, draft, {"offered" if step == OFFER else "outage_told": True}
            )
        if step == ACCOUNT:
            return await self._take_account(turn, said, draft)
        if changed := self.changes(said, draft):
            return Taken(draft | changed | {"step": None})
        number = _only(named(said, draft["accounts"]))
        if step in (CONFIRM, CHANGE) and number and number != draft["account_no"]:
            return Taken(await of_account(turn, draft, number) | {"step": None})
        field = asked(draft)
        if field and not field["required"] and remarks.is_left_open(said):
            return Taken(skipped(draft, field))
        if field:
            value = fields.answer(field, said, today, self.wishes(draft))
            return (
                None if value is None else Taken(filled(draft, field["name"], value, said, today))
            )
        return self._decide(said, draft)

    def _take_yes(self, said: Said, draft: Draft, agreed: Draft) -> Taken | None:
        if said.is_yes or said.intent in self.wishes(draft) - {"emergency"}:
            return Taken(draft | agreed | {"step": None})
        if said.is_other(self.wishes(draft)):
            return None
        raise Unusable("utter_form_yes_or_no")

    async def _take_account(self, turn: Turn, said: Said, draft: Draft) -> Taken | None:
        numbers = picked(said, draft["accounts"])
        place = {} if numbers else fields.placed(draft["fields"], said)
        if numbers == [ELSEWHERE] or (place and not draft["needs_account"]):
            told = fields.learned(draft["fields"], said, turn.today)
            return Taken(placed_elsewhere(draft, place | told) | {"step": None})
        if number := _only(numbers):
            return Taken(await of_account(turn, draft, number) | {"step": None})
        if said.is_other(self.wishes(draft)):
            return None
        raise Unusable("utter_form_which_account")

    def _decide(self, said: Said, draft: Draft) -> Taken | None:
        """At the summary: a yes, or which line of it is wrong."""
        if said.is_yes:
            agreed = draft["step"] == CONFIRM or remarks.says_file(said)
            return Taken(draft | {"step": None}, agreed=agreed)
        if remarks.is_right_as_it_is(said):
            return Taken(draft | {"step": None})
        if name := line_of(said, draft):
            values = {key: value for key, value in draft["values"].items() if key != name}
            return Taken(draft | {"values": values, "again": [name], "step": None})
        if is_no(said.intent, said.typed):
            return Taken(draft | {"step": CHANGE})
        if said.is_other(self.wishes(draft)):
            return None
        if said.intent in self.wishes(draft):
            return Taken(draft | {"step": None})
        raise Unusable(
            "utter_form_yes_or_no" if draft["step"] == CONFIRM else "utter_request_bad_change"
        )

    async def submit(self, turn: Turn, draft: Draft) -> list[EventType]:
        body = {
            "kind": draft["kind"],
            "account_no": draft["account_no"],
            "fields": draft["values"],
            "key": draft["key"],
        }
        try:
            request = await turn.post("requests", body)
        except Refused as refusal:
            return _refused(turn, draft, refusal)
        if request["deadline_words"]:
            turn.say("utter_request_filed", **_filed(request))
        else:  # made before, by the same yes, and over by now
            turn.sentence(request["sentence"])
        turn.card("request", request_no=request["request_no"])
        if documents := request["documents"]:
            turn.say(
                "utter_request_documents", documents="\n".join(f"· {each}" for each in documents)
            )
        return []


def _filed(request: dict[str, Any]) -> dict[str, str]:
    return {name: request[name] for name in ("name", "request_no", "deadline_words")}


def _only(numbers: list[str]) -> str | None:
    """A request is about one account."""
    return numbers[0] if len(numbers) == 1 else None


def _ask_account(turn: Turn, draft: Draft) -> Draft:
    offered = buttons(draft["accounts"])
    place = "utter_request_place" if draft.get("urgent") else "utter_request_where"
    turn.say("utter_request_account" if draft["needs_account"] else place, offered)
    return draft | {"step": ACCOUNT}


def _asks_for_outages(draft: Draft) -> bool:
    """Once, as soon as the place of a fault is known, and not in a danger."""
    known = draft["account_no"] or _place(draft)
    return draft["kind"] == FAULT and bool(known) and not {"urgent", "outage_told"} & draft.keys()


def _place(draft: Draft) -> str | None:
    return draft["values"].get("address")


def _ask_field(turn: Turn, field: fields.Field) -> None:
    offered = [choice(each["title"], each["value"]) for each in field["choices"] or []]
    turn.say(f"utter_field_{field['type']}", offered, label=field["label"])
    if not field["required"]:
        turn.say("utter_field_may_stay_empty", offered)


def _promised(draft: Draft) -> str:
    """When it will be done: by what was chosen or known, where the limit depends on a choice."""
    chosen = (
        each.get("deadline_words")
        for field in draft["fields"]
        for each in field["choices"] or []
        if each["value"] == draft["values"].get(field["name"], field["known"])
    )
    return next((words for words in chosen if words), None) or draft["deadline_words"] or ""


def _summarise(turn: Turn, draft: Draft) -> Draft:
    """All that will be filed, for a yes; photos may be added to it, or must."""
    told = [
        turn.named(each["label"], str(fields.shown(each, draft["values"]))) for each in lines(draft)
    ]
    own = own_account(draft)
    name = f"{draft['name']} · {own['label']} …{own['tail']}" if own else draft["name"]
    pictures = None if draft.get("photos_offered") else photos(draft)
    if pictures and pictures["required"]:
        turn.say("utter_request_photo")
    turn.say("utter_request_summary", name=name, lines="\n".join(told), deadline=_promised(draft))
    if pictures:
        turn.card("photo", draft=draft["key"], required=pictures["required"])
    return draft | {"step": CONFIRM, "photos_offered": True}


def _refused(turn: Turn, draft: Draft, refusal: Refused) -> list[EventType]:
    """A field that the portal does not take is asked for again, and so is a photo that must be
    there; every other no ends the matter."""
    name, pictures = refusal.body.get("field"), photos(draft)
    if refusal.code == "request.field" and pictures and name == pictures["name"]:
        turn.sentence(refusal.sentence)
        return reopen(draft | {"photos_offered": False})
    if refusal.code != "request.field" or name not in {each["name"] for each in lines(draft)}:
        raise refusal
    turn.sentence(refusal.sentence)
    values = {key: value for key, value in draft["values"].items() if key != name}
    return reopen(draft | {"values": values, "again": [name]})


REQUESTING = Requesting()


class OpenRequest(Open):
    errand = REQUESTING

    async def act(self, turn: Turn) -> list[EventType]:
        """What the report of an outage has put aside is said."""
        if turn.slot("draft") and turn.intent == "report_outage":
            turn.say("utter_request_power_first")
        return await super().act(turn)


class CheckRequest(Check):
    errand = REQUESTING


class AskRequest(Ask):
    errand = REQUESTING


class SubmitRequest(Submit):
    errand = REQUESTING
