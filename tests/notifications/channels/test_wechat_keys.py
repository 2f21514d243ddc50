"""What each type of key takes, as WeChat documents it, and what is made fit."""

import pytest

from notifications.channels.wechat_keys import UnfitError, fit, fitted, most


@pytest.mark.parametrize(
    ("key", "value", "fits"),
    [
        ("thing1", " 江城路 18 号\n3 栋 ", "江城路 18 号 3 栋"),
        (
            "thing2",
            "一二三四五六七八九十一二三四五六七八九十",
            "一二三四五六七八九十一二三四五六七八九十",
        ),
        (
            "thing3",
            "一二三四五六七八九十一二三四五六七八九十一",
            "一二三四五六七八九十一二三四五六七八九…",
        ),
        ("amount4", "¥1,234.50", "¥1234.50"),
        ("amount5", "149.51 元", "149.51元"),
        ("time6", "2026 年 3 月 1 日 8:30", "2026年3月1日 8:30"),
        ("time7", "9:00~11:30", "9:00~11:30"),
        ("date8", "2026 年 3 月 18 日", "2026年3月18日"),
        ("phrase9", "待 缴", "待缴"),
        ("character_string10", "3300 0000 0018", "330000000018"),
        ("number11", "-12.5", "-12.5"),
        ("phone_number12", "+86-0711-96000", "+86-0711-96000"),
        ("car_number13", "鄂A8Z888挂", "鄂A8Z888挂"),
        ("const14", "居民用电", "居民用电"),
        ("name15", "周*宁", "周*宁"),
        ("letter16", "ABC", "ABC"),
        ("symbol17", "!", "!"),
    ],
)
def test_a_value_is_made_fit(key: str, value: str, fits: str) -> None:
    assert fit(key, value) == fits


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "  \n "),
        ("amount1", "一百元"),
        ("amount1", "12345678901.00"),
        ("time1", "25:00"),
        ("time1", "明天"),
        ("date1", "3 月 18 日"),
        ("phrase1", "一二三四五六"),
        ("phrase1", "paid"),
        ("character_string1", "户号"),
        ("character_string1", "1" * 33),
        ("number1", "1e5"),
        ("number1", "1" * 33),
        ("phone_number1", "1" * 18),
        ("car_number1", "鄂A8Z88888挂"),
        ("const1", "一" * 21),
        ("name1", "a" * 21),
        ("letter1", "a1"),
        ("symbol1", "a"),
        ("first", "旧的"),
        ("thing", "没有号"),
        ("thing123", "号太长"),
    ],
)
def test_what_cannot_be_mended_is_refused_by_its_key(key: str, value: str) -> None:
    with pytest.raises(UnfitError) as unfit:
        fit(key, value)
    assert unfit.value.key == key


def test_all_keys_of_a_message_at_once() -> None:
    assert fitted({"thing1": "a\nb", "amount2": "1 元"}) == {"thing1": "a b", "amount2": "1元"}


def test_how_long_a_key_may_be() -> None:
    assert (most("thing1"), most("phrase2"), most("character_string3")) == (20, 5, 32)
