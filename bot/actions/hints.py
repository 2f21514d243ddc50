"""Words by which people say a choice of a request without naming it, by the choice's value.

Only help: a choice without words here, as a new kind of request may have, is simply asked for.
"""

import re

HINTS: dict[str, re.Pattern[str]] = {
    value: re.compile(words, re.IGNORECASE)
    for value, words in {
        # power failure or fault
        "part": r"一半|一部分|部分没电|有的.{0,6}没电|就.{1,6}没电|缺.{0,2}相|少一相|half of"
        r"|part of|one room|some rooms",
        "voltage": r"电压|一闪|闪烁|忽明忽暗|忽高忽低|带不动|昏暗|voltage|flicker|dim\b",
        "meter": r"电表(?:坏|黑屏|不亮|烧|没)|表箱|meter (?:box|is (?:dead|broken|black))",
        "line": r"电线|电缆|电杆|电线杆|线路断|变压器|\bwires?\b|\bpoles?\b|transformer",
        "no_power": r"(?:没有?|冇)得?电|停电|停店|断电|无电|失电|跳闸|全黑|都黑|没来电|不来电"
        r"|no (?:power|electricity)"
        r"|power is (?:off|out)|blackout",
        # complaint
        "service": r"态度|服务|骂人|不耐烦|窗口|客服|抄表员|营业厅|师傅|挂.{0,4}电话|红包"
        r"|rude|staff|service",
        "outages": r"(?:老|总|经常|天天|三天两头|频繁|反复|隔三差五).{0,3}停电"
        r"|停.{0,3}[二三四五六七八九十\d]+(?:次|回)"
        r"|again and again",
        "damage": r"烧坏|烧了|烧毁|打坏|坏了|赔|损失|damage|burnt|compensat",
        "works": r"施工|挖|工地|围墙|占.{0,4}地|噪音|嗡嗡|digging|works",
        # meter test
        "fast": r"走得?太?快|跑得?太?快|转得?.{0,3}快|忒快|偏快|飞快|快得|too fast|fast",
        "stopped": r"不走|不转|黑屏|没显示|不显示|不亮|停走|no display|stopped|blank",
        "reading": r"读数|抄错|对不上|抄表|表数|misread|reading",
        # dispute
        "too_high": r"太高|太贵|太多|好多钱|偏高|翻倍|翻了|多收|多算|暴涨|贵得|这么(?:高|多|贵)"
        r"|too (?:high|much)"
        r"|doubled",
        "price": r"电价|单价|档|阶梯|峰谷|tier|price",
        "not_mine": r"不是我用|没人住|没住人|空房|空着|不在家|别人用|偷电|nobody lives|not mine"
        r"|empty",
        # supply and place
        "resident": r"居民|住宅|家里|家用|自建房|老宅|新房|\bhome\b|\bhouse\b|\bflat\b|residential",
        "business_low": r"门面|店铺|铺子|商铺|商用|小店|餐馆|理发店|驿站|作坊|公司"
        r"|shop|cafe|restaurant"
        r"|store",
        "high_double": r"双电源|两路|two sources",
        "double": r"双电源|两路|^两个$|two sources",
        "single": r"单电源|一路|^一个$|one source",
        "high_single": r"高压|10 ?千伏|十千伏|专线|专变|high voltage",
        "owned": r"自己的车位|买断|产权|自家|我有.{0,4}车位|own (?:parking|garage)|my own",
        "rented": r"租的|租赁|租来|rented|landlord",
        "own_use": r"余电|多的上网|用不完|自发自用|surplus",
        "all_out": r"全额|全部上网|全卖|all to the grid",
        # ownership
        "sold": r"卖|买了|买的|二手房|法拍|转让|盘给|买方|sold|bought|new owner|buyer",
        "inherited": r"继承|走了|去世|不在了|不在人世|过世|遗产|孙子|late (?:father|mother)"
        r"|inherit",
        "renamed": r"写错|错.{0,2}字|改名|更名|名称变更|改制|changed the name|misspel",
    }.items()
}


def hinted(values: list[str], text: str) -> str | None:
    """The one of these values whose words stand in the text; the first as ordered above."""
    return next(
        (value for value, words in HINTS.items() if value in values and words.search(text)), None
    )
