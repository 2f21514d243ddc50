"""One spelling for periods as people type and say them: width, numerals, dialect, slips; pure."""

from __future__ import annotations

import re
import unicodedata

DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "幺": 1,
    "两": 2,
    "俩": 2,
    "仨": 3,
    "壹": 1,
    "贰": 2,
    "叁": 3,
}
UNITS = {"十": 10, "拾": 10, "百": 100, "千": 1000}
NUMERAL = re.compile(r"[零〇一二三四五六七八九十百千幺两俩仨壹贰叁拾廿卅]+")

# What is typed or said, and what is meant; longer ones first where one holds another.
SLIPS = (
    ("礼拜", "周"),
    ("星期", "周"),
    ("禮拜", "周"),
    ("個", "个"),
    ("週", "周"),
    ("這", "这"),
    ("號頭", "月"),
    ("號", "号"),
    ("号头", "月"),
    ("呢个", "这个"),
    ("呢期", "这期"),
    ("迭个", "这个"),
    ("迭期", "这期"),
    ("嘞个", "这个"),
    ("账单周期", "期"),
    ("抄表周期", "期"),
    ("抄表期", "期"),
    ("账期", "期"),
    ("个期", "期"),
    ("上各月", "上个月"),
    ("尚个月", "上个月"),
    ("这各月", "这个月"),
    ("头个月", "上个月"),
    ("本越", "本月"),
    ("双休日", "周末"),
    ("采暖季", "供暖季"),
    ("取暖季", "供暖季"),
    ("个越", "个月"),
    ("这越", "这月"),
    ("上越", "上月"),
    ("个岳", "个月"),
    ("昨田", "昨天"),
    ("作天", "昨天"),
    ("做天", "昨天"),
    ("咋天", "昨天"),
    ("今田", "今天"),
    ("旧年", "去年"),
    ("上年", "去年"),
    ("上一年", "去年"),
    ("头年", "去年"),
    ("年子", "年"),
    ("热天", "夏天"),
    ("当月", "这月"),
    ("当期", "这期"),
    ("儿个", "天"),
    ("昨个", "昨天"),
    ("今个", "今天"),
    ("明个", "明天"),
    ("昨儿", "昨天"),
    ("今儿", "今天"),
    ("明儿", "明天"),
    ("前儿", "前天"),
    ("后儿", "后天"),
)
# 去年夏天七八月份: the months say it, the season only frames them.
FRAMING = re.compile(
    r"(?<=年)的?[春夏秋冬][天季]里?[\s,，、的]*(?=(?:十[一二]?|[一二三四五六七八九]|\d){1,2}月)"
)
FILLER = re.compile(r"[\s,，。.!！?？、的嘛啊呀呢哈]+$|^[\s,，。.!！?？、在于从打自]+")


def spell(words: str) -> str:
    """Half width, lower case, slips mended; numerals stay as they are."""
    text = unicodedata.normalize("NFKC", words).lower().strip()
    for said, meant in SLIPS:
        text = text.replace(said, meant)
    text = FRAMING.sub("", FILLER.sub("", text))
    return re.sub(r"(?<=[\u4e00-\u9fff\d])\s+(?=[\u4e00-\u9fff\d])", "", text)


def in_digits(text: str, names: str) -> str:
    """Chinese numerals as digits: 二零二六年 2026年, 十一月 11月, 廿五号 25号, 七八月 7月到8月.

    `names` is a pattern of holidays, whose numerals stay: 双十一, 五一.
    """
    text = re.sub(
        r"(?<![一-十])([一二三四五六七八九])([一二三四五六七八九])(?=月)", _two_months, text
    )
    pattern = rf"(?P<name>{names})(?![月号日点个]|天前)|{NUMERAL.pattern}"
    return re.sub(pattern, lambda said: said["name"] or str(value(said.group())), text)


def _two_months(found: re.Match[str]) -> str:
    return f"{found.group(1)}月到{found.group(2)}"


def value(numeral: str) -> int | str:
    """The number a numeral says, digit by digit or with units.

    >>> value("二零二六"), value("十一"), value("一百二十")
    ('2026', 11, 120)
    """
    numeral = numeral.replace("廿", "二十").replace("卅", "三十")
    if not any(sign in UNITS for sign in numeral):
        return "".join(str(DIGITS[sign]) for sign in numeral)
    total, digit = 0, None
    for sign in numeral:
        if sign in UNITS:
            total += (1 if digit is None else digit) * UNITS[sign]
            digit = None
        else:
            digit = DIGITS[sign]
    return total + (digit or 0)
