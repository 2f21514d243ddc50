"""The chat in a real browser: words and buttons, a lost line, a person, every size and theme."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import (
    DESK,
    PHONE,
    Visit,
    come_to_work,
    pass_the_door,
    sign_in,
    violations,
    weight,
)
from tests.e2e.test_pages import chinese_words, scrolls_sideways
from tests.house import House
from tests.portal.chat.rasa import Rasa, Turn, says, standing

pytestmark = pytest.mark.browser

OWN = "420011875603"
BUTTONS = [
    {"title": "为什么这么多", "payload": "/explain_bill"},
    {"title": "不用", "payload": "/deny"},
]


@pytest.fixture
def rasa(house: House) -> Iterator[Rasa]:
    """The assistant of the house, played by the test."""
    with standing(house.place.assistant_port) as server:
        yield server


def chat(house: House, page: Page, name: str = "王春华") -> None:
    sign_in(house, page, name)
    page.goto("/chat")


def say(page: Page, text: str) -> None:
    page.fill("#say-text", text)
    page.press("#say-text", "Enter")


def newest(page: Page):  # type: ignore[no-untyped-def]
    return page.locator(".chat .said").last


def test_words_buttons_and_answers_one_after_the_other(
    house: House, visit: Visit, rasa: Rasa
) -> None:
    page = visit(viewport=PHONE).new_page()
    chat(house, page)
    rasa.behaviour = says(
        "这是您要缴的。",
        {"text": "一共这些。", "card": {"kind": "balance"}, "buttons": BUTTONS},
    )
    say(page, "我要缴多少")
    expect(page.locator(".bubble.mine").last).to_have_text("您说：我要缴多少")
    expect(page.locator("#say-text")).to_have_value("")
    expect(newest(page)).to_contain_text("一共这些。")
    expect(newest(page).locator(".button.primary")).to_have_text("去缴费")
    expect(page.locator("#say-text")).to_be_focused()
    rasa.behaviour = says("天冷，用得多。")
    page.get_by_role("button", name="为什么这么多").click()
    expect(newest(page)).to_contain_text("天冷，用得多。")
    expect(page.locator(".bubble.mine").last).to_have_text("您说：为什么这么多")
    assert (rasa.questions[-1]["text"], rasa.questions[-1]["payload"]) == ("/explain_bill", True)
    expect(page.locator(".under .replies")).to_have_count(0)
    expect(page.locator(".chat .primary")).to_have_count(0)
    page.reload()
    expect(newest(page)).to_contain_text("天冷，用得多。")


def test_somebody_writing_is_seen(house: House, visit: Visit, rasa: Rasa) -> None:
    page = visit().new_page()
    chat(house, page)
    seen = threading.Event()

    def once_it_is_seen(turn: Turn) -> None:
        seen.wait(10)
        says("在的。")(turn)

    rasa.behaviour = once_it_is_seen
    say(page, "在吗")
    expect(page.locator(".typing")).to_be_visible()
    seen.set()
    expect(newest(page)).not_to_contain_text("在吗")
    expect(page.locator(".typing")).to_be_hidden()


def test_a_message_that_never_left_goes_out_by_one_press_and_once(
    house: House, visit: Visit, rasa: Rasa
) -> None:
    page = visit(viewport=PHONE).new_page()
    chat(house, page)
    page.route("**/chat/say", lambda route: route.abort())
    say(page, "线断的时候说的")
    again = page.get_by_role("button", name="没发出去，再发一次")
    expect(again).to_be_visible()
    assert rasa.questions == []
    page.unroute("**/chat/say")
    again.click()
    expect(newest(page)).to_contain_text("在的。")
    expect(again).to_have_count(0)
    page.reload()
    expect(page.get_by_text("线断的时候说的")).to_have_count(1)
    assert len(rasa.questions) == 1


def test_an_answer_that_was_lost_on_the_way_is_fetched_and_nothing_is_said_twice(
    house: House, visit: Visit, rasa: Rasa
) -> None:
    page = visit().new_page()
    chat(house, page)

    def arrive_and_be_lost(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/chat/say", arrive_and_be_lost, times=1)
    say(page, "只说一遍")
    page.get_by_role("button", name="没发出去，再发一次").click()
    expect(newest(page)).to_contain_text("在的。")
    page.reload()
    expect(page.get_by_text("只说一遍")).to_have_count(1)
    assert [each["text"] for each in rasa.questions] == ["只说一遍"]


def test_what_was_said_without_a_net_goes_out_by_itself(
    house: House, visit: Visit, rasa: Rasa
) -> None:
    context = visit(viewport=PHONE)
    page = context.new_page()
    chat(house, page)
    context.set_offline(True)
    expect(page.get_by_text("网断了。已经说的都在，连上就接着来。")).to_be_visible()
    say(page, "没网的时候说的")
    expect(page.get_by_role("button", name="没发出去，再发一次")).to_be_visible()
    context.set_offline(False)
    expect(newest(page)).to_contain_text("在的。")
    expect(page.locator("[data-offline]")).to_be_hidden()
    assert [each["text"] for each in rasa.questions] == ["没网的时候说的"]


def test_without_the_assistant_the_menu_and_a_person_are_there(house: House, visit: Visit) -> None:
    page = visit(viewport=PHONE).new_page()
    chat(house, page, "陈安然")
    say(page, "有人吗")
    expect(newest(page)).to_contain_text("灯火这会儿答不上来")
    expect(newest(page).get_by_role("link", name="看账单")).to_be_visible()
    assert violations(page) == []
    newest(page).get_by_role("button", name="找人工").click()
    expect(page.locator(".under")).to_contain_text("下一个就是您")
    page.get_by_role("button", name="不等了").click()
    expect(newest(page)).to_contain_text("不找人工了，灯火接着帮您")


def test_a_person_answers(house: House, visit: Visit, rasa: Rasa) -> None:
    page = visit(viewport=PHONE).new_page()
    chat(house, page, "王守山")
    say(page, "电表转得不对")
    expect(newest(page)).to_contain_text("在的。")
    page.locator("[data-person] button").click()
    expect(page.locator(".under")).to_contain_text("下一个就是您")

    desk = visit(viewport=DESK).new_page()
    come_to_work(house, desk, "林小满")
    desk.goto("/desk/conversations")
    desk.get_by_role("button", name="接待").first.click()
    desk.fill("#text", "您好，我是小林。")
    desk.get_by_role("button", name="发出", exact=True).click()

    expect(newest(page)).to_contain_text("您好，我是小林。", timeout=20_000)
    expect(page.get_by_text("林*满，人工")).to_be_visible()
    say(page, "谢谢")
    expect(page.locator(".delivery")).to_have_text("发出了")
    assert rasa.questions[-1]["held"] is True
    assert violations(page) == []
    desk.get_by_role("button", name="交回给助手").click()
    expect(page.locator(".under")).to_contain_text("刚才的人工服务", timeout=20_000)
    page.get_by_label("很好", exact=True).check()
    page.get_by_role("button", name="告诉我们").click()
    expect(page.locator(".under")).to_contain_text("记下了，谢谢您。")


def test_everything_by_form_where_there_is_no_script(
    house: House, visit: Visit, rasa: Rasa
) -> None:
    page = visit(viewport=PHONE, javascript=False).new_page()
    chat(house, page)
    rasa.behaviour = says({"text": "一共这些。", "card": {"kind": "balance"}, "buttons": BUTTONS})
    say(page, "我要缴多少")
    page.wait_for_url("**/chat#latest")
    expect(newest(page)).to_contain_text("一共这些。")
    page.get_by_role("button", name="为什么这么多").click()
    expect(newest(page)).to_contain_text("一共这些。")
    assert rasa.questions[-1]["text"] == "/explain_bill"


def test_the_panel_opens_beside_a_page_and_gives_the_focus_back(
    house: House, visit: Visit, rasa: Rasa
) -> None:
    page = visit(viewport=DESK).new_page()
    sign_in(house, page, "王春华")
    page.goto("/bills")
    launcher = page.locator("[data-panel]")
    launcher.focus()
    page.keyboard.press("Enter")
    panel = page.locator(".talk-panel")
    expect(panel.locator("#say-text")).to_be_focused()
    say(page, "在吗")
    expect(panel.locator(".said").last).to_contain_text("在的。")
    assert violations(page) == []
    page.goto("/usage")
    expect(page.locator(".talk-panel .said").last).to_contain_text("在的。")
    page.locator(".talk-panel #say-text").focus()
    page.keyboard.press("Escape")
    expect(page.locator(".talk-panel")).to_have_count(0)
    expect(launcher).to_be_focused()


def test_the_whole_chat_by_keyboard(house: House, visit: Visit, rasa: Rasa) -> None:
    page = visit(viewport=DESK).new_page()
    chat(house, page)
    rasa.behaviour = says({"text": "要看吗？", "buttons": BUTTONS})
    page.focus("#say-text")
    page.keyboard.type("看看")
    page.keyboard.press("Enter")
    expect(page.locator(".under .replies .button")).to_have_count(2)
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="不用")).to_be_focused()
    rasa.behaviour = says("好的。")
    page.keyboard.press("Enter")
    expect(newest(page)).to_contain_text("好的。")
    expect(page.locator("#say-text")).to_be_focused()


def test_a_stranger_is_led_to_the_door_and_back(house: House, visit: Visit, rasa: Rasa) -> None:
    page = visit(viewport=PHONE).new_page()
    page.goto("/chat")
    rasa.behaviour = says({"text": "登录以后就能看。", "card": {"kind": "link", "to": "sign_in"}})
    say(page, "我的电费多少")
    newest(page).get_by_role("link", name="登录").click()
    page.wait_for_url("**/sign-in?next=/chat")
    pass_the_door(house, page, "王春华")
    page.wait_for_url("**/chat")
    expect(page.get_by_text("我的电费多少")).to_have_count(1)


@pytest.mark.parametrize(
    ("viewport", "theme", "language", "elder"),
    [
        (PHONE, "light", "zh", False),
        (PHONE, "dark", "en", False),
        (DESK, "light", "en", False),
        (DESK, "dark", "zh", False),
        (PHONE, "light", "zh", True),
        (PHONE, "dark", "zh", True),
    ],
)
def test_every_card_is_accessible(
    house: House,
    visit: Visit,
    rasa: Rasa,
    viewport: dict[str, int],
    theme: str,
    language: str,
    elder: bool,
) -> None:
    """axe-core finds nothing in any size, theme and language, and nothing hangs over the edge."""
    page = visit(viewport=viewport, color_scheme=theme).new_page()
    sign_in(house, page, "王春华")
    page.goto("/bills")
    link = page.locator("main .rows a.row").first.get_attribute("href") or ""
    bill_no = link.rpartition("/")[2]
    page.goto("/usage")
    day = page.locator("main a[href*='/usage/20'][href*='-']").first.get_attribute("href") or ""
    month = day.rpartition("/")[2][:7]
    if elder:
        cookie = {"name": "view", "value": "elder", "url": house.place.portal}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"/chat?lang={language}")
    cards = [
        {"kind": "bill", "bill_no": bill_no},
        {"kind": "change", "bill_no": bill_no},
        {"kind": "usage", "account_no": OWN, "from": f"{month}-01", "to": f"{month}-20"},
        {"kind": "usage", "account_no": OWN, "from": f"{month}-02", "to": f"{month}-02"},
        {"kind": "usage", "account_no": OWN, "from": f"{month[:4]}-01-01", "to": f"{month}-20"},
        {"kind": "tier", "account_no": OWN},
        {"kind": "advice", "account_no": OWN},
        {"kind": "outages", "account_no": None},
        {"kind": "halls"},
        {"kind": "photo", "draft": "a-draft"},
    ]
    more = [
        {"kind": "menu"},
        {"kind": "link", "to": "bind"},
        {"kind": "balance"},
        {"kind": "payment", "account_nos": [OWN], "channel": "wechat"},
    ]
    for part in (cards, more):
        rasa.behaviour = says(*({"text": "Here.", "card": card} for card in part))
        before = page.locator(".said[data-id]").count()
        say(page, "show me")
        expect(page.locator(".said[data-id]")).to_have_count(before + len(part) + 1, timeout=30_000)
    shown = page.locator(".said:has(> .card), .said:has(> .replies), .said:has(> form)")
    assert shown.count() >= len(cards) + len(more) - 1  # nothing may be off in the town
    assert violations(page) == []
    assert not scrolls_sideways(page)
    if language == "en":
        assert chinese_words(page) == []


def test_the_chat_weighs_little(house: House, visit: Visit, rasa: Rasa) -> None:
    page = visit().new_page()
    sign_in(house, page, "江城暖阳纺织有限公司")
    assert weight(page, "/chat") <= 50 * 1024
