"""Cards are drawn from the portal's own tables, with the rights of whoever reads."""

import html
import re
from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from notifications.preferences import choosing
from portal.chat import kinds
from portal.chat.cards import DRAWN
from runtime.database import Database
from service.conversations import Conversation
from service.models import Account, Bill, User
from service.people.users import set_display
from service.requests import asking, moving
from service.requests.askers import Asker
from tests.portal.chat.conftest import Talk, Update
from tests.portal.chat.rasa import Rasa, Turn, says
from tests.portal.conftest import create_user, post, sign_in
from tests.portal.places import move_in, named, pay, supply, use, words
from tests.service import builders

OWN, OTHERS = "420011875603", "420011870001"
HIGH = {"kwh": {"peak": "178", "valley": "108"}, "year_to_date_kwh": "2634"}
LOW = {"kwh": {"peak": "87", "valley": "47"}, "year_to_date_kwh": "2500"}

pytestmark = pytest.mark.usefixtures("december")

Draw = Callable[..., str]


@pytest.fixture
def account(database: Database, user: User) -> Account:
    with database.unit_of_work() as session:
        return move_in(session, user, account_no=OWN)


@pytest.fixture
def bill(database: Database, account: Account) -> Bill:
    """November, 140.20 yuan, due on 18 December; October, 62.96, is paid."""
    with database.unit_of_work() as session:
        builders.create_bill(session, account, "2026-10", case=LOW, settled_fen=6296)
        return builders.create_bill(session, account, "2026-11", case=HIGH)


@pytest.fixture
def others_bill(database: Database) -> Bill:
    """A neighbour's."""
    with database.unit_of_work() as session:
        account = builders.create_account(session, account_no=OTHERS)
        return builders.create_bill(session, account, "2026-11", case=HIGH)


@pytest.fixture
def draw(talk: Talk, rasa: Rasa) -> Draw:
    """Has the assistant say "看：" with a card; gives what stands below those words."""

    def drawn(kind: str, **refs: Any) -> str:
        rasa.behaviour = says({"text": "看：", "card": {"kind": kind, **refs}})
        update = talk.say("给我看")
        assert update.texts[0] == "给我看"
        return _card(update)

    return drawn


def _card(update: Update) -> str:
    return update.items[1]["html"].partition("看：</p>")[2].rpartition("</div>")[0].strip()


def text(card: str) -> str:
    """The words of a card, a space between its parts."""
    plain = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", card))).strip()
    return re.sub(r"(?<=¥) | (?=[。，（])|(?<=[，）]) ", "", plain)


def test_every_kind_of_card_is_drawn() -> None:
    assert set(DRAWN) == set(kinds.Card.__args__)  # type: ignore[attr-defined]


def test_a_bill(draw: Draw, bill: Bill) -> None:
    card = draw("bill", bill_no=bill.bill_no)
    assert text(card) == (
        "2026 年 11 月 12 月 18 日前 ¥140.20 怎么算的 峰段 178 度 101.10 谷段 108 度 31.10 "
        "第二档加价 160 度 8.00 看全部明细 2026 年 11 月"
    )
    assert f'href="/bills/{bill.bill_no}"' in card


def test_why_a_bill_changed(draw: Draw, bill: Bill) -> None:
    said = text(draw("change", bill_no=bill.bill_no))
    assert said.startswith("比 10 月多 ¥77.24 主要是每天用得多")
    assert said.endswith("11 月 ¥140.20 看 11 月账单")


def test_what_is_owed(draw: Draw, bill: Bill) -> None:
    card = draw("balance")
    assert text(card).startswith("现在要缴 ¥140.20 梧桐里 12 栋 502，12 月 18 日 前缴，还有 7 天")
    assert f'class="button wide primary" href="/pay/confirm?bill={bill.bill_no}"' in card


def test_the_use_of_a_day_a_month_a_year(draw: Draw, database: Database, account: Account) -> None:
    with database.unit_of_work() as session:
        _point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 1), date(2026, 12, 9))
    day = draw("usage", account_no=OWN, **{"from": "2026-12-09", "to": "2026-12-09"})
    assert text(day).startswith("12 月 9 日 4.8 度")
    assert 'role="img"' in day
    assert "用表格看" in text(day)
    month = draw("usage", account_no=OWN, **{"from": "2026-11-03", "to": "2026-11-20"})
    assert text(month).startswith("2026 年 11 月 144 度")
    assert 'href="/usage/2026-11"' in month
    year = draw("usage", account_no=OWN, **{"from": "2026-01-01", "to": "2026-12-10"})
    assert text(year).startswith("2026 187.2 度")
    assert 'href="/usage/2026"' in year


def test_use_of_an_account_that_is_not_the_chosen_one_is_reached_by_choosing_it(
    draw: Draw, database: Database, user: User, account: Account
) -> None:
    with database.unit_of_work() as session:
        second = move_in(session, user, account_no="420011875604", address="柳荫路 8 号")
        _point, meter = supply(session, second)
        use(session, meter, date(2026, 11, 1), date(2026, 11, 30))
        named(session, user, second, "爸妈家")
    card = draw("usage", account_no="420011875604", **{"from": "2026-11-01", "to": "2026-11-30"})
    assert text(card).startswith("2026 年 11 月 144 度 爸妈家")
    assert 'action="/accounts/420011875604/choose"' in card
    assert 'name="next" value="/usage/2026-11"' in card


def test_what_the_reader_is_told(draw: Draw, database: Database, user: User) -> None:
    with database.unit_of_work() as session:
        off = {("bill", each): False for each in ("sms", "wechat", "push", "mail")}
        choosing.choose(
            session, user.id, off, how="page", language="zh", words=lambda channel: channel
        )
        choosing.set_quiet(session, user.id, time(19), time(8))
    card = draw("notices")
    assert text(card).startswith("提醒设置 账单 只在消息里看 缴费结果 短信 缴费提醒 短信")
    assert "每天 19:00 到第二天早上 08:00 不发，" in text(card)
    assert 'class="button wide" href="/profile/notices"' in card


def test_the_tier(draw: Draw, database: Database, account: Account) -> None:
    with database.unit_of_work() as session:
        _point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 1), date(2026, 12, 9))
    assert "第一档" in text(draw("tier", account_no=OWN))


def test_a_payment_is_shown_and_not_made(
    draw: Draw, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        named(session, user, session.get_one(Account, OWN), "自己家")
    card = draw("payment", account_nos=[OWN], amount_fen=14020, bill_no=None, channel="wechat")
    assert text(card) == (
        "确认一下再付 给 自己家（户号 …5603）缴 ¥140.20。 去付 ¥140.20 下一页再确认一次才付款。"
    )
    assert f'class="button wide primary" href="/pay/confirm?bill={bill.bill_no}"' in card
    assert "<form" not in card


def test_an_amount_of_ones_own(draw: Draw, bill: Bill) -> None:
    card = draw("payment", account_nos=[OWN], amount_fen=5000)
    assert "缴 ¥50.00" in text(card)
    assert f'href="/pay/confirm?account={OWN}&amp;amount=50.00"' in card


def test_a_payment_that_is_not_needed_any_more_says_so(
    draw: Draw, database: Database, user: User, bill: Bill
) -> None:
    with database.unit_of_work() as session:
        pay(session, user, session.get_one(Bill, bill.bill_no))
    card = draw("payment", account_nos=[OWN], bill_no=bill.bill_no)
    assert text(card) == "这笔钱已经收到，正在记账。最迟 10 分钟，不用再付。"
    assert "/pay/confirm" not in card


def test_a_payment_of_what_was_paid_meanwhile_says_so(
    draw: Draw, database: Database, user: User, bill: Bill
) -> None:
    """Whether the card means one bill or all that the account owes."""
    with database.unit_of_work() as session:
        pay(session, user, session.get_one(Bill, bill.bill_no))
    on_its_way = draw("payment", account_nos=[OWN])
    assert text(on_its_way) == "这笔钱已经收到，正在记账。最迟 10 分钟，不用再付。"
    with database.unit_of_work() as session:
        session.get_one(Bill, bill.bill_no).settled_fen = bill.total_fen
    assert text(draw("payment", account_nos=[OWN])) == "已缴清，不用再付。"
    assert text(draw("payment", account_nos=[OWN], bill_no=bill.bill_no)) == "已缴清，不用再付。"


def test_a_payment_as_it_stands(draw: Draw, database: Database, user: User, bill: Bill) -> None:
    with database.unit_of_work() as session:
        order_no = pay(session, user, session.get_one(Bill, bill.bill_no)).order_no
    card = draw("paid", order_no=order_no)
    assert text(card).startswith("付款 到账中 ¥140.20 微信支付 · 今天 09:59")
    assert f'href="/payments/{order_no}"' in card


def test_a_request_and_its_steps(
    draw: Draw, database: Database, user: User, account: Account
) -> None:
    told = {"reason": "fast", "address": "梧桐里 12 栋 502", "phone": "13800002046"}
    with database.unit_of_work() as session:
        made = asking.apply(session, Asker.of_user(user.id), "meter_check", OWN, told, "a key")
    card = draw("request", request_no=made.request_no)
    assert made.request_no in text(card)
    assert '<ol class="steps">' in card
    assert f'href="/requests/{made.request_no}"' in card


def test_a_request_that_waits_says_for_what(
    draw: Draw, database: Database, user: User, account: Account
) -> None:
    told = {"reason": "fast", "address": "梧桐里 12 栋 502", "phone": "13800002046"}
    staff = create_user(database, "13800002099")
    with database.unit_of_work() as session:
        session.get_one(User, staff.id).staff_role = "agent"
        made = asking.apply(session, Asker.of_user(user.id), "meter_check", OWN, told, "a key")
        moving.pause(session, made.request_no, "哪天家里有人？", by=staff.id)
    card = draw("request", request_no=made.request_no)
    assert "等您回一句：哪天家里有人？" in text(card)
    assert "前" not in text(card).partition("受理号")[2].partition("等您回")[0]
    assert f'href="/requests/{made.request_no}"' in card


def test_a_photo_that_must_be_there_is_asked_for_as_such(draw: Draw, account: Account) -> None:
    assert "有照片就传上来，没有也行" in draw("photo", draft="a-draft")
    asked = draw("photo", draft="a-draft", required=True)
    assert "把照片传上来，没有照片办不了" in asked
    assert "没有也行" not in asked


def test_pages_by_name(draw: Draw, account: Account) -> None:
    assert 'href="/accounts/bind"' in draw("link", to="bind")
    assert 'href="/requests"' in draw("link", to="requests")
    assert 'href="/report"' in draw("link", to="follow")
    assert 'name="view" value="elder"' in draw("link", to="elder")
    assert draw("link", to="sign_in") == ""  # they have signed in
    assert 'href="/bills"' in draw("menu")


@pytest.mark.parametrize(("before", "now", "switch"), [(0, 1, "换回普通字"), (1, 0, "换成大字")])
def test_the_switch_of_letters_follows_the_profile(
    talk: Talk,
    client: FlaskClient,
    rasa: Rasa,
    user: User,
    database: Database,
    before: int,
    now: int,
    switch: str,
) -> None:
    """The assistant changes it in the very turn; what the browser keeps is from before."""
    post(client, "/display", view=("plain", "elder")[before])
    answers = says({"text": "看：", "card": {"kind": "link", "to": "elder"}})

    def changes(turn: Turn) -> None:
        with database.unit_of_work() as session:
            set_display(session, user.id, elder_mode=bool(now))
        answers(turn)

    rasa.behaviour = changes
    assert text(_card(talk.say("大字"))) == switch


@pytest.mark.parametrize(
    "card",
    [
        {"kind": "bill", "bill_no": "OTHERS"},
        {"kind": "change", "bill_no": "OTHERS"},
        {"kind": "payment", "account_nos": [OTHERS]},
        {"kind": "payment", "account_nos": [OWN, OTHERS]},
        {"kind": "payment", "account_nos": [OWN], "bill_no": "OTHERS"},
        {"kind": "usage", "account_no": OTHERS, "from": "2026-11-01", "to": "2026-11-30"},
        {"kind": "tier", "account_no": OTHERS},
        {"kind": "advice", "account_no": OTHERS},
        {"kind": "outages", "account_no": OTHERS},
        {"kind": "paid", "order_no": "D-of-a-neighbour"},
        {"kind": "invoice", "request_no": "F-of-a-neighbour"},
        {"kind": "request", "request_no": "XB2611210001"},
        {"kind": "bill", "bill_no": "../../profile"},
        {"kind": "bill", "bill_no": 7},
        {"kind": "bill"},
        {"kind": "bill", "bill_no": "B1", "amount_fen": 1},
        {"kind": "payment", "account_nos": []},
        {"kind": "payment", "account_nos": [OWN], "amount_fen": -1},
        {"kind": "usage", "account_no": OWN, "from": "2026-11-30", "to": "2026-11-01"},
        {"kind": "usage", "account_no": OWN, "from": "yesterday", "to": "2026-11-01"},
        {"kind": "link", "to": "https://elsewhere.test/"},
        {"kind": "script"},
        "menu",
    ],
)
def test_what_may_not_be_seen_is_nothing_at_all(
    talk: Talk, rasa: Rasa, account: Account, bill: Bill, others_bill: Bill, card: Any
) -> None:
    if isinstance(card, dict) and card.get("bill_no") == "OTHERS":
        card = {**card, "bill_no": others_bill.bill_no}
    rasa.behaviour = says({"text": "看：", "card": card})
    assert _card(talk.say("给我看")) == ""


@pytest.mark.parametrize(
    ("card", "role"),
    [
        ({"kind": "usage", "account_no": OWN, "from": "2026-11-01", "to": "2026-11-30"}, "payer"),
        ({"kind": "tier", "account_no": OWN}, "payer"),
        ({"kind": "payment", "account_nos": [OWN], "amount_fen": 100}, "enterprise_energy"),
    ],
)
def test_a_role_sees_no_more_than_on_the_pages(
    talk: Talk, rasa: Rasa, database: Database, user: User, card: Any, role: str
) -> None:
    with database.unit_of_work() as session:
        account = move_in(session, user, role, account_no=OWN)
        _point, meter = supply(session, account)
        use(session, meter, date(2026, 11, 1), date(2026, 11, 30))
    rasa.behaviour = says({"text": "看：", "card": card})
    assert "¥" not in text(_card(talk.say("给我看")))
    assert "度" not in text(_card(talk.say("再看")))


def test_a_stranger_sees_what_is_everybodys(talk: Talk, rasa: Rasa, bill: Bill, app: Flask) -> None:
    stranger = Talk(app.test_client())
    for card in (
        {"kind": "bill", "bill_no": bill.bill_no},
        {"kind": "balance"},
        {"kind": "notices"},
    ):
        rasa.behaviour = says({"text": "看：", "card": card})
        assert _card(stranger.say("给我看")) == ""
    rasa.behaviour = says({"text": "看：", "card": {"kind": "menu"}})
    menu = _card(stranger.say("能办什么"))
    assert 'href="/sign-in?next=/chat"' in menu
    assert 'href="/bills"' not in menu
    rasa.behaviour = says({"text": "看：", "card": {"kind": "link", "to": "sign_in"}})
    assert 'href="/sign-in?next=/chat"' in _card(stranger.say("登录"))


def test_an_old_card_shows_what_is_true_now_and_has_no_button_that_stands_out(
    talk: Talk, rasa: Rasa, database: Database, user: User, bill: Bill
) -> None:
    rasa.behaviour = says({"text": "看：", "card": {"kind": "balance"}})
    assert "primary" in _card(talk.say("要缴多少"))
    rasa.behaviour = says("好的。")
    talk.say("等等")
    page = talk.client.get("/chat").get_data(as_text=True)
    assert "¥140.20" in words(page) or "140.20" in words(page)
    assert "primary" not in page
    with database.unit_of_work() as session:
        pay(session, user, session.get_one(Bill, bill.bill_no))
    assert "到账中" in words(talk.client.get("/chat").get_data(as_text=True))


def test_whose_link_has_ended_sees_the_card_no_more(
    talk: Talk, rasa: Rasa, database: Database, user: User, bill: Bill
) -> None:
    rasa.behaviour = says({"text": "看：", "card": {"kind": "bill", "bill_no": bill.bill_no}})
    assert "140.20" in _card(talk.say("账单"))
    with database.unit_of_work() as session:
        from service.people import links

        links.unbind(session, user.id, OWN)
    assert "140.20" not in talk.client.get("/chat").get_data(as_text=True)


def test_a_card_that_cannot_be_drawn_takes_nothing_with_it(
    talk: Talk, rasa: Rasa, bill: Bill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_card: object) -> None:
        raise RuntimeError("lost")

    monkeypatch.setitem(DRAWN, kinds.BillCard, ("bill", broken))
    rasa.behaviour = says({"text": "看：", "card": {"kind": "bill", "bill_no": bill.bill_no}})
    update = talk.say("账单")
    assert update.texts == ["账单", "看："]
    assert update.status == 200


def test_the_way_that_was_named_is_ticked_on_the_page_of_paying(
    draw: Draw, app: Flask, bill: Bill
) -> None:
    from portal.pay.till import WAYS

    till = app.extensions["till"]
    offered = list(till.gateways)
    card = draw("payment", account_nos=[OWN], channel="alipay")
    assert ("way=alipay" in card) == ("alipay" in offered)
    assert set(offered) <= set(WAYS)


def test_another_customers_request_is_not_there(
    talk: Talk, rasa: Rasa, database: Database, user: User, account: Account, app: Flask
) -> None:
    told = {"reason": "fast", "address": "梧桐里 12 栋 502", "phone": "13800002046"}
    with database.unit_of_work() as session:
        made = asking.apply(session, Asker.of_user(user.id), "meter_check", OWN, told, "a key")
    create_user(database, "13800002047")
    other = Talk(app.test_client())
    sign_in(other.client, "13800002047")
    rasa.behaviour = says(
        {"text": "看：", "card": {"kind": "request", "request_no": made.request_no}}
    )
    assert _card(other.say("给我看")) == ""
    assert made.request_no in _card(talk.say("给我看"))


def test_a_stranger_learns_how_their_report_is_followed(
    talk: Talk, rasa: Rasa, database: Database
) -> None:
    talk.say("我家停电了")
    told = {"trouble": "no_power", "address": "梧桐里 12 栋 502", "phone": "13800002046"}
    with database.unit_of_work() as session:
        asker = Asker.of_conversation(session.scalars(select(Conversation.id)).one())
        made = asking.apply(session, asker, "outage_repair", None, told, "a key")
    rasa.behaviour = says(
        {"text": "登记了：", "card": {"kind": "request", "request_no": made.request_no}}
    )
    card = talk.say("好").html
    assert "以后凭受理号和电话后四位，随时能查。" in card
    assert 'href="/report"' in card
