"""What the assistant says in a turn, in the shape the portal stores."""

from typing import Any

from rasa.core.channels.channel import OutputChannel

Answer = dict[str, Any]
"""{"text", "buttons": [{"title", "payload"}], "card": {…}}; only what there is."""


class Answers(OutputChannel):
    """Collects what is said in one turn."""

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self.messages: list[dict[str, Any]] = []

    def name(self) -> str:  # type: ignore[override]
        """`web` or `wechat`, so that a response may have a variation for one of them."""
        return self._channel

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.messages.append(dict(message))


def collected(messages: list[dict[str, Any]]) -> list[Answer]:
    """A card and buttons without words join what was said before; the last buttons stand last."""
    answers: list[Answer] = []
    for message in messages:
        _add(answers, message)
    return _with_buttons_last(answers)


def _add(answers: list[Answer], message: dict[str, Any]) -> None:
    text = (message.get("text") or "").strip()
    card = (message.get("custom") or {}).get("card")
    if text:
        answers.append({"text": text})
    if card and (not answers or "card" in answers[-1]):
        answers.append({"text": ""})
    if card:
        answers[-1]["card"] = card
    if answers and message.get("buttons"):
        buttons = answers[-1].setdefault("buttons", [])
        buttons.extend(_button(each) for each in message["buttons"])


def _button(given: dict[str, Any]) -> dict[str, str]:
    return {"title": str(given["title"]), "payload": str(given["payload"])}


def _with_buttons_last(answers: list[Answer]) -> list[Answer]:
    """The portal offers buttons under the newest message only."""
    offered = [answer.pop("buttons") for answer in answers if "buttons" in answer]
    if offered:
        answers[-1]["buttons"] = offered[-1]
    return answers
