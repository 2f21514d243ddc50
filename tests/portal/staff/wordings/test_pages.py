"""The desk reads every wording, changes one by two people, and sees it as customers do."""

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from notifications import wordings
from notifications.wordings import catalogue
from runtime.database import Database
from service.approvals import Approval
from service.audit import AuditEntry
from service.models import User
from tests.payments.builders import create_bill
from tests.portal.conftest import create_user, sign_in, staff
from tests.portal.places import move_in, says, words
from tests.portal.staff.wordings.conftest import PAGE, send

KIND = "/desk/wordings/arrears.early"
ACCOUNT = "420011875603"
NEW = "{month}电费 {amount} 元，{day}前缴：{link}"


def draft(client: FlaskClient, text: str = NEW) -> None:
    assert send(client, PAGE, action="save", text=text).status_code == 303


def ask(client: FlaskClient) -> None:
    assert send(client, f"{PAGE}/ask", reason="更短").status_code == 303


def decide(client: FlaskClient, database: Database, how: str, **fields: str) -> str:
    with database.unit_of_work() as session:
        query = select(Approval.id).where(Approval.status == "asked")
        number = session.scalars(query).one()
    path = f"/desk/approvals/{number}/{how}"
    assert send(client, path, "/desk/approvals", **fields).status_code == 303
    return says(client, "/desk/approvals")


def in_force(database: Database) -> tuple[int, str]:
    with database.unit_of_work() as session:
        found = wordings.in_force(session, "arrears.early", "sms", "zh")
        return found.version, found.parts["text"]


def trail(database: Database) -> list[tuple[str, str, str | None]]:
    with database.unit_of_work() as session:
        query = select(AuditEntry).order_by(AuditEntry.id)
        return [(each.deed, each.subject, each.reason) for each in session.scalars(query)]


def test_the_list_has_every_kind_by_topic(lead: FlaskClient) -> None:
    page = lead.get("/desk/wordings").text
    for kind, topic in catalogue.wordings().items():
        assert f'href="/desk/wordings/{kind}"' in page
        assert topic.title.zh in page
    assert "在用" not in words(page)


@pytest.mark.parametrize("spoken", ["zh", "en"])
def test_every_kind_is_shown_on_all_its_channels(lead: FlaskClient, spoken: str) -> None:
    for kind, topic in catalogue.wordings().items():
        shown = says(lead, f"/desk/wordings/{kind}?spoken={spoken}")
        for channel in wordings.CHANNELS:
            if topic.parts(channel):
                wording = wordings.shipped(kind, channel, spoken)
                for text in wording.fill(catalogue.samples(kind, spoken)).values():
                    assert " ".join(text.split()) in shown


def test_a_preview_is_light_or_dark_as_is_wished(lead: FlaskClient) -> None:
    for theme in ("light", "dark"):
        assert f'data-theme="{theme}"' in lead.get(f"{KIND}?theme={theme}").text
    assert "data-theme" not in lead.get(f"{KIND}?theme=none").text.split("<body")[0]


@pytest.mark.parametrize("role", ["agent", "finance", "field", "inspector"])
def test_only_who_leads_comes_in(app: Flask, database: Database, role: str) -> None:
    client = staff(app, database, "13900000009", role)
    for path in ("/desk/wordings", KIND, PAGE):
        assert client.get(path).status_code == 404


def test_a_customer_finds_nothing_here(app: Flask, database: Database) -> None:
    client = app.test_client()
    create_user(database)
    sign_in(client)
    for path in ("/desk/wordings", KIND, PAGE):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/desk/wordings/no.such",
        "/desk/wordings/arrears.early/fax/zh",
        "/desk/wordings/arrears.early/title/zh",
        "/desk/wordings/arrears.early/sms/fr",
        "/desk/wordings/usage.unusual/sms/zh",
    ],
)
def test_what_there_is_not_is_not_found(lead: FlaskClient, path: str) -> None:
    assert lead.get(path).status_code == 404


def test_two_people_put_words_in_force(
    lead: FlaskClient, other: FlaskClient, database: Database
) -> None:
    draft(lead)
    assert "草稿" in says(lead, "/desk/wordings")
    assert in_force(database)[0] == 0
    ask(lead)
    waiting = says(other, "/desk/approvals")
    assert "改措辞：出账后提醒，短信，中文，第 1 版" in waiting
    assert wordings.shipped("arrears.early", "sms", "zh").parts["text"] in waiting
    assert NEW in waiting
    assert "这是您自己申请的" in says(lead, "/desk/approvals")
    assert "等另一个人批" in says(lead, PAGE)
    assert "批了。" in decide(other, database, "approve")
    assert in_force(database) == (1, NEW)
    assert "在用的是第 1 版" in says(lead, PAGE)
    deeds = [(deed, subject) for deed, subject, _ in trail(database) if "/" in subject]
    assert deeds == [
        (deed, "arrears.early/sms/zh")
        for deed in ("wording.written", "approval.asked", "approval.approved")
    ]


def test_who_wrote_the_words_is_told_to_ask_somebody_else(
    lead: FlaskClient, other: FlaskClient, database: Database
) -> None:
    draft(lead)
    ask(other)
    assert "这是您写的，要请别人批" in decide(lead, database, "approve")
    assert in_force(database)[0] == 0


def test_declined_words_are_kept_with_their_state(
    lead: FlaskClient, other: FlaskClient, database: Database
) -> None:
    draft(lead)
    ask(lead)
    decide(other, database, "decline", note="少了尾号")
    assert "第 1 版 没有批" in says(lead, PAGE)
    assert in_force(database)[0] == 0


def test_an_earlier_version_comes_back(
    lead: FlaskClient, other: FlaskClient, database: Database
) -> None:
    before = in_force(database)
    draft(lead)
    ask(lead)
    decide(other, database, "approve")
    assert send(lead, f"{PAGE}/back/0", reason="原来的好").status_code == 303
    assert "有一件申请等另一个人批" in says(lead, PAGE)
    decide(other, database, "approve")
    assert in_force(database) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{amuont} 元", "没有 {amuont} 这一项，有的是：{amount}、{day}、{link}"),
        ("{amount.__class__}", "花括号里只能写名字"),
        ("{amount:>99}", "花括号里只能写名字"),
        ("", "这里不能空着"),
        ("字" * 265, "填上样例有 265 个字，最多 264 个"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    lead: FlaskClient, text: str, said: str
) -> None:
    answer = send(lead, PAGE, action="save", text=text)
    assert answer.status_code == 400
    assert said in words(answer.text)
    assert text in words(answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert "第 1 版" not in says(lead, PAGE)


def test_the_same_words_are_no_change(lead: FlaskClient) -> None:
    text = wordings.shipped("arrears.early", "sms", "zh").parts["text"]
    answer = send(lead, PAGE, action="save", text=text)
    assert (answer.status_code, "没有要改的" in words(answer.text)) == (409, True)


def test_a_look_counts_and_compares_and_keeps_nothing(lead: FlaskClient) -> None:
    shipped = wordings.shipped("arrears.early", "sms", "zh").parts["text"]
    answer = send(lead, PAGE, action="look", text=shipped.replace("就行", "好") + "字" * 10)
    assert answer.status_code == 200
    assert "填上样例 75 个字，最多 264 个 · 2 条短信" in words(answer.text)
    assert "<del>就行</del>" in answer.text
    assert "<ins>好</ins>" in answer.text
    assert "第 1 版" not in says(lead, PAGE)


def test_a_draft_is_seen_in_the_preview_before_it_holds(lead: FlaskClient) -> None:
    draft(lead)
    filled = "11 月电费 132.40 元，12 月 18 日前缴：https"
    assert filled not in says(lead, KIND)
    assert filled in says(lead, f"{KIND}?of=draft")


def test_a_draft_can_be_thrown_away(lead: FlaskClient) -> None:
    draft(lead)
    assert send(lead, f"{PAGE}/drop").status_code == 303
    assert "第 1 版" not in says(lead, PAGE)
    send(lead, f"{PAGE}/drop")
    assert "没有草稿" in says(lead, PAGE)


def test_codes_of_providers_are_kept(lead: FlaskClient, database: Database) -> None:
    assert send(lead, f"{PAGE}/code/0", aliyun="SMS_42", tencent="").status_code == 303
    assert 'value="SMS_42"' in lead.get(PAGE).text
    with database.unit_of_work() as session:
        found = wordings.in_force(session, "arrears.early", "sms", "zh")
        assert found.codes == {"aliyun": "SMS_42"}
    assert ("wording.code", "arrears.early/sms/zh", "aliyun: SMS_42") in trail(database)
    send(lead, f"{PAGE}/code/0", aliyun="SMS 42")
    assert "中间没有空格" in says(lead, PAGE)


def test_real_figures_of_an_account_are_seen_by_who_says_why(
    lead: FlaskClient, database: Database
) -> None:
    with database.unit_of_work() as session:
        move_in(session, session.merge(create_user(database)), account_no=ACCOUNT)
        create_bill(session, "B1", account_no=ACCOUNT, total_fen=14951, due=date(2099, 12, 18))
    assert lead.get(f"{KIND}?account={ACCOUNT}").status_code == 400
    answer = send(lead, KIND, KIND, account="4200 1187 5603", reason="试措辞")
    assert answer.status_code == 303
    shown = words(lead.get(answer.headers["Location"]).text)
    assert "填的是户号 4200 1187 5603 现在的数" in shown
    assert re.search(r"电费 149\.51 元（尾号 5603），12 月 18 日前缴就行", shown)
    assert trail(database)[-2:] == [
        ("customer.opened", ACCOUNT, "试措辞"),
        ("seen", ACCOUNT, "试措辞"),
    ]


def test_no_account_is_seen_without_a_reason_or_that_is_not(
    lead: FlaskClient, database: Database
) -> None:
    with database.unit_of_work() as session:
        move_in(session, session.merge(create_user(database)), account_no=ACCOUNT)
    assert send(lead, KIND, KIND, account=ACCOUNT, reason=" ").status_code == 400
    assert send(lead, KIND, KIND, account="420011875699", reason="试措辞").status_code == 404
    assert lead.get(f"{KIND}?account=420011875699").status_code == 404
    assert trail(database) == []


def test_the_trail_speaks_of_wordings(app: Flask, lead: FlaskClient, database: Database) -> None:
    draft(lead)
    inspector = staff(app, database, "13900000008", "inspector")
    shown = says(inspector, "/desk/audit?number=arrears.early/sms/zh")
    assert "写了措辞的草稿" in shown
    assert "出账后提醒，短信，中文" in shown
    with database.unit_of_work() as session:
        assert session.scalars(select(User.id)).all()
