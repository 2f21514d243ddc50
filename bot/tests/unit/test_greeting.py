"""What is said after a greeting."""

import pytest

from channels.greeting import after_greeting


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("喂喂 你好 是供电局不 我屋里那个电费还差好多钱", "我屋里那个电费还差好多钱"),
        ("你好，请问怎么开发票", "怎么开发票"),
        ("您好！在吗？我家停电了", "我家停电了"),
        ("早上好，这里是供电公司吗 我要报修", "我要报修"),
        ("Hello there, how much is my bill", "how much is my bill"),
        ("你好啊 我想问一哈我屋里停电了", "我屋里停电了"),
        ("你好", ""),
        ("喂喂，在吗", ""),
        ("hi there!", ""),
        ("你好呀", ""),
        ("早上停电了", ""),
        ("history of my bills", ""),
        ("我家停电了你好", ""),
    ],
)
def test_what_is_said_after_a_greeting(text: str, rest: str) -> None:
    assert after_greeting(text) == rest
