"""A sign-in from a strange browser is told to its owner."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from notifications import browsers
from service.people.events import NewBrowser
from tests.notifications.said import assert_said_everywhere, in_the_inbox, said
from tests.service.builders import create_user

AT = datetime(2026, 11, 22, 13, 5, tzinfo=UTC)


def test_it_says_when_and_on_what(session: Session) -> None:
    user = create_user(session)
    browsers.on_new(session, NewBrowser(user.id, 7, "Windows NT 10.0 Chrome/131", AT))
    link = "http://localhost:8000/profile/devices"
    assert said(session, "security.new_device") == [
        f"11 月 22 日 21:05，Chrome · Windows登录了您的账号。不是您，快改密码：{link}"
    ]
    assert in_the_inbox(session, user.id) == ["security.new_device"]
    assert_said_everywhere(session, "security.new_device")


def test_a_device_without_a_name_is_said_so(session: Session) -> None:
    browsers.on_new(session, NewBrowser(create_user(session).id, 7, "curl/8.5", AT))
    assert "一台不认识的设备" in said(session, "security.new_device")[0]
