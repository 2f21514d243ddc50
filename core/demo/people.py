"""The customers of the demo utility who have a name and a story.

All of them are invented, and so are their telephone numbers and their city.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """An account that the demo shows. `role` is how the demo speaks of it."""

    role: str
    account_no: str
    holder_name: str
    phone: str
    address: str
    note: str


HOME = Person(
    "home",
    "420011875603",
    "王春华",
    "13800002046",
    "梧桐里 12 栋 502",
    "A home on time-of-use prices; the last bill waits to be paid.",
)
SECOND_HOME = Person(
    "second-home",
    "420011875748",
    "王春华",
    "13800002046",
    "临江苑 3 栋 1107",
    "A flat of the same holder, little used.",
)
ELDERS = Person(
    "elders",
    "420012063318",
    "王守山",
    "13800001932",
    "柳荫路 8 号",
    "An elderly couple on the flat price; their daughter 王春华 helps.",
)
PV_HOME = Person(
    "pv-home",
    "420013347102",
    "何晓岚",
    "13800002587",
    "青杉湾 7 号",
    "A home with panels on the roof and a two-way meter.",
)
SHOP = Person(
    "shop",
    "420014520937",
    "刘满仓",
    "13800002719",
    "柳荫路 31 号 小满面馆",
    "A noodle shop whose last three bills are unpaid.",
)
PREPAID_HOME = Person(
    "prepaid-home",
    "420015268840",
    "陈安然",
    "13800002833",
    "梧桐里 9 栋 1401",
    "A home that pays ahead.",
)
ENTERPRISE = Person(
    "enterprise",
    "420030000018",
    "江城暖阳纺织有限公司",
    "13800002960",
    "纺织东路 1 号 一号主厂房",
    "The first of the firm's 40 accounts (customer number C420000871).",
)
SMALL_ENTERPRISE = Person(
    "small-enterprise",
    "420031000015",
    "江城柳荫冷链有限公司",
    "13800002975",
    "码头路 66 号 一号冷库",
    "The first of the firm's 6 accounts (customer number C420000902).",
)

CUSTOMER_NUMBERS = {ENTERPRISE: "C420000871", SMALL_ENTERPRISE: "C420000902"}
"""By which a firm's accounts are known as one customer's."""

PEOPLE = (
    HOME,
    SECOND_HOME,
    ELDERS,
    PV_HOME,
    SHOP,
    PREPAID_HOME,
    ENTERPRISE,
    SMALL_ENTERPRISE,
)

SURNAMES = "赵钱孙李周吴郑冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜"
GIVEN_NAMES = (
    "安宁", "秀禾", "立秋", "晓棠", "书远", "明川", "雨桐", "子衿", "采薇", "长河",
    "知夏", "青禾", "望舒", "怀瑾", "若兰", "清越", "向晚", "远山", "初晴", "映雪",
    "谷雨", "听泉", "云舟", "素心", "南乔", "其华", "攸宁", "景行", "嘉木", "静姝",
)  # fmt: skip


def invented_name(number: int) -> str:
    """A full name for the customer of that number; 900 of them before one comes again."""
    return SURNAMES[number % 30] + GIVEN_NAMES[(number // 30 + 7 * number) % 30]


def invented_phone(number: int) -> str:
    """A mobile number of valid form for the customer of that number."""
    return f"1380000{3000 + number:04}"
