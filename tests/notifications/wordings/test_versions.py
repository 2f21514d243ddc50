"""Words that the desk changes hold when two people agreed; what was said before can be shown."""

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.exc import IntegrityError

from notifications import wordings
from notifications.wordings import changing, versions
from notifications.wordings.models import DECLINED, DRAFT, IN_FORCE, RETIRED, WordingVersion
from notifications.wordings.versions import Key
from runtime.database import Database
from runtime.errors import Conflict, Forbidden, NotFound, Refused
from service import approvals
from service.audit import AuditEntry

KEY: Key = ("arrears.early", "sms", "zh")
FIRST = {"text": "{month}电费 {amount} 元，{day}前缴：{link}"}
SECOND = {"text": "尾号 {tail}，{month}电费 {amount} 元：{link}"}
People = tuple[int, int, int]


def agree(database: Database, people: People, parts: dict[str, str], key: Key = KEY) -> int:
    """Words of the first person in force by the second; returns the approval."""
    author, second, _ = people
    with database.unit_of_work() as session:
        changing.write(session, key, parts, by=author)
        approval = changing.ask(session, key, "更短", by=author).id
    with database.unit_of_work() as session:
        approvals.approve(session, approval, by=second)
    return approval


def in_force(database: Database, provider: str = "", key: Key = KEY) -> tuple[int, str]:
    with database.unit_of_work() as session:
        found = wordings.in_force(session, *key, provider=provider)
        return found.version, found.parts["text"]


def states(database: Database) -> list[tuple[int, str]]:
    with database.unit_of_work() as session:
        return [(each.version, each.state) for each in changing.history(session, KEY)]


def test_a_draft_changes_nothing_until_a_second_person_agrees(
    database: Database, people: People
) -> None:
    shipped = in_force(database)
    assert shipped[0] == 0
    with database.unit_of_work() as session:
        changing.write(session, KEY, FIRST, by=people[0])
        approval = changing.ask(session, KEY, "更短", by=people[0]).id
    assert in_force(database) == shipped
    with database.unit_of_work() as session:
        approvals.approve(session, approval, by=people[1])
        assert wordings.in_force(session, *KEY).version == 1
    assert in_force(database) == (1, FIRST["text"])
    agree(database, people, SECOND)
    assert in_force(database) == (2, SECOND["text"])
    assert states(database) == [(2, IN_FORCE), (1, RETIRED)]


def test_nobody_puts_their_own_words_in_force(database: Database, people: People) -> None:
    """Not even when another has asked for them."""
    author, second, _ = people
    with database.unit_of_work() as session:
        changing.write(session, KEY, FIRST, by=author)
        approval = changing.ask(session, KEY, "更短", by=second).id
    for who, code in ((second, "approval.own"), (author, "wording.own")):
        with database.unit_of_work() as session, pytest.raises(Forbidden, match=code):
            approvals.approve(session, approval, by=who)
    assert in_force(database)[0] == 0
    with database.unit_of_work() as session, pytest.raises(IntegrityError, match="second_person"):
        session.execute(update(WordingVersion).values(approved_by=author))


def test_who_does_not_lead_cannot_agree(database: Database, people: People) -> None:
    with database.unit_of_work() as session:
        changing.write(session, KEY, FIRST, by=people[0])
        approval = changing.ask(session, KEY, "更短", by=people[0]).id
    with database.unit_of_work() as session:
        with pytest.raises(Forbidden, match=r"wording\.lead_approves"):
            approvals.approve(session, approval, by=people[2])
        assert [each.id for each in approvals.waiting(session, [changing.KIND])] == [approval]


def test_what_was_declined_is_kept_and_the_next_one_has_its_own_number(
    database: Database, people: People
) -> None:
    with database.unit_of_work() as session:
        changing.write(session, KEY, FIRST, by=people[0])
        approval = changing.ask(session, KEY, "更短", by=people[0]).id
        with pytest.raises(Conflict, match=r"wording\.waiting"):
            changing.write(session, KEY, SECOND, by=people[0])
    with database.unit_of_work() as session:
        approvals.decline(session, approval, "少了尾号", by=people[1])
    assert states(database) == [(1, DECLINED)]
    agree(database, people, SECOND)
    assert states(database) == [(2, IN_FORCE), (1, DECLINED)]


def test_what_was_taken_back_is_a_draft_again(database: Database, people: People) -> None:
    with database.unit_of_work() as session:
        changing.write(session, KEY, FIRST, by=people[0])
        approval = changing.ask(session, KEY, "更短", by=people[0]).id
    with database.unit_of_work() as session:
        approvals.withdraw(session, approval, by=people[0])
    assert states(database) == [(1, DRAFT)]
    with database.unit_of_work() as session:
        changing.write(session, KEY, SECOND, by=people[1])
        changing.drop(session, KEY, by=people[1])
    assert states(database) == []
    with database.unit_of_work() as session, pytest.raises(Conflict, match=r"wording\.no_draft"):
        changing.drop(session, KEY, by=people[1])


@pytest.mark.parametrize("version", [0, 1])
def test_an_earlier_version_comes_back_by_two_people(
    database: Database, people: People, version: int
) -> None:
    before = in_force(database)
    agree(database, people, FIRST)
    agree(database, people, SECOND)
    with database.unit_of_work() as session:
        approval = changing.bring_back(session, KEY, version, "还是原来的好", by=people[0]).id
    assert in_force(database) == (2, SECOND["text"])
    with database.unit_of_work() as session:
        approvals.approve(session, approval, by=people[1])
    assert in_force(database) == (before if version == 0 else (1, FIRST["text"]))


def test_what_never_held_cannot_come_back(database: Database, people: People) -> None:
    with database.unit_of_work() as session:
        changing.write(session, KEY, FIRST, by=people[0])
    for version, code in ((1, "wording.not_found"), (7, "wording.not_found"), (0, "wording.same")):
        with database.unit_of_work() as session, pytest.raises(Refused, match=code):
            changing.bring_back(session, KEY, version, "回去", by=people[0])


def test_a_provider_that_does_not_know_a_version_goes_on_with_the_one_before(
    database: Database, people: People
) -> None:
    shipped = in_force(database)
    agree(database, people, FIRST)
    assert in_force(database) == (1, FIRST["text"])
    assert in_force(database, "aliyun") == shipped
    with database.unit_of_work() as session:
        changing.set_code(session, KEY, 1, "aliyun", " SMS_1001 ", by=people[0])
        assert wordings.in_force(session, *KEY, provider="aliyun").code("aliyun") == "SMS_1001"
    assert in_force(database, "tencent") == shipped
    agree(database, people, SECOND)
    assert in_force(database, "aliyun") == (1, FIRST["text"])
    with database.unit_of_work() as session:
        changing.set_code(session, KEY, 1, "aliyun", "", by=people[0])
    assert in_force(database, "aliyun") == shipped


def test_a_letter_needs_no_code(database: Database, people: People) -> None:
    key = ("talk.replied", "push", "zh")
    agree(database, people, {"title": "客服回话了", "text": "点开看。"}, key)
    assert in_force(database, "webpush", key) == (1, "点开看。")
    with database.unit_of_work() as session, pytest.raises(NotFound):
        changing.set_code(session, key, 1, "webpush", "X", by=people[0])


def test_what_came_with_us_goes_by_its_own_name_unless_the_desk_says_another(
    database: Database, people: People
) -> None:
    with database.unit_of_work() as session:
        assert wordings.in_force(session, *KEY).code("aliyun") == "arrears_early_zh"
        card = wordings.in_force(session, "arrears.early", "wechat", "en")
        assert card.code("wechat") == "Electricity bill"
        changing.set_code(session, KEY, 0, "aliyun", "SMS_7", by=people[0])
        found = wordings.in_force(session, *KEY)
        assert (found.code("aliyun"), found.code("tencent")) == ("SMS_7", "arrears_early_zh")
        with pytest.raises(Refused, match=r"wording\.code_unfit"):
            changing.set_code(session, KEY, 0, "aliyun", "SMS 7", by=people[0])


def test_what_was_sent_can_be_shown_for_good(database: Database, people: People) -> None:
    agree(database, people, FIRST)
    agree(database, people, SECOND)
    with database.unit_of_work() as session:
        found = wordings.shown(session, *KEY, 1)
        assert found is not None
        assert (found.parts, found.author_id, found.approved_by) == (FIRST, *people[:2])
        first = wordings.shown(session, *KEY, 0)
        assert first is not None
        assert first.parts == wordings.shipped(*KEY).parts
        assert wordings.shown(session, *KEY, 9) is None
        assert wordings.shown(session, "usage.unusual", "sms", "zh", 0) is None


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"text": "{amuont} 元"}, "wording.faulty"),
        ({"text": "{amount.__class__}"}, "wording.faulty"),
        ({"text": "  "}, "wording.faulty"),
        ({"text": "长" * 265}, "wording.faulty"),
        (wordings.shipped(*KEY).parts, "wording.same"),
    ],
)
def test_words_that_cannot_be_said_are_not_kept(
    database: Database, people: People, parts: dict[str, str], code: str
) -> None:
    with database.unit_of_work() as session:
        with pytest.raises(Refused, match=code):
            changing.write(session, KEY, parts, by=people[0])
        assert changing.history(session, KEY) == []


def test_no_words_for_what_does_not_go_that_way(database: Database, people: People) -> None:
    for key in (("usage.unusual", "sms", "zh"), ("no.such", "sms", "zh")):
        with database.unit_of_work() as session, pytest.raises(NotFound):
            changing.write(session, key, FIRST, by=people[0])


def test_a_reason_is_asked_for(database: Database, people: People) -> None:
    with database.unit_of_work() as session:
        changing.write(session, KEY, FIRST, by=people[0])
        with pytest.raises(Refused, match=r"wording\.reason_missing"):
            changing.ask(session, KEY, "  ", by=people[0])


def test_every_deed_is_in_the_trail(database: Database, people: People) -> None:
    agree(database, people, FIRST)
    with database.unit_of_work() as session:
        changing.set_code(session, KEY, 1, "aliyun", "SMS_1", by=people[0])
        rows = session.query(AuditEntry).order_by(AuditEntry.id).all()
        assert [(each.deed, each.user_id) for each in rows] == [
            (changing.WRITTEN, people[0]),
            (approvals.ASKED, people[0]),
            (approvals.APPROVED, people[1]),
            (changing.CODE, people[0]),
        ]
        assert {each.subject for each in rows} == {"arrears.early/sms/zh"}


def test_a_chunk_of_messages_costs_two_questions(database: Database, people: People) -> None:
    agree(database, people, FIRST)
    asked: list[str] = []
    with database.unit_of_work() as session:
        session.execute(text("SELECT 1"))
        listen = lambda *given: asked.append(given[2])  # noqa: E731
        event.listen(database.engine, "before_cursor_execute", listen)
        for kind in ("arrears.early", "arrears.before", "bill.issued", "code.sign_in", "digest"):
            for language in ("zh", "en"):
                for _ in range(5):
                    versions.in_force(session, kind, "sms", language)
        event.remove(database.engine, "before_cursor_execute", listen)
    assert len(asked) == 2
