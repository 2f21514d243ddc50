"""Drafts: what was typed waits for whoever typed it, until it is sent or nobody comes back."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import func, select, text

from runtime import clock
from runtime.database import Database
from runtime.errors import Refused, TooManyTries
from service.requests import drafts, files
from service.requests.askers import Asker
from service.requests.drafts import Draft
from service.requests.kinds import kind
from service.requests.models import RequestDraft, RequestFile
from service.requests.tidy import tidy
from tests.service.requests.conftest import Customer, ask, move_in
from tests.service.requests.papers import picture
from tests.service.requests.test_files import add

pytestmark = pytest.mark.usefixtures("december")

REPAIR = kind("outage_repair")
STRANGER = Asker.of_browser("a secret", "203.0.113.0/24")


def keep(
    database: Database,
    asker: Asker,
    key: str = "form-1",
    account_no: str | None = None,
    **typed: str,
) -> None:
    with database.unit_of_work() as session:
        drafts.save(session, asker, REPAIR, key, account_no, typed)


def found(database: Database, asker: Asker) -> Draft | None:
    with database.unit_of_work() as session:
        return drafts.find(session, asker, REPAIR)


def count(database: Database) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count(RequestDraft.id))) or 0


def test_a_form_is_found_as_it_was_left(database: Database, customer: Customer) -> None:
    """What is typed is kept as it is, right or wrong; what is no field of the kind is not."""
    keep(database, customer.asker, note="电梯")
    keep(database, customer.asker, account_no=customer.account_no, note="电梯停了", colour="red")
    assert found(database, customer.asker) == Draft(
        REPAIR, "form-1", customer.account_no, {"note": "电梯停了"}, clock.now()
    )
    assert count(database) == 1


def test_it_lies_encrypted(database: Database, customer: Customer) -> None:
    keep(database, customer.asker, address="梧桐里 12 栋 502")
    with database.unit_of_work() as session:
        row = session.execute(text("SELECT encode(filled, 'escape') FROM request_draft")).scalar()
    assert row
    assert "502" not in row


def test_another_sees_nothing_of_it(database: Database, customer: Customer) -> None:
    keep(database, customer.asker, note="电梯停了")
    for other in (move_in(database).asker, STRANGER, Asker.of_conversation(customer.user_id)):
        assert found(database, other) is None
        with database.unit_of_work() as session:
            assert drafts.listed(session, other) == []


def test_each_kind_has_one_and_the_newest_is_first(database: Database, customer: Customer) -> None:
    keep(database, customer.asker, note="电梯停了")
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False):
        with database.unit_of_work() as session:
            other = kind("complaint")
            drafts.save(session, customer.asker, other, "form-2", None, {"story": "说好上午来"})
        with database.unit_of_work() as session:
            mine = drafts.listed(session, customer.asker)
    assert [(each.kind.name, each.key) for each in mine] == [
        ("complaint", "form-2"),
        ("outage_repair", "form-1"),
    ]


def test_sent_it_is_gone_and_does_not_come_back(database: Database, customer: Customer) -> None:
    keep(database, customer.asker, note="电梯停了")
    ask(database, customer, key="form-1")
    assert count(database) == 0
    keep(database, customer.asker, note="电梯停了")
    assert count(database) == 0


def test_what_was_kept_while_the_form_was_being_sent_is_no_draft(
    database: Database, customer: Customer
) -> None:
    """Saved before the request was there, committed after it."""
    ask(database, customer, key="form-1")
    with database.unit_of_work() as session:
        session.add(
            RequestDraft(
                asker=customer.asker.name,
                kind="outage_repair",
                key="form-1",
                filled="{}",
                updated_at=clock.now(),
            )
        )
    assert found(database, customer.asker) is None
    keep(database, customer.asker, key="form-2", note="又停了")
    later = found(database, customer.asker)
    assert later is not None
    assert later.key == "form-2"


def test_another_request_of_the_kind_leaves_it_alone(
    database: Database, customer: Customer
) -> None:
    keep(database, customer.asker, note="电梯停了")
    ask(database, customer, key="said in the chat")
    assert count(database) == 1


def test_anew_takes_its_files_too(database: Database, customer: Customer, tmp_path: Path) -> None:
    keep(database, customer.asker, note="电梯停了")
    add(database, tmp_path, customer.asker, picture())
    add(database, tmp_path, customer.asker, picture(), draft="another form")
    with database.unit_of_work() as session:
        drafts.discard(session, customer.asker, REPAIR)
        drafts.discard(session, customer.asker, REPAIR)
    assert count(database) == 0
    with database.unit_of_work() as session:
        assert session.scalars(select(RequestFile.draft)).all() == ["another form"]


@pytest.mark.parametrize(
    ("asker", "days"), [(Asker.of_user(1), 30), (STRANGER, 1)], ids=["user", "stranger"]
)
def test_nobody_comes_back_after_a_while(
    database: Database, tmp_path: Path, asker: Asker, days: int
) -> None:
    keep(database, asker, note="电梯停了")
    last = clock.now() + timedelta(days=days)
    with time_machine.travel(last, tick=False):
        assert found(database, asker) is not None
        tidy(database, tmp_path)
        assert count(database) == 1
    with time_machine.travel(last + timedelta(seconds=1), tick=False):
        assert found(database, asker) is None
        tidy(database, tmp_path)
        assert count(database) == 0


def test_files_stay_as_long_as_their_draft(
    database: Database, customer: Customer, tmp_path: Path
) -> None:
    keep(database, customer.asker, note="电梯停了")
    kept = add(database, tmp_path, customer.asker, picture())
    add(database, tmp_path, customer.asker, picture(), draft="no draft")
    with database.unit_of_work() as session:
        session.execute(
            text("UPDATE request_photo SET added_at = :at"),
            {"at": clock.now() - timedelta(days=3)},
        )
    tidy(database, tmp_path)
    with database.unit_of_work() as session:
        assert session.scalars(select(RequestFile.name)).all() == [kept.name]
        assert files.of_draft(session, customer.asker, "form-1")[0].name == kept.name


def test_a_network_of_strangers_begins_so_many_an_hour(database: Database) -> None:
    for number in range(drafts.BEGIN_NETWORK.most):
        with database.unit_of_work() as session:
            one = Asker.of_browser(f"browser {number}", "203.0.113.0/24")
            drafts.save(session, one, REPAIR, "form-1", None, {})
    with database.unit_of_work() as session, pytest.raises(TooManyTries) as refused:
        drafts.save(session, STRANGER, REPAIR, "form-1", None, {})
    assert refused.value.code == "network.locked"
    keep(database, Asker.of_browser("browser 0", "203.0.113.0/24"), note="goes on")


def test_a_value_without_end_is_cut(database: Database, customer: Customer) -> None:
    keep(database, customer.asker, note="长" * 5000)
    draft = found(database, customer.asker)
    assert draft is not None
    assert draft.typed == {"note": "长" * drafts.LONGEST}


@pytest.mark.parametrize("key", ["", "x" * 65, "钥匙", "a\nb"])
def test_a_bent_key_is_refused(database: Database, customer: Customer, key: str) -> None:
    with database.unit_of_work() as session, pytest.raises(Refused) as refused:
        drafts.save(session, customer.asker, REPAIR, key, None, {})
    assert refused.value.code == "request.key_malformed"
