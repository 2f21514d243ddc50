"""Questions whose words alone name the FAQ's entry, whatever else in them is known or figures.

Most questions are found by likeness (actions.faq). These are asked in so many ways, or so near to
another wish (to pay, to report, to see one's usage), that likeness and intent lead astray.
"""

import re
from dataclasses import dataclass

from components.characters import plain


@dataclass(frozen=True)
class Family:
    """Of one entry: all of `signs` stand in the text and `other`, another matter, does not."""

    question: str
    signs: tuple[re.Pattern[str], ...]
    other: re.Pattern[str]

    def has(self, text: str) -> bool:
        return all(sign.search(text) for sign in self.signs) and not self.other.search(text)


def _family(question: str, *signs: str, other: str = r"(?!)") -> Family:
    return Family(question, tuple(re.compile(sign) for sign in signs), re.compile(other))


_ASKS = (
    r"吗|么|嘛|啊|呀|呢|伐|[?？]|不$|会不会|要不要|是不是|怎样|怎么|如何|多久|几天|几时|"
    r"什么时候|啥时|多少|听说|怕|\b(?:will|would|when|how|what|can|could|do|does|am|are|is)\b"
)
_CUT = (
    r"[断停掐拉切剪](?:了|掉|我|俺|咱|他|她|们|家|店|铺|厂|的|里)*(?:电(?![话视脑梯瓶影价费表])|闸)"
)
_CUT_OFF = rf"{_CUT}|[会上刻]停[吗不么]|电[会要]不?[会要]?被[断停掐]|停止供电"
_DEBT = (
    r"欠|(?:不|没|未|晚|迟|忘了?).{0,3}[交缴付]|逾期|拖着|没钱|钱.{0,2}用[完光]|[交缴]不[起上]|"
    r"余额.{0,4}(?:没|不足|不够|用完|用光)|生意不好|手头紧"
)
_TO_ME = (
    rf"电[会要]不?[会要]?被[断停掐]|[会要]不?[会要]?.{{0,3}}(?:被|给我|把我|给俺|把俺|把咱).{{0,3}}(?:{_CUT}|电.{{0,2}}[断停掐拉切])|"
    r"(?:会|要|准备|打算)不?[会要]?.{0,3}[断停掐拉切][掉了]?[我俺咱].{0,4}[电闸]"
)
_NOT_OURS = r"话费|手机|宽带|水费|燃气|暖气|游戏|会员|phone"
_OFF = r"^(?!.*(?:就|马上|会|要).{0,3}[断停掐拉].{0,3}电了).*(?:电了|[停断]了)"
"""Power is off already; 再不交就断电了 is not yet."""
_MACHINE = r"呼吸机|制氧|氧气|透析|吸痰|保命|救命|机器|病人|ventilator|oxygen|dialysis"
_NOT_CUT = (
    rf"{_MACHINE}|{_OFF}|已经|来电|恢复|送电|复电|通电|"
    r"打电话|短信|转钱|转账|骗|是因为|是不是因为|查|看看|怎么[付交缴]|"
    rf"(?:多少|几[多钱块])(?!钱?.{{0,2}}[会才就要])|检修|计划|限电|小区|这片|附近|说要停|{_NOT_OURS}"
)
"""Power that is off, what machines keep alive, fraud, the sum owed, and outages of a place."""
_DAY = r"今[天晚日]|明[天早晚日]|后天|周[一二三四五六日末]|星期|礼拜|\d[点号日]"
"""Who names a day and no debt asks about planned outages."""

_ENGLISH_CUT = (
    r"(?:cut|switch|turn|shut)\w* .{0,24}\boff\b|\bcut\w* (?:me|us|my)\b|disconnect|"
    r"(?:lose|stop) (?:my|our) (?:power|electricity|supply)"
)
_PV = (
    r"光伏|太阳能|上网电|余电|卖电|卖给(?:电网|国家|你们)|[送倒]?往?电网.{0,3}[送卖]|送.{0,4}电网|"
    r"家.{0,4}发电|板子.{0,6}发|\bsolar\b|\bpv\b|feed.?in|\bexported\b"
)
_NOT_PV = (
    r"装|申请|并网|登记|哪办|怎么办|咋办|报[装名]|手续|发电机|停电|从电网|电费单|账单|自用以后|"
    r"apply|install|connect|register|outage"
)

FAMILIES = (
    _family(
        "家里有人靠机器维持生命，欠费会停电吗？",
        _MACHINE,
        _CUT_OFF,
        _DEBT,
        _ASKS,
        other=_OFF,
    ),
    _family(
        "欠了电费，多久会停电？",
        _CUT,
        _DEBT,
        r"会|要|多久|几天|几时|什么时候|啥时|马上|就",
        _ASKS,
        other=_NOT_CUT,
    ),
    _family("欠了电费，多久会停电？", _TO_ME, _ASKS, other=rf"{_NOT_CUT}|{_DAY}"),
    _family(
        "欠了电费，多久会停电？",
        _ENGLISH_CUT,
        r"\bwill\b|\bwould\b|going to|\bwhen do\b|\bcan (?:you|they)\b",
        r"\b(?:me|us|my power|my electricity|my supply|our)\b|\b(?:pay|paid|owe|unpaid|overdue)\b",
        other=r"tomorrow|today|maintenance|planned|remind|message|notif|autopay|back on|restor",
    ),
    _family(
        "企业晚缴电费，违约金是多少？",
        r"违约金|滞纳金|late (?:charge|fee)",
        r"商|企业|公司|我司|单位|厂|店|铺|工业|business|shop|company|firm|factory",
        r"多少|几|比例|怎么[算收]|咋[算收]|标准|费率|\bhow\b|\bwhat\b|\brate\b",
        other=r"一共|总共|[上下这本]个?[月期]|账单|单子|欠了多少|多少钱|[去免]掉|撤|退|my bill",
    ),
    _family(
        "违约金怎么算？",
        r"(?:违约金|滞纳金).{0,6}(?:怎么[算收]|咋[算收]|比例|标准|千分之几|[每一]天)",
        other=r"[上下这本]个?[月期]|账单|单子|算出来|商|企业|公司|我司|单位|厂|店|铺|工业",
    ),
    _family(
        "一次缴不起，能分期吗？",
        r"分期|分(?:成)?[几两二三四多]?个?(?:次|笔|回|月)[来再]?[交缴付还]|分批[交缴付]|instal+ments?\b",
        other=r"手机|买车|房贷|花呗|白条|信用卡|[空调冰箱]{2}|phone|\bcar\b",
    ),
    _family(
        "账上多出来的钱能退吗？",
        r"(?:余额|余钱|剩下?的钱|预存的?|[多充存]的钱|[充存]多了).{0,6}[退取提](?!醒)",
        _ASKS,
        other=_NOT_OURS,
    ),
    _family(
        "光伏用不完的电，怎么算钱？",
        _PV,
        r"价|多少钱|[每一]度|几[块毛分]|收入|收益|[赚挣]|卖了|结算|怎么算|\bprice|\bpaid\b|\bearn|income",
        other=_NOT_PV,
    ),
    _family(
        "光伏发的电在哪里看？",
        _PV,
        r"多少|几[度个]|几多|怎么查|在哪|how (?:much|many)|kwh",
        other=_NOT_PV,
    ),
    _family(
        "功率因数是什么，为什么多收了我司的钱？",
        r"功率因[数素]|力调|无功|power factor",
        r"多少|几|[查看]|\bwhat\b|how much",
        other=r"为什么|为啥|怎么这么|怎么来|罚|错",
    ),
    _family(
        "最大需量是什么？",
        r"最大需量|需量(?![电费价])|max\w* demand|peak demand",
        r"多少|几|[查看]|\bwhat\b|how (?:much|high)",
        other=r"怎么来|合同|账单|[电单]价|一千瓦|每千瓦|错|price",
    ),
)


def named_by(text: str) -> str | None:
    """The question of the entry that these words name; None for all that is found by likeness."""
    said = plain(text)
    return next((family.question for family in FAMILIES if family.has(said)), None)
