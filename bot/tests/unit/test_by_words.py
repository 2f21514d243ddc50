"""Questions that name their entry of the FAQ by their words, and those that only look like them."""

import pytest
from conftest import message

from actions import faq
from actions.by_words import FAMILIES, named_by

CUT_OFF = "欠了电费，多久会停电？"
PAID_FOR_SOLAR, SEEN_OF_SOLAR = "光伏用不完的电，怎么算钱？", "光伏发的电在哪里看？"
FACTOR, DEMAND = "功率因数是什么，为什么多收了我司的钱？", "最大需量是什么？"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.question)
def test_every_family_has_its_entry(family):
    assert faq.by_question(family.question)


@pytest.mark.parametrize(
    "text",
    [
        "会不会给我断电啊",
        "我不交电费你们会断我的电吗",
        "欠费不交会断电吗",
        "你们要掐我的电吗",
        "我会被停电吗",
        "没钱了会马上停电吗",
        "欠费会断电吗",
        "欠费多少会停电",
        "欠多少钱会停电",
        "欠几块钱就要断电吗",
        "要是这个月没钱交，电会被停吗",
        "缴不起是不是要拉闸？",
        "电费没交，明天会不会断电",
        "再不交是不是就断电了",
        "听说欠费超过一个月就要拉闸",
        "电费忘记交了会马上停吗",
        "是不是马上就要给我停电了",
        "老人一个人在家，没交上电费，会不会停她的电",
        "will you cut me off if I can't pay",
        "will my power be cut off",
    ],
)
def test_whoever_fears_to_be_cut_off_hears_when_that_may_be(text):
    assert faq.find(text).best.question == CUT_OFF


@pytest.mark.parametrize(
    "text",
    [
        "断电了",
        "停电了吗怎么回事",
        "我家怎么没电了，是不是欠费",
        "家里停电了是不是欠费了",
        "下大雨会停电吗",
        "明天会停电吗",
        "我家明天会被停电吗",
        "我们小区会停电吗",
        "停电是不是因为欠费啊，先帮我看看欠没欠",
        "收到催费短信，说要停电，到底欠了几钱",
        "欠到会被停电的程度了吗，欠多少",
        "别给我断电啊我马上交,怎么付",
        "欠费被停电了，交完什么时候来电",
        "有人打电话说我欠费要断电，是真的吗",
        "家里用呼吸机，欠费会断电吗",
        "会不会断网啊我没钱交话费",
        "will the power be cut off tomorrow for maintenance",
    ],
)
def test_outages_sums_fraud_and_machines_are_other_matters(text):
    assert named_by(text) != CUT_OFF


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("家里用呼吸机，欠费会断电吗", "家里有人靠机器维持生命，欠费会停电吗？"),
        ("家里用呼吸机，欠费断电了怎么办", None),
        ("商业用电违约金是多少", "企业晚缴电费，违约金是多少？"),
        ("商户欠费违约金比例是多少", "企业晚缴电费，违约金是多少？"),
        ("违约金按每天千分之几收", "违约金怎么算？"),
        ("我司上期的违约金是多少", None),
        ("生意不好，能分期吗", "一次缴不起，能分期吗？"),
        ("can I pay in instalments", "一次缴不起，能分期吗？"),
        ("空调能分期买吗", None),
        ("手机能分期吗", None),
        ("话费余额能退吗", None),
        ("话费欠了会停吗", None),
        ("孩子发烧多少度要去医院", None),
        ("余额能退吗", "账上多出来的钱能退吗？"),
        ("钱充多了能退吗", "账上多出来的钱能退吗？"),
        ("余额还有多少", None),
        ("昨天我家发电多少", SEEN_OF_SOLAR),
        ("我上个月往电网送了多少电", SEEN_OF_SOLAR),
        ("光伏自己用掉的不算，上月从电网买了多少度", None),
        ("光伏一共收入多少", PAID_FOR_SOLAR),
        ("上网电价是多少", PAID_FOR_SOLAR),
        ("余电上网在哪办", None),
        ("功率因数是多少", FACTOR),
        ("上个月力调电费多少", FACTOR),
        ("为什么这个月力调电费罚了五百", None),
        ("上个月最大需量多少", DEMAND),
        ("上个月用了多少度", None),
    ],
)
def test_a_question_is_of_one_family_or_of_none(text, question):
    assert named_by(text) == question


@pytest.mark.parametrize(
    ("action", "intent", "text", "question"),
    [
        ("action_outage_info", "outage_info", "我会被停电吗", CUT_OFF),
        ("action_query_balance", "query_balance", "欠费会断电吗", CUT_OFF),
        (
            "action_query_tariff",
            "query_tariff",
            "商业用电违约金是多少",
            "企业晚缴电费，违约金是多少？",
        ),
        ("action_query_usage", "query_usage", "我上个月往电网送了多少电", SEEN_OF_SOLAR),
        ("action_query_usage", "query_usage", "我们厂上个月最大需量多少", DEMAND),
        ("action_query_balance", "query_balance", "余额能退吗", "账上多出来的钱能退吗？"),
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_it_is_answered_whatever_it_was_taken_for(
    act, portal, action, intent, text, question, signed_in
):
    done = act(action, message(text, intent, period="上个月"), signed_in=signed_in)
    assert done.said == [faq.by_question(question).words("zh", "96000")]
    assert portal.calls == []


def test_the_late_charge_is_told_for_homes_and_for_all_others():
    charge = faq.by_question("违约金怎么算？")
    assert "居民每天收欠的电费的千分之一" in charge.zh
    assert "欠当年的电费每天千分之二，跨到下一年的那些天千分之三" in charge.zh
    assert "居民是每天千分之一" in faq.by_question("企业晚缴电费，违约金是多少？").zh


def test_a_prepaid_meter_is_said_to_be_different():
    assert "先充后用的不一样：余额用完就可能停" in faq.by_question(CUT_OFF).zh
