"""What one room tells and another hears, where only the front door knows both."""

import subprocess
import sys

from denghuo.wiring import take_requests_along
from runtime import events
from runtime.database import Database
from service.conversations import adopt, open_for_browser, open_for_user
from service.events import ConversationAdopted
from service.requests import asking, reading
from service.requests.askers import Asker
from tests.service import builders


def test_what_a_stranger_asked_for_follows_into_a_live_conversation(database: Database) -> None:
    with database.unit_of_work() as session:
        user = builders.create_user(session)
        open_for_user(session, user.id)
        talk = open_for_browser(session, "a secret of one browser")
        told = {"phone": "13800138000", "about": "峰谷电价"}
        stranger = Asker.of_conversation(talk.id)
        request = asking.apply(session, stranger, "call_back", None, told, "key", talk.id)
    heard = events.subscribed(ConversationAdopted, take_requests_along)
    with heard, database.unit_of_work() as session:
        adopt(session, talk.ref, user.id)
    with database.unit_of_work() as session:
        mine = reading.list_requests(session, Asker.of_user(user.id))
        assert [each.request_no for each in mine] == [request.request_no]


def test_what_a_command_brings_in_is_heard_by_all_rooms() -> None:
    """`denghuo sync run` may bring an outage before the worker does: people are to be told."""
    code = (
        "import sys; from click import Context; from denghuo.cli import main;"
        "from runtime import events; from service.events import OutageAnnounced;"
        "main.get_command(Context(main), sys.argv[1]);"
        "sys.exit(not events._listeners[OutageAnnounced])"
    )
    found = [
        subprocess.run([sys.executable, "-c", code, name], check=False).returncode
        for name in ("sync", "rate")
    ]
    assert found == [0, 1]


def test_the_service_knows_what_the_portal_has_received() -> None:
    code = (
        "import sys; from denghuo.wiring import wire; from payments import on_its_way;"
        "from service import received; wire();"
        "sys.exit(received._queries != [on_its_way.received])"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
