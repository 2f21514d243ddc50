"""Which accounts are to be paid for: the named, all but the excluded, or those said before too."""

import re
from dataclasses import dataclass, replace

from actions.accounts import Account, named
from actions.amounts import number_of
from actions.messages import Said

_CLAUSE = re.compile(
    r"[，,。；;！!？?]|(?<![A-Za-z])\s+(?![A-Za-z])|"
    r"(?=[就只][交缴付充给])|(?=而是)|(?<!不)是|\bbut\b"
)
_NOT = re.compile(
    r"(?<![是要交缴付用能可])(?:"
    r"(?:不要|不用|不必|不想|别|莫)(?:再|帮|替)?(?:给|交|缴|付|充|管|算|带)|不(?:给|交|缴|付|充|算|包括|带)|"
    r"不是|不管(?:了|它)?$|不要(?!用|微|支|云|银|花|发)|不用$|去掉|除了|除开|除去|除外|删|拿掉|剔|"
    r"(?<![我们给替帮为])自己(?:会|来|能)?[交缴付])|"
    r"\bnot\b|n't\b|\bexcept\b|\bwithout\b|\bdrop\b|\bremove\b",
    re.IGNORECASE,
)
"""Where what comes after, or else what stands before, is left out: 不交出租的, 出租的不交."""
_THEY = re.compile(r"(?:租客|房客|租户|他们?|她们?|人家|别人|对方)自己(?!家)")
"""Somebody's own self, which is not one's own home."""
_POINTS = re.compile(r"[那这](?:个|边|户|家|套|间|处)|[的房屋铺店]$|\b(?:one|place|flat)\b", re.I)
"""Means one of the accounts, whichever."""
_TOO = re.compile(r"也|还有|加上|连同|连着|算上|\b(?:also|too|as well|plus)\b", re.I)
_COUNT = re.compile(
    r"一户(?!一表)|[\d两俩二三仨四五六七八九十]+(?:个?(?:户|家|屋)|个(?!月|礼拜|星期|小时|人|电表|账))"
)
_EACH = re.compile(r"都|全|每|\ball\b|\bboth\b", re.IGNORECASE)


_UNBINDING = re.compile(r"绑|unbind|unlink", re.IGNORECASE)


@dataclass(frozen=True)
class Which:
    """`numbers` are the accounts that are meant, empty where none is said.

    `unsure`: some are meant, but it is not clear which; that must be asked.
    """

    numbers: list[str]
    unsure: bool = False


def meant_accounts(said: Said, accounts: list[Account], before: list[str] | None) -> Which:
    """The accounts that a message means; `before` are those of the payment so far (None: all)."""
    if _NOT.search(said.typed):
        return _but(said, accounts, before)
    count = _COUNT.search(said.typed)
    if count and len(accounts) > 1 and not said.values("account_no"):
        return _counted(said, accounts, count[0])
    found = named(said, accounts)
    if found and before and _TOO.search(said.typed):
        found = [*before, *(number for number in found if number not in before)]
    return Which(found)


def leaves_out(said: Said) -> bool:
    """Whether what sounds like unbinding an account only leaves it out: 出租的去掉."""
    return (
        said.intent == "unbind_account"
        and not _UNBINDING.search(said.typed)
        and bool(_NOT.search(said.typed))
    )


def _counted(said: Said, accounts: list[Account], count: str) -> Which:
    """三户: all of three; of five it must be asked which."""
    number = number_of(count.replace("俩", "两").replace("仨", "三"))
    if number == len(accounts):
        return Which([each["account_no"] for each in accounts])
    found = named(said, accounts)
    if number == len(found) or _EACH.search(said.typed):
        return Which(found)
    return Which([], unsure=True)


def _but(said: Said, accounts: list[Account], before: list[str] | None) -> Which:
    """What is left when something is excluded; never anything of that."""
    wanted: list[str] = []
    excluded: list[str] = []
    unsure = False
    for clause in _CLAUSE.split(said.typed):
        found = _NOT.search(clause or "")
        if not found:
            wanted += _named_in(clause or "", said, accounts)
            continue
        first = _named_in(clause[: found.start()], said, accounts)
        after = _named_in(clause[found.end() :], said, accounts)
        wanted += first if after else []
        excluded += after or first
        unsure |= not (first or after) and bool(_POINTS.search(clause[: found.start()].strip()))
    if not wanted and excluded:
        wanted = before or [each["account_no"] for each in accounts]
    left = [number for number in dict.fromkeys(wanted) if number not in excluded]
    return Which(left, unsure=not left and (unsure or bool(excluded)))


def _named_in(clause: str, said: Said, accounts: list[Account]) -> list[str]:
    """The accounts of one part of a message, with the marks that are in it."""
    marked = [each for each in said.entities if str(each["value"]) in clause]
    text = _THEY.sub(" ", clause)
    return named(replace(said, text=text, entities=marked), accounts) if text.strip() else []
