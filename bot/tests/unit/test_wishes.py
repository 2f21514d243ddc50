"""Two wishes in one message: parted where both halves are clear by themselves."""

import pytest

from channels.wishes import parted, told_by_words

WORDS = {
    "冒火花": "emergency",
    "上个月电费": "query_bill",
    "这么高": "explain_bill",
    "来电": "outage_info",
    "发票": "request_invoice",
    "缴": "pay_bill",
    "bill": "query_bill",
    "outage": "outage_info",
    "你好": "greet",
}


async def read(text):
    """Understands by the first word it knows, and nothing else."""
    name = next((intent for word, intent in WORDS.items() if word in text), "nlu_fallback")
    return {"intent": {"name": name, "confidence": 0.9}}


@pytest.mark.parametrize(
    ("text", "halves"),
    [
        ("查一下上个月电费，顺便看看什么时候来电", ["查一下上个月电费", "看看什么时候来电"]),
        ("我要缴费，另外开张发票", ["我要缴费", "开张发票"]),
        ("上个月电费多少？什么时候来电？", ["上个月电费多少", "什么时候来电？"]),
        ("show my bill and also is there an outage", ["show my bill", "is there an outage"]),
        ("看看上个月电费，还有插座冒火花了", ["插座冒火花了", "看看上个月电费"]),
    ],
)
def test_two_wishes_are_served_in_their_order_and_danger_first(run, text, halves):
    assert [half for half, _ in run(parted(text, read))] == halves


@pytest.mark.parametrize(
    "text",
    [
        "上个月电费380。怎么这么高",
        "上个月电费还有多少没缴",
        "你好，顺便问下上个月电费",
        "上个月电费，顺便问下那个什么",
        "看看上个月电费，再看看上个月电费明细，另外还是上个月电费",
        "上个月电费",
        "顺便",
    ],
)
def test_one_wish_stays_whole(run, text):
    assert run(parted(text, read)) == []


def test_a_half_that_is_doubtful_parts_nothing(run):
    async def doubtful(text):
        return {"intent": {"name": (await read(text))["intent"]["name"], "confidence": 0.4}}

    assert run(parted("我要缴费，另外开张发票", doubtful)) == []


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("我有哪些申请", "request_status"),
        ("我办过哪些业务", "request_status"),
        ("我现在有几个申请？", "request_status"),
        ("Which requests do I have?", "request_status"),
        ("Show my applications", "request_status"),
        ("我能办哪些业务", None),
        ("我想办什么业务都行吗", None),
        ("What can I apply for?", None),
        ("我要报停", "complaint"),
        ("报停要什么手续？", None),
        ("报停电", None),
    ],
)
def test_words_may_leave_no_doubt(text, intent):
    assert told_by_words(text) == intent
