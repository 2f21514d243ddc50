"""Which of the customer's accounts a message means: by number, name, address or whose home."""

import re
from typing import Any

from actions.answers import in_digits, narrow
from actions.labels import TAKEN, called
from actions.messages import Said, choice
from actions.say import Turn

Account = dict[str, Any]

_DENIED = re.compile(r"(?:不是|不要|别给|别交|\bnot\b)[^，,。；;是]*", re.IGNORECASE)
_ALL = re.compile(
    r"全部|所有|都交|都缴|都付|两户|两家|几户|每一?户|一起交|一块儿?交|\ball\b|\bboth\b|every",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"我家|咱家|俺家|自己家?|我自己|我的|家里|我屋|(?<!那)屋[里头]|我们家|阿拉屋里|"
    r"\bmy (?:own|home|house|flat|place)\b|\bmine\b|\bhome\b",
    re.I,
)
_KIN = "爸妈爹娘爷奶公婆哥姐弟妹儿女孙舅叔姨姑岳丈"
_HOME_ITSELF = re.compile(
    rf"(?:我们?|咱|俺)(?:自己)?(?:家|屋)(?![{_KIN}{TAKEN}人])|自己家|我自己[这那][边里屋户套]|"
    r"\bmy (?:own )?(?:home|house|flat|place)\b",
    re.I,
)
"""One's own home, said beside another one."""
_OWN_LABELS = ("自己家", "我家", "家里", "我自己家", "家", "home", "my home")
_CLAUSE = r"[^，,。；;！!？?\s]*"
_POWERED = re.compile(
    rf"{_CLAUSE}(?:(?<!没)(?<!没得)(?<!没见)有电(?![费表线梯话工卡压价器动缆杆])|没有?停)"
    rf"(?!{_CLAUSE}[吗么没不？?]){_CLAUSE}"
)
"""爸妈家有电的: what has power is not what is reported."""
_TAIL = re.compile(
    r"(?:尾号|最后|后四位|末|…|ending(?: in)?|tail)\D{0,4}(\d{4})(?!\d)", re.IGNORECASE
)
_AFTER = re.compile(r"(?:到|给|户)\D{0,2}(\d{4})(?![\d.元块])")
FEWEST = 4
"""Digits by which an account is told."""
_LET = re.compile(rf"[{_KIN}]|租|店|铺|厂|库|公司")
"""Names of homes that somebody else lives in, and of what is no home."""
_LONG = re.compile(r"(?<!\d)(?!1[3-9]\d{9}(?!\d))\d{10,13}(?!\d)")
"""Digits that can only be an account's, not a phone's."""
_HOMES = re.compile(
    rf"(?:我|俺|咱|给|帮|替)[{_KIN}]{{1,2}}|[{_KIN}](?:他们|她们)?(?:[{_KIN}])?(?:的|那|家|屋|户|住)|"
    r"(?:mom|mum|dad|mother|father|parents?|grandma|grandpa)",
    re.I,
)
_ENGLISH_KIN = {
    "mom": "妈",
    "mum": "妈",
    "mother": "妈",
    "dad": "爸",
    "father": "爸",
    "parent": "爸妈",
    "grandma": "奶",
}


async def accounts_of(turn: Turn) -> list[Account]:
    """The customer's accounts, at most 12; none for a stranger."""
    return (await turn.get("context"))["accounts"] if turn.signed_in else []


def named(said: Said, accounts: list[Account]) -> list[str]:
    """Numbers of the accounts that are meant, as far as they are said.

    A number that is none of the customer's comes back as it was said, so that the portal can say
    what to do about it.
    """
    numbers = [each for each in map(_digits, said.values("account_no")) if len(each) >= FEWEST]
    numbers = numbers or _LONG.findall(said.typed)
    if numbers:
        return [_whole(number, accounts) for number in numbers]
    text = _POWERED.sub(" ", _DENIED.sub(" ", narrow(said.typed)))
    place = said.value("address") or ""
    for found in (
        _by_words(text, accounts, place),
        _by_place(place, accounts),
        _by_home(text, accounts),
    ):
        if found:
            return found
    return [each["account_no"] for each in accounts] if _ALL.search(text) else []


def is_at(said: Said, number: str, accounts: list[Account]) -> bool:
    """Whether the place that was said, if any, is that of the account: 我家 may be elsewhere."""
    place = _plain(said.value("address") or "")
    own = [_plain(each["address"]) for each in accounts if each["account_no"] == number]
    return not place or not own or place in own[0] or own[0].startswith(place)


def buttons(accounts: list[Account]) -> list[dict[str, str]]:
    """A button for each account; a tap answers the question of a form."""
    return [choice(f"{each['label']} …{each['tail']}", each["account_no"]) for each in accounts]


def picked(said: Said, accounts: list[Account]) -> list[str]:
    """The account that was tapped, else those that were named."""
    return [said.chosen] if said.chosen else named(said, accounts)


def _digits(number: str) -> str:
    """四三零零 幺二三四 as 43001234."""
    return re.sub(r"\D", "", in_digits(number))


def _whole(number: str, accounts: list[Account]) -> str:
    """The account whose number this is or ends with, else what was said."""
    return next(
        (each["account_no"] for each in accounts if each["account_no"].endswith(number)), number
    )


def _by_words(text: str, accounts: list[Account], place: str) -> list[str]:
    """By the customer's own name for it, or by its last digits, and 我家 beside that.

    A numbered name that is none of theirs is said as it is, unless it is an address.
    """
    tails = set(_AFTER.findall(text)) | set(_TAIL.findall(text))
    found, rest = called(text, accounts)
    found += [each["account_no"] for each in accounts if each["tail"] in tails]
    if found and _HOME_ITSELF.search(rest):
        found += _own_home(accounts)
    mine = [each["account_no"] for each in accounts if each["account_no"] in found]
    return mine + [each for each in found if each not in mine and not place]


def _by_place(place: str, accounts: list[Account]) -> list[str]:
    """By an address that was said, if it is that of one account alone."""
    plain = _plain(place)
    found = [
        each["account_no"]
        for each in accounts
        if plain and _plain(each["address"]).startswith(plain)
    ]
    found = found or [
        each["account_no"] for each in accounts if plain and plain in _plain(each["address"])
    ]
    return found if len(found) == 1 else []


def _by_home(text: str, accounts: list[Account]) -> list[str]:
    """我妈那屋: the account called 爸妈家; 我家: one's own home; both when both are said."""
    home = _HOMES.search(text)
    if not home:
        return _own_home(accounts) if _OWN.search(text) else []
    kin = set(_ENGLISH_KIN.get(home[0].lower().rstrip("s"), home[0])) & set(_KIN)
    found = [each["account_no"] for each in accounts if kin & set(each["label"])]
    own = _own_home(accounts) if _HOME_ITSELF.search(_HOMES.sub(TAKEN, text)) else []
    return own + [each for each in found if each not in own] if len(found) == 1 else []


def _own_home(accounts: list[Account]) -> list[str]:
    """The account that is called one's home, else the only one that is one's own."""
    labelled = [each for each in accounts if each["label"].lower() in _OWN_LABELS]
    own = [each for each in accounts if not each["helper"]]
    homes = [each for each in own if each["kind"] == "residential"]
    lived = [each for each in homes if not _LET.search(each["label"])]
    only = next((found for found in (labelled, own, homes, lived) if len(found) == 1), [])
    return [each["account_no"] for each in only]


def _plain(address: str) -> str:
    return re.sub(r"\s", "", narrow(address))
