"""What a customer sets on the page is theirs alone, and says what it does."""

import json
from datetime import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from notifications.models import Message
from notifications.preferences import choosing, links, wishes
from notifications.preferences.models import Consent
from runtime.database import Database
from service.models import User
from service.people import wechat
from tests.portal.conftest import create_user, post, sign_in, staff
from tests.portal.places import says, words

PAGE = "/profile/notices"
NEIGHBOUR = "13800002047"


def wish(database: Database, user: User, topic: str):  # type: ignore[no-untyped-def]
    with database.unit_of_work() as session:
        return wishes(session, [user.id], topic)[user.id]


def save(client: FlaskClient, shown: list[str], on: list[str]):  # type: ignore[no-untyped-def]
    token = client.get(PAGE).get_data(as_text=True).partition('name="csrf_token" value="')[2]
    fields = {"csrf_token": token.partition('"')[0], "shown": shown, "on": on}
    return client.post(PAGE, data=fields)


def test_who_is_not_signed_in_goes_to_the_door(client: FlaskClient) -> None:
    assert client.get(PAGE).status_code == 302
    assert client.get(PAGE).location == "/sign-in?next=/profile/notices"


def test_people_of_the_utility_have_none(app: Flask, database: Database) -> None:
    assert staff(app, database, "13800000001", "agent").get(PAGE).status_code == 403


def test_every_topic_stands_there_with_an_example_and_what_reaches_me(
    client: FlaskClient, user: User
) -> None:
    page = says(client, PAGE)
    assert "停电明天 9:00–11:00 您那一片停电检修" in page
    assert "欠费停电的正式通知停电之前必须通知到您，这是法律定的，关不掉。" in page
    html = client.get(PAGE).get_data(as_text=True)
    assert 'value="outage:sms" checked' in html
    assert 'value="outage:wechat"' not in html


def test_wechat_stands_there_once_it_is_connected(
    client: FlaskClient, user: User, database: Database
) -> None:
    with database.unit_of_work() as session:
        wechat.bind(session, "openid-1", user.id)
    assert 'value="outage:wechat" checked' in client.get(PAGE).get_data(as_text=True)


def test_what_is_not_ticked_is_not_sent(
    client: FlaskClient, user: User, database: Database
) -> None:
    answer = save(client, ["bill:sms", "outage:sms"], ["outage:sms"])
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert wish(database, user, "bill").channels == ("voice",)
    assert "sms" in wish(database, user, "outage").channels
    html = client.get(PAGE).get_data(as_text=True)
    assert 'value="bill:sms">' in html


def test_what_the_page_did_not_show_stays(
    client: FlaskClient, user: User, database: Database
) -> None:
    save(client, ["bill:sms"], [])
    assert "sms" in wish(database, user, "payment").channels


@pytest.mark.parametrize("shown", ["news:sms", "invoice:mail", "bill:pigeon", "bill", ""])
def test_what_cannot_be_ticked_is_refused(
    client: FlaskClient, user: User, database: Database, shown: str
) -> None:
    assert save(client, [shown], [shown]).status_code == 400
    assert wish(database, user, "news").channels == ()


def test_a_neighbour_changes_their_own_alone(
    app: Flask, client: FlaskClient, user: User, database: Database
) -> None:
    create_user(database, NEIGHBOUR)
    theirs = app.test_client()
    sign_in(theirs, NEIGHBOUR)
    save(theirs, ["bill:sms"], [])
    post(theirs, f"{PAGE}/mail", address="next@example.org")
    assert "sms" in wish(database, user, "bill").channels
    assert "next@example.org" not in says(client, PAGE)


def test_hours_number_and_putting_together(
    client: FlaskClient, user: User, database: Database
) -> None:
    fields = {"from": "18:00", "until": "10:00", "daily_cap": "2"}
    assert post(client, f"{PAGE}/hours", **fields).status_code == 303
    found = wish(database, user, "bill")
    assert (found.quiet_from.hour, found.quiet_until.hour) == (18, 10)
    assert (found.daily_cap, found.digest) == (2, False)


def test_hours_that_were_set_elsewhere_stand_there_too(
    client: FlaskClient, user: User, database: Database
) -> None:
    with database.unit_of_work() as session:
        choosing.set_quiet(session, user.id, time(16, 30), time(8, 15))
    page = client.get(PAGE).get_data(as_text=True)
    assert page.count(" selected>") == 3
    assert '<option value="16:30" selected>16:30</option><option value="17:00">' in page
    assert '<option value="08:15" selected>08:15</option><option value="09:00">' in page


def test_hours_with_a_zone_are_those_of_beijing(
    client: FlaskClient, user: User, database: Database
) -> None:
    fields = {"from": "18:00Z", "until": "10:00+09:00", "daily_cap": "2"}
    assert post(client, f"{PAGE}/hours", **fields).status_code == 303
    assert wish(database, user, "bill").quiet_from.hour == 18


def test_hours_of_the_night_cannot_be_opened(
    client: FlaskClient, user: User, database: Database
) -> None:
    fields = {"from": "23:00", "until": "08:00", "daily_cap": "2"}
    answer = post(client, f"{PAGE}/hours", **fields)
    assert answer.status_code == 422
    assert "不打扰的时间只能比 21:00–8:00 长" in words(answer.get_data(as_text=True))
    assert wish(database, user, "bill").quiet_from.hour == 21


@pytest.mark.parametrize("fields", [{}, {"from": "x", "until": "8", "daily_cap": "many"}])
def test_hours_that_are_none(client: FlaskClient, user: User, fields: dict[str, str]) -> None:
    assert post(client, f"{PAGE}/hours", **fields).status_code == 400


def test_the_order_is_moved_by_buttons(client: FlaskClient, user: User, database: Database) -> None:
    assert post(client, f"{PAGE}/order", move="voice:up").status_code == 303
    assert wish(database, user, "reminder").channels == ("voice", "sms")
    assert "按您排的顺序" in says(client, PAGE)
    post(client, f"{PAGE}/order", move="voice:down")
    assert wish(database, user, "reminder").channels == ("sms", "voice")
    post(client, f"{PAGE}/order")
    assert wish(database, user, "reminder").has_order is False


def test_news_are_agreed_to_by_the_words_beside_the_button(
    client: FlaskClient, user: User, database: Database
) -> None:
    sentence = (
        "我同意江城供电用短信告诉我活动和新服务。不同意不影响用电和办事，随时可以在这里取消。"
    )
    assert sentence in says(client, PAGE)
    post(client, f"{PAGE}/news", channel="sms", agree="yes")
    assert wish(database, user, "news").channels == ("sms",)
    assert "同意：活动和新服务 · 短信" in says(client, PAGE)
    post(client, f"{PAGE}/news", channel="sms", agree="no")
    assert wish(database, user, "news").channels == ()
    with database.unit_of_work() as session:
        kept = session.scalars(select(Consent).order_by(Consent.id)).all()
    assert [(each.given, each.words, each.how) for each in kept] == [
        (True, sentence, "page"),
        (False, sentence, "page"),
    ]


def test_in_english_the_english_words_are_kept(
    client: FlaskClient, user: User, database: Database
) -> None:
    client.get(f"{PAGE}?lang=en")
    post(client, f"{PAGE}/news", channel="sms", agree="yes")
    with database.unit_of_work() as session:
        kept = session.scalars(select(Consent)).one()
    assert kept.language == "en"
    assert kept.words.startswith("I agree that ")


def letter(database: Database) -> str:
    """The path that the last letter leads to."""
    with database.unit_of_work() as session:
        message = session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    return str(json.loads(message.params or "")["link"]).removeprefix("http://localhost:8000")


def test_an_address_is_used_once_its_letter_was_answered(
    app: Flask, client: FlaskClient, user: User, database: Database
) -> None:
    post(client, f"{PAGE}/mail", address="li@example.org")
    assert "信发到了 li@example.org，等您打开确认" in says(client, PAGE)
    elsewhere, path = app.test_client(), letter(database)
    assert "用这个邮箱收提醒吗？" in says(elsewhere, path)
    assert "mail" not in wish(database, user, "bill").channels
    assert "以后用这个邮箱收提醒。" in words(post(elsewhere, path).get_data(as_text=True))
    assert "mail" in wish(database, user, "bill").channels
    assert "这个链接不能用了" in says(elsewhere, path, 410)
    assert post(elsewhere, path).status_code == 422
    post(client, f"{PAGE}/mail/remove")
    assert "mail" not in wish(database, user, "bill").channels


def test_whoever_has_stopped_all_mail_is_told_where_to_want_it_again(
    client: FlaskClient, user: User, database: Database
) -> None:
    post(client, f"/unsubscribe/{links.signed(user.id, 'all')}")
    post(client, f"{PAGE}/mail", address="li@example.org")
    page = post(client, letter(database)).get_data(as_text=True)
    assert "邮件这一列您都没有打勾" in words(page)
    assert "以后用这个邮箱收提醒。" not in words(page)
    assert f'href="{PAGE}?show=all"' in page


def test_the_address_in_use_is_said_to_be_in_use(
    client: FlaskClient, user: User, database: Database
) -> None:
    post(client, f"{PAGE}/mail", address="li@example.org")
    post(client, letter(database))
    post(client, f"{PAGE}/mail", address="li@example.org")
    page = says(client, PAGE)
    assert "这个邮箱已经在用了。" in page
    assert "信发出去了" not in page


def test_an_address_that_was_a_mistake(client: FlaskClient, user: User, database: Database) -> None:
    post(client, f"{PAGE}/mail", address="li@example.org")
    post(client, f"{PAGE}/mail/forget")
    assert "li@example.org" not in says(client, PAGE)
    assert client.get(letter(database)).status_code == 410


def test_what_is_no_address_stays_in_its_field(client: FlaskClient, user: User) -> None:
    answer = post(client, f"{PAGE}/mail", address="li@")
    assert answer.status_code == 422
    assert 'value="li@"' in answer.get_data(as_text=True)


@pytest.fixture
def simplified(user: User, database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(update(User).where(User.id == user.id).values(elder_mode=True))


@pytest.mark.usefixtures("simplified")
def test_of_the_three_one_has_to_be_chosen(
    client: FlaskClient, user: User, database: Database
) -> None:
    save(client, ["bill:sms"], [])
    page = client.get(PAGE).get_data(as_text=True)
    assert " checked" not in page.partition("<main")[2]
    assert page.count(" required>") == 3
    answer = post(client, f"{PAGE}/simple")
    assert answer.status_code == 422
    assert "提醒设置 先选一样，再保存。" in words(answer.get_data(as_text=True))
    assert "sms" not in wish(database, user, "bill").channels


@pytest.mark.usefixtures("simplified")
def test_the_simplified_view_has_three_choices(
    client: FlaskClient, user: User, database: Database
) -> None:
    page = says(client, PAGE)
    assert [each in page for each in ("都告诉我", "只说要紧的", "打电话给我")] == [True] * 3
    assert 'value="all" required checked' in client.get(PAGE).get_data(as_text=True)
    post(client, f"{PAGE}/simple", way="important")
    assert "sms" not in wish(database, user, "bill").channels
    assert "sms" in wish(database, user, "outage").channels
    assert 'value="important" required checked' in client.get(PAGE).get_data(as_text=True)
    post(client, f"{PAGE}/simple", way="call")
    assert wish(database, user, "reminder").channels == ("voice", "sms")
    assert 'value="call" required checked' in client.get(PAGE).get_data(as_text=True)
    assert "什么时候，发多少" in says(client, f"{PAGE}?show=all")
    assert post(client, f"{PAGE}/simple", way="none").status_code == 400


def test_ways_to_it(client: FlaskClient, user: User) -> None:
    for path in ("/profile", "/inbox"):
        assert f'href="{PAGE}"' in client.get(path).get_data(as_text=True)
