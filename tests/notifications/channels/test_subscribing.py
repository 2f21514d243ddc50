"""Who is reminded in which browser, and which addresses are no push service."""

import base64
from hashlib import sha256

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifications import composing, notices
from notifications.channels import subscribing
from notifications.channels.base import Channel
from notifications.channels.push_models import PushSubscription
from notifications.channels.subscribing import Keys, Subscription, is_accepted
from notifications.models import Message
from notifications.settings import WebPushSettings
from runtime.database import Database
from runtime.errors import NotFound, Refused
from runtime.settings import load
from service.people import users
from tests.notifications.senders import Sender, sending_by

AT = "https://fcm.googleapis.com/fcm/send/"
BILL = {
    "amount": "149.51",
    "kwh": "287",
    "compared": "和上月差不多",
    "tail": "0817",
    "month": "11 月",
    "day": "12 月 20 日",
    "link": "https://denghuo.example/pay",
    "phone": "96000",
    "utility": "江城供电",
}


@pytest.fixture
def settings(settings_env: pytest.MonkeyPatch) -> WebPushSettings:
    return load(WebPushSettings)


@pytest.fixture
def user(session: Session) -> int:
    return users.add_user(session, "13800002046", password_hash=None).id


@pytest.fixture
def neighbour(session: Session) -> int:
    return users.add_user(session, "13800002047", password_hash=None).id


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def browser(name: str, secret: bytes = bytes(16)) -> Subscription:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Subscription(AT + name, Keys(coded(point), coded(secret)))


def endpoints(session: Session, user_id: int) -> list[str]:
    found = subscribing.recipients(session, [user_id]).get(user_id, [])
    return [each.split('"')[3] for each in found]


def test_a_browser_is_known_by_its_user_alone(
    session: Session, settings: WebPushSettings, user: int, neighbour: int
) -> None:
    number = subscribing.subscribe(session, settings, user, browser("a"), "Chrome · Android")
    [mine] = subscribing.known(session, user)
    assert (mine.id, mine.device) == (number, "Chrome · Android")
    assert mine.digest == sha256((AT + "a").encode()).hexdigest()
    assert subscribing.known(session, neighbour) == []
    assert endpoints(session, user) == [AT + "a"]
    assert endpoints(session, neighbour) == []


def test_a_browser_that_asks_again_is_one(
    session: Session, settings: WebPushSettings, user: int
) -> None:
    same = browser("a")
    first = subscribing.subscribe(session, settings, user, same, "Chrome")
    subscribing.unsubscribe(session, user, first)
    assert endpoints(session, user) == []
    assert subscribing.subscribe(session, settings, user, same, "Chrome") == first
    assert endpoints(session, user) == [AT + "a"]


def test_large_and_small_letters_are_two_addresses(
    session: Session, settings: WebPushSettings, user: int
) -> None:
    for name in ("ab-c", "AB-C", "abc"):
        subscribing.subscribe(session, settings, user, browser(name), "Chrome")
    assert endpoints(session, user) == [AT + "abc", AT + "AB-C", AT + "ab-c"]


def test_who_signs_in_to_a_browser_after_another_has_it_from_then_on(
    session: Session, settings: WebPushSettings, user: int, neighbour: int
) -> None:
    same = browser("a")
    subscribing.subscribe(session, settings, user, same, "Chrome")
    subscribing.subscribe(session, settings, neighbour, same, "Chrome")
    assert (endpoints(session, user), endpoints(session, neighbour)) == ([], [AT + "a"])


def test_the_neighbours_browser_is_not_taken_without_its_secret(
    session: Session, settings: WebPushSettings, user: int, neighbour: int
) -> None:
    number = subscribing.subscribe(session, settings, user, browser("a"), "Chrome")
    with pytest.raises(Refused, match=r"push\.unknown_service"):
        subscribing.subscribe(session, settings, neighbour, browser("a", b"x" * 16), "Chrome")
    with pytest.raises(NotFound):
        subscribing.unsubscribe(session, neighbour, number)
    subscribing.unsubscribe_all(session, neighbour)
    assert endpoints(session, user) == [AT + "a"]


def test_all_but_this_one_are_ended(session: Session, settings: WebPushSettings, user: int) -> None:
    for name in "abc":
        subscribing.subscribe(session, settings, user, browser(name), "Chrome")
    here = subscribing.digest_of(AT + "b")
    assert subscribing.unsubscribe_all(session, user, but=here) is True
    assert endpoints(session, user) == [AT + "b"]
    assert subscribing.unsubscribe_all(session, user, but=here) is False


def test_a_browser_is_ended_for_all_but_one(
    session: Session, settings: WebPushSettings, user: int, neighbour: int
) -> None:
    subscribing.subscribe(session, settings, user, browser("a"), "Chrome")
    here = subscribing.digest_of(AT + "a")
    subscribing.unsubscribe_browser(session, here, but=user)
    assert endpoints(session, user) == [AT + "a"]
    subscribing.unsubscribe_browser(session, here, but=neighbour)
    assert endpoints(session, user) == []


@time_machine.travel("2026-12-08T04:00:00Z", tick=False)
@pytest.mark.usefixtures("as_told")
@pytest.mark.parametrize("taken", [False, True], ids=["ended", "taken over"])
def test_what_waits_to_go_to_a_browser_that_is_ended_goes_another_way(
    database: Database, settings: WebPushSettings, taken: bool
) -> None:
    same = browser("a")
    with database.unit_of_work() as session:
        owner, other = (
            users.add_user(session, f"1380000204{each}", password_hash=None).id for each in (6, 7)
        )
        subscribing.subscribe(session, settings, owner, same, "Chrome")
        notices.tell(session, "bill.issued", key="a", user_id=owner, params=BILL)
    with sending_by(Sender("one", Channel.SMS), Sender("two", Channel.PUSH)):
        composing.compose()
        with database.unit_of_work() as session:
            if taken:
                subscribing.subscribe(session, settings, other, same, "Chrome")
            else:
                subscribing.unsubscribe_all(session, owner)
        composing.compose()
    with database.reading() as session:
        rows = session.execute(select(Message.channel, Message.state).order_by(Message.id)).all()
    assert rows == [("push", "withdrawn"), ("sms", "waiting")]


def test_there_are_no_more_than_ten(session: Session, settings: WebPushSettings, user: int) -> None:
    for number in range(10):
        subscribing.subscribe(session, settings, user, browser(str(number)), "Chrome")
    subscribing.subscribe(session, settings, user, browser("0"), "Chrome")
    with pytest.raises(Refused, match=r"push\.too_many"):
        subscribing.subscribe(session, settings, user, browser("more"), "Chrome")


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/x",
        "https://updates.push.services.mozilla.com/wpush/v2/x",
        "https://web.push.apple.com/x",
        "https://db5p.notify.windows.com/w/?token=x",
        "https://fcm.googleapis.com:443/x",
        "http://127.0.0.1:8400/push/x",
    ],
)
def test_the_push_services_that_there_are(settings_env: pytest.MonkeyPatch, endpoint: str) -> None:
    assert is_accepted(endpoint, load(WebPushSettings, push_sandbox="http://127.0.0.1:8400"))


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x",
        "http://127.0.0.1:8300/push/x",
        "http://127.0.0.1:84000/push/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://fcm.googleapis.com.thief.example/x",
        "https://thief.example/fcm.googleapis.com",
        "https://notpush.apple.com/x",
        "https://push.apple.com/x",
        "https://.push.apple.com/x",
        "https://fcm.googleapis.com@thief.example/x",
        "https://thief.example\\@fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:x/",
        "https://[::1]/x",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/\r\nX: y",
        "https://fcm.googleapis.com/" + "x" * 1000,
        "file:///etc/passwd",
        "",
    ],
)
def test_an_address_elsewhere_is_refused(
    session: Session, settings_env: pytest.MonkeyPatch, user: int, endpoint: str
) -> None:
    settings = load(WebPushSettings, push_sandbox="http://127.0.0.1:8400")
    asked = Subscription(endpoint, browser("a").keys)
    with pytest.raises(Refused, match=r"push\.unknown_service"):
        subscribing.subscribe(session, settings, user, asked, "Chrome")
    assert session.scalars(select(PushSubscription)).all() == []


@pytest.mark.parametrize(
    "keys",
    [
        Keys("", ""),
        Keys(coded(b"\x04" + bytes(64)), coded(bytes(16))),
        Keys(browser("a").keys.p256dh, coded(bytes(15))),
        Keys(browser("a").keys.p256dh, "!"),
        Keys("x" * 200, coded(bytes(16))),
    ],
)
def test_keys_with_which_nothing_can_be_sealed_are_refused(
    session: Session, settings: WebPushSettings, user: int, keys: Keys
) -> None:
    with pytest.raises(Refused, match=r"push\.malformed"):
        subscribing.subscribe(session, settings, user, Subscription(AT + "a", keys), "Chrome")


def test_what_a_push_service_says_is_noted(database: Database, settings: WebPushSettings) -> None:
    with database.unit_of_work() as session:
        owner = users.add_user(session, "13800002046", password_hash=None).id
        for name in ("a", "b"):
            subscribing.subscribe(session, settings, owner, browser(name), "Chrome")
    subscribing.note(AT + "a", is_there=True)
    subscribing.note(AT + "b", is_there=False)
    with database.unit_of_work() as session:
        assert endpoints(session, owner) == [AT + "a"]
        used = session.scalars(
            select(PushSubscription.last_used_at.is_not(None)).order_by(PushSubscription.id)
        )
        assert used.all() == [True, False]


def test_address_and_secret_are_sealed(
    session: Session, settings: WebPushSettings, user: int
) -> None:
    subscribing.subscribe(session, settings, user, browser("a", b"s" * 16), "Chrome")
    session.flush()
    [row] = session.execute(text("SELECT endpoint, auth FROM push_subscription")).all()
    assert b"googleapis" not in bytes(row.endpoint)
    assert coded(b"s" * 16).encode() not in bytes(row.auth)
