"""A small utility behind the stand-in: accounts that owe, kinds of requests, what was filed.

What it answers has the shape of the description's examples; kinds are the portal's own files.
"""

from pathlib import Path
from typing import Any

import yaml
from stand_in import Answer, Call, StandIn, example

KINDS = Path(__file__).parents[3] / "service" / "requests" / "kinds"
HOME, PARENTS, SHOP = "420011875603", "420011871242", "420022660318"
BILLS = {"B2026100000213": "10 月 ¥149.51", "B2026090000213": "9 月 ¥67.04"}
WAYS = {"wechat": "微信支付", "alipay": "支付宝", "unionpay": "云闪付"}


def yuan(fen: int) -> str:
    return f"¥{fen / 100:,.2f}"


def _read(kind: str) -> dict[str, Any]:
    return yaml.safe_load((KINDS / f"{kind}.yaml").read_text("utf-8"))


def _papers(kind: dict[str, Any], values: dict[str, str], language: str) -> list[str]:
    """The documents that are asked for with these values."""
    return [
        each["title"][language]
        for each in kind.get("documents", [])
        if all(values.get(name) in of for name, of in each.get("when", {}).items())
    ]


class Utility:
    """Answers what changes with what was done; everything else is an example."""

    def __init__(self, portal: StandIn) -> None:
        self.portal = portal
        self.signed_in = True
        self.owed = {HOME: 14951, PARENTS: 5256, SHOP: 0}
        self.accounts = example("context")["accounts"]
        self.filed: dict[str, dict[str, Any]] = {}
        self.outages: list[dict[str, Any]] = []
        self.silent: set[str] = set()
        self.before: dict[str, str] = {}
        """What earlier requests told, as the kinds name it: `request.place`."""
        self.photos: set[str] = set()
        """Keys of drafts to which a photo was added by the card."""
        self.refuses_field: str | None = None
        self._examples = portal.respond
        portal.respond = self.respond  # type: ignore[method-assign]

    def posted(self, path: str) -> list[dict[str, Any]]:
        """The bodies that were posted to this path, oldest first."""
        return [call.given for call in self.portal.asked(path) if call.method == "POST"]

    def respond(self, call: Call) -> Answer:
        answer = self._examples(call)
        if any(call.path.startswith(path) for path in self.silent):
            return Answer(503, {"code": "unavailable", "sentence": ""})
        name = f"{call.method} {call.path.partition('/')[0]}"
        own = {
            "GET context": self._context,
            "POST payments": self._quote,
            "GET requests": self._requests,
            "POST requests": self._file,
            "GET outages": self._outages,
        }.get(name)
        return own(call) if own else answer

    def _context(self, call: Call) -> Answer:
        accounts = self.accounts if self.signed_in else []
        known = {"signed_in": self.signed_in, "accounts": accounts, "account_count": len(accounts)}
        return Answer(200, example("context") | known)

    def _outages(self, call: Call) -> Answer:
        return Answer(200, {"outages": self.outages, "sentence": "没有停电。"})

    def _quote(self, call: Call) -> Answer:
        if not self.signed_in:
            return Answer(403, {"code": "sign_in", "sentence": "先登录。"})
        numbers, fen = call.given.get("account_nos"), call.given.get("amount_fen")
        own = {each["account_no"]: each for each in self.accounts}
        if any(number not in own for number in numbers or []):
            return Answer(404, example("payments/quote", 404, "not_yours"))
        if fen is not None and numbers is None:
            which = example("payments/quote", 409, "which")
            return Answer(409, which | {"accounts": self.accounts})
        if fen is not None and not 100 <= fen <= 10_000_000:
            name = "too_small" if fen < 100 else "too_large"
            return Answer(400, example("payments/quote", 400, name))
        wanted = {number: fen or self.owed[number] for number in numbers or own}
        parts = {number: fen for number, fen in wanted.items() if fen}
        if not parts:
            return Answer(409, {"code": "payment.nothing_owed", "sentence": "没有要缴的。"})
        return Answer(200, self._quoted(parts, own, call.given.get("channel")))

    def _quoted(
        self, parts: dict[str, int], own: dict[str, dict[str, Any]], channel: str | None
    ) -> dict[str, Any]:
        lines = [
            {
                "account_no": number,
                "label": own[number]["label"],
                "tail": own[number]["tail"],
                "amount_fen": fen,
                "amount": yuan(fen),
            }
            for number, fen in parts.items()
        ]
        said = "，".join(
            f"给{each['label']}（尾号 {each['tail']}）缴 {each['amount']}" for each in lines
        )
        by = f"，用{WAYS[channel]}" if channel else ""
        total = sum(parts.values())
        return {
            "accounts": lines,
            "amount_fen": total,
            "amount": yuan(total),
            "channel": channel,
            "channel_words": WAYS.get(channel or ""),
            "kind": "bills",
            "sentence": f"{said}{by}。",
        }

    def _requests(self, call: Call) -> Answer:
        if call.path.startswith("requests/kinds/"):
            return self._kind(call)
        listed = [self._listed(each) for each in self.filed.values()]
        if call.path == "requests":
            return Answer(200, {"requests": listed, "sentence": "您的申请。"})
        found = [each for each in listed if each["request_no"] == call.path.split("/")[1]]
        if not found:
            return Answer(404, example("requests/{request_no}", 404, "request"))
        return Answer(200, found[0] | {"steps": []})

    def _kind(self, call: Call) -> Answer:
        kind = _read(call.path.split("/")[2])
        if kind["sign_in"] and not self.signed_in:
            return Answer(403, {"code": "sign_in", "sentence": "先登录。"})
        asked = call.given.get("account_no")
        account = next((each for each in self.accounts if each["account_no"] == asked), None)
        if asked and not account:
            return Answer(404, example("payments/quote", 404, "not_yours"))
        language = call.language
        body = {
            "kind": kind["name"],
            "name": kind["title"][language],
            "fields": [
                self._field(each, account, language)
                for each in kind["fields"]
                if each["type"] != "point"
            ],
            "needs_account": kind["account"] == "needed",
            "takes_account": kind["account"] != "none",
            "documents": _papers(kind, {}, language),
            "deadline_words": kind["help"][language],
        }
        return Answer(200, body)

    def _field(
        self, field: dict[str, Any], account: dict[str, Any] | None, language: str
    ) -> dict[str, Any]:
        known = {
            "account.address": account and account["address"],
            "user.phone": "138 **** 2046" if self.signed_in else None,
            "user.name": "王*华" if self.signed_in else None,
            "account.bill": "B2026100000213" if account else None,
            **self.before,
        }.get(field.get("known", ""))
        choices = [
            {"value": each["value"], "title": each["title"][language]}
            for each in field.get("choices", [])
        ]
        if field["type"] == "bill" and account:
            choices = [{"value": number, "title": title} for number, title in BILLS.items()]
        return {
            "name": field["name"],
            "label": field["label"][language],
            "type": "choice" if field["type"] == "bill" else field["type"],
            "required": field.get("required", True),
            "choices": choices or None,
            "known": known,
            "known_words": BILLS.get(known or "", known),
        }

    def _file(self, call: Call) -> Answer:
        if call.path.endswith("/cancel"):
            request = next(each for each in self.filed.values() if each["no"] in call.path)
            request["state"] = "cancelled"
            return Answer(200, self._listed(request) | {"steps": []})
        field = self.refuses_field
        if field and field in call.given["fields"]:
            self.refuses_field = None
            sentence = "这个填得不对。"
            return Answer(422, {"code": "request.field", "field": field, "sentence": sentence})
        if self._lacks_photo(call.given):
            return Answer(422, example("requests", 422, "no_photo"))
        new = {"no": f"BX26112100{len(self.filed) + 1:02}", "state": "received", **call.given}
        request = self.filed.setdefault(call.given["key"], new)
        return Answer(201, self._filed(request))

    def _lacks_photo(self, given: dict[str, Any]) -> bool:
        of = (each for each in _read(given["kind"])["fields"] if each["type"] == "photo")
        return given["key"] not in self.photos and any(each.get("required", True) for each in of)

    def _filed(self, request: dict[str, Any]) -> dict[str, Any]:
        return example("requests", 201) | {
            "request_no": request["no"],
            "kind": request["kind"],
            "documents": _papers(_read(request["kind"]), request["fields"], "zh"),
            "sentence": f"收到了，号码 {request['no']}，5 个工作日内答复。",
        }

    def _listed(self, request: dict[str, Any]) -> dict[str, Any]:
        is_open = request["state"] == "received"
        kind = _read(request["kind"])
        said = "已受理" if is_open else "已经撤销"
        return {
            "request_no": request["no"],
            "kind": request["kind"],
            "name": kind["title"]["zh"],
            "state": request["state"],
            "state_words": said,
            "at_words": "今天 13:20",
            "deadline_words": None,
            "waits_words": None,
            "can_cancel": is_open,
            "sentence": f"{kind['title']['zh']} {request['no']}：{said}。",
        }
