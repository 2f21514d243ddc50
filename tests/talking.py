"""Somebody at the chat of a whole house, as a script in their browser would speak for them."""

import html
import re
import secrets
from dataclasses import dataclass

import httpx

from denghuo.demo import people
from tests.house import House
from tests.sms import code_sent_to, messages_to

WITHOUT_ASSISTANT = "灯火这会儿答不上来"
"""How the portal's own answer begins."""
SECOND = "/sign-in/second"


@dataclass(frozen=True)
class Heard:
    """What came back: the texts of the answers, cards included, and the buttons below them."""

    texts: tuple[str, ...]
    buttons: dict[str, str]

    @property
    def whole(self) -> str:
        return " ".join(self.texts)

    @property
    def from_assistant(self) -> bool:
        """Whether it is not the portal's own answer."""
        return bool(self.texts) and WITHOUT_ASSISTANT not in self.whole


class Talker:
    """A browser in a conversation: of the user with this phone, or of nobody."""

    page = "/chat"
    """Where it sits."""

    def __init__(self, house: House, phone: str | None = None) -> None:
        self.client = httpx.Client(
            base_url=house.place.portal, timeout=30, trust_env=False, follow_redirects=True
        )
        self._house = house
        self._last = 0
        if phone:
            self._sign_in(phone, people.password(house.place.var))
        self.token = self._form_token(self.page)
        self.buttons: dict[str, str] = {}
        self.listen()

    def say(self, text: str, *, key: str = "", payload: str = "") -> Heard:
        """Say something; the same `key` again is the same message."""
        fields = {"text": text, "payload": payload, "key": key or secrets.token_hex(8)}
        return self._heard(self._post("/chat/say", **fields))

    def tap(self, title: str) -> Heard:
        """Tap a button that was offered. Raises KeyError."""
        return self.say(title, payload=self.buttons[title])

    def listen(self) -> Heard:
        """What has been said since."""
        answer = self.client.get("/chat/new", params={"after": self._last})
        return self._heard(answer) if answer.status_code == 200 else Heard((), self.buttons)

    def press(self, path: str, **fields: str) -> str:
        """Send a form; the page that follows."""
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        assert answer.status_code == 200, answer.text
        return answer.text

    def _post(self, path: str, **fields: str) -> httpx.Response:
        data = {"csrf_token": self.token, "after": str(self._last), **fields}
        return self.client.post(path, data=data, headers={"Accept": "application/json"})

    def _heard(self, answer: httpx.Response) -> Heard:
        assert answer.status_code == 200, answer.text
        told = answer.json()
        self._last = max([self._last, *(each["id"] for each in told["items"])])
        texts = [words(each["html"]) for each in told["items"] if each["author"] != "customer"]
        self.buttons = _buttons(told["under"])
        return Heard(tuple(texts), self.buttons)

    def _sign_in(self, phone: str, word: str) -> None:
        fields = {"csrf_token": self._form_token("/sign-in"), "phone": phone, "password": word}
        answer = self.client.post("/sign-in", data=fields)
        if answer.url.path == SECOND:
            answer = self._second_step(phone)
        assert not answer.url.path.startswith("/sign-in"), answer.text

    def _second_step(self, phone: str) -> httpx.Response:
        """What the utility's own people show besides their password."""
        had = len(messages_to(self._house, phone))
        asked = {"csrf_token": self._form_token(SECOND), "action": "send"}
        self.client.post(SECOND, data=asked)
        code = code_sent_to(self._house, phone, had)
        shown = {"csrf_token": self._form_token(SECOND), "code": code}
        return self.client.post(SECOND, data=shown)

    def _form_token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(path).text)
        assert found, path
        return found[1]


def words(markup: str) -> str:
    """The words of a piece of a page, as they are read."""
    plain = re.sub(r"<(script|svg|style)\b.*?</\1>|<[^>]+>", " ", markup, flags=re.DOTALL)
    return " ".join(html.unescape(plain).split())


def _buttons(markup: str) -> dict[str, str]:
    """Title to payload of the buttons that may be tapped."""
    found: dict[str, str] = {}
    for form in re.findall(r"<form\b.*?</form>", markup, flags=re.DOTALL):
        payload = re.search(r'name="payload" value="([^"]*)"', form)
        title = re.search(r'name="text" value="([^"]*)"', form)
        if payload and title:
            found[html.unescape(title[1])] = html.unescape(payload[1])
    return found
